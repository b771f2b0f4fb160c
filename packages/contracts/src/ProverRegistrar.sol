// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title ProverRegistrar
/// @notice Provers under names of their owners' choice, with operators that act for them. A name is taken once.
contract ProverRegistrar is ERC721 {
    struct Prover {
        string id;
        bool paused;
    }

    event ProverUpserted(string indexed proverId);
    event ProverPaused(string indexed proverId);
    event ProverUnpaused(string indexed proverId);
    event OperatorAdded(string indexed proverId, address indexed operator);
    event OperatorRemoved(string indexed proverId, address indexed operator);

    error InvalidProverId();
    error ProverIdTaken(string proverId);
    error UnknownProver(string proverId);
    error NotProverOwner(string proverId, address caller);
    error NotProverOperator(string proverId, address caller);
    error ProverAlreadyPaused(string proverId);
    error ProverNotPaused(string proverId);
    error InvalidOperator();

    uint256 public constant MAX_ID_BYTES = 256;

    mapping(uint64 tokenId => Prover) public provers;
    /// The token of a prover, 0 for an unknown one.
    mapping(string proverId => uint64) public proverIds;
    mapping(uint64 tokenId => mapping(address operator => bool)) private _operators;
    /// Provers created so far; the newest prover's token.
    uint64 public count;

    constructor() ERC721("W3bstream Prover", "W3BV") {}

    /// @notice Registers a prover for the caller.
    /// @param id 1 to MAX_ID_BYTES bytes that no other prover has
    function createProver(string calldata id) external returns (uint64 tokenId) {
        if (bytes(id).length == 0 || bytes(id).length > MAX_ID_BYTES) revert InvalidProverId();
        if (proverIds[id] != 0) revert ProverIdTaken(id);
        tokenId = ++count;
        proverIds[id] = tokenId;
        provers[tokenId].id = id;
        _mint(msg.sender, tokenId);
        emit ProverUpserted(id);
    }

    function addOperator(string calldata id, address operator) external {
        uint64 tokenId = _requireOwner(id);
        if (operator == address(0)) revert InvalidOperator();
        _operators[tokenId][operator] = true;
        emit OperatorAdded(id, operator);
    }

    function removeOperator(string calldata id, address operator) external {
        uint64 tokenId = _requireOwner(id);
        if (!_operators[tokenId][operator]) revert InvalidOperator();
        delete _operators[tokenId][operator];
        emit OperatorRemoved(id, operator);
    }

    function pauseProver(string calldata id) external {
        uint64 tokenId = _requireOperator(id);
        if (provers[tokenId].paused) revert ProverAlreadyPaused(id);
        provers[tokenId].paused = true;
        emit ProverPaused(id);
    }

    function unpauseProver(string calldata id) external {
        uint64 tokenId = _requireOperator(id);
        if (!provers[tokenId].paused) revert ProverNotPaused(id);
        provers[tokenId].paused = false;
        emit ProverUnpaused(id);
    }

    /// @notice Whether `operator` owns the prover or operates it; false for an unknown prover.
    function canOperateProver(address operator, string calldata id) public view returns (bool) {
        uint64 tokenId = proverIds[id];
        return tokenId != 0 && (operator == _ownerOf(tokenId) || _operators[tokenId][operator]);
    }

    /// @notice Whether the prover is paused; false for an unknown prover.
    function isPaused(string calldata id) external view returns (bool) {
        return provers[proverIds[id]].paused;
    }

    function _requireOwner(string calldata id) private view returns (uint64 tokenId) {
        tokenId = _tokenOf(id);
        if (_ownerOf(tokenId) != msg.sender) revert NotProverOwner(id, msg.sender);
    }

    function _requireOperator(string calldata id) private view returns (uint64 tokenId) {
        tokenId = _tokenOf(id);
        if (!canOperateProver(msg.sender, id)) revert NotProverOperator(id, msg.sender);
    }

    function _tokenOf(string calldata id) private view returns (uint64 tokenId) {
        tokenId = proverIds[id];
        if (tokenId == 0) revert UnknownProver(id);
    }
}
