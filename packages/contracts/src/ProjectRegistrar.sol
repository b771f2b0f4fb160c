// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title ProjectRegistrar
/// @notice Who owns a project, where its file lies, and the hash that the file must have. Ids count from 1. Its address
/// is the verifying contract of all typed data of a deployment.
/// @dev Operators, fleets, verifiers and the bound dApp stay with a project when its token changes hands.
contract ProjectRegistrar is ERC721 {
    struct Project {
        string uri;
        bytes32 hash;
        bool paused;
    }

    event ProjectUpserted(uint64 indexed projectId, string uri, bytes32 hash);
    event ProjectPaused(uint64 indexed projectId);
    event ProjectUnpaused(uint64 indexed projectId);
    event OperatorAdded(uint64 indexed projectId, address indexed operator);
    event OperatorRemoved(uint64 indexed projectId, address indexed operator);

    error NotProjectOwner(uint64 projectId, address caller);
    error NotProjectOperator(uint64 projectId, address caller);
    error ProjectAlreadyPaused(uint64 projectId);
    error ProjectNotPaused(uint64 projectId);
    error UriTooLong(uint256 length, uint256 limit);
    error EmptyUri();
    error InvalidOperator();

    uint256 public constant MAX_URI_BYTES = 2048;

    /// sha256 of the project file is `hash`; both are empty for an unknown id.
    mapping(uint64 projectId => Project) public projects;
    mapping(uint64 projectId => mapping(address operator => bool)) public operators;
    /// Projects created so far; the newest project's id.
    uint64 public count;

    constructor() ERC721("W3bstream Project", "W3BP") {}

    /// @notice Registers a project for the caller.
    /// @param uri where the project file lies: `ipfs://`, a bare CID, or `https://`
    /// @param hash sha256 of the file's bytes
    function createProject(string calldata uri, bytes32 hash) external returns (uint64 projectId) {
        projectId = ++count;
        _mint(msg.sender, projectId);
        _upsert(projectId, uri, hash);
    }

    /// @notice Publishes another project file. Tasks packed before keep the file that they name.
    function updateProject(uint64 projectId, string calldata uri, bytes32 hash) external {
        _requireOperator(projectId);
        _upsert(projectId, uri, hash);
    }

    /// @notice Lets `operator` update, pause and unpause the project.
    function addOperator(uint64 projectId, address operator) external {
        _requireOwner(projectId);
        if (operator == address(0)) revert InvalidOperator();
        operators[projectId][operator] = true;
        emit OperatorAdded(projectId, operator);
    }

    function removeOperator(uint64 projectId, address operator) external {
        _requireOwner(projectId);
        if (!operators[projectId][operator]) revert InvalidOperator();
        delete operators[projectId][operator];
        emit OperatorRemoved(projectId, operator);
    }

    /// @notice While paused, nothing of the project is accepted or settled.
    function pauseProject(uint64 projectId) external {
        _requireOperator(projectId);
        if (projects[projectId].paused) revert ProjectAlreadyPaused(projectId);
        projects[projectId].paused = true;
        emit ProjectPaused(projectId);
    }

    function unpauseProject(uint64 projectId) external {
        _requireOperator(projectId);
        if (!projects[projectId].paused) revert ProjectNotPaused(projectId);
        projects[projectId].paused = false;
        emit ProjectUnpaused(projectId);
    }

    /// @notice Whether `operator` owns the project or operates it; false for an unknown project.
    function canOperateProject(address operator, uint64 projectId) public view returns (bool) {
        address owner = _ownerOf(projectId);
        return owner != address(0) && (operator == owner || operators[projectId][operator]);
    }

    /// @notice Whether the project is paused; false for an unknown project.
    function isPaused(uint64 projectId) external view returns (bool) {
        return projects[projectId].paused;
    }

    /// @notice Where the project file lies.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        // Tokens are minted with 64 bit ids only.
        return projects[uint64(tokenId)].uri;
    }

    function _upsert(uint64 projectId, string calldata uri, bytes32 hash) private {
        if (bytes(uri).length == 0) revert EmptyUri();
        if (bytes(uri).length > MAX_URI_BYTES) revert UriTooLong(bytes(uri).length, MAX_URI_BYTES);
        projects[projectId].uri = uri;
        projects[projectId].hash = hash;
        emit ProjectUpserted(projectId, uri, hash);
    }

    function _requireOwner(uint64 projectId) private view {
        if (_requireOwned(projectId) != msg.sender) revert NotProjectOwner(projectId, msg.sender);
    }

    function _requireOperator(uint64 projectId) private view {
        if (!canOperateProject(msg.sender, projectId)) revert NotProjectOperator(projectId, msg.sender);
    }
}
