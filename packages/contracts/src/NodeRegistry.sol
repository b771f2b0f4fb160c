// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title NodeRegistry
/// @notice Nodes that may prove, each with an owner (of its token) and one operator, the key that it signs with. Ids
/// count from 1; an operator serves one node.
contract NodeRegistry is ERC721 {
    struct Node {
        bool active;
        address operator;
    }

    event NodeRegistered(address indexed owner, uint256 indexed nodeId, address indexed operator);
    event NodeUpdated(uint256 indexed nodeId, address indexed operator);

    error InvalidAddress();
    error NotNodeOwner(uint256 nodeId, address caller);
    error OperatorAlreadyRegistered(address operator);
    error OperatorUnregister(address operator);

    /// Nodes registered so far; the newest node's id.
    uint256 public count;
    mapping(uint256 nodeId => address) private _operatorOf;
    /// The node that an operator serves, 0 for none.
    mapping(address operator => uint256) public nodeOf;

    constructor() ERC721("W3bstream Node", "W3BN") {}

    /// @notice Registers a node of the caller.
    function register(address operator) external returns (uint256 nodeId) {
        nodeId = ++count;
        _mint(msg.sender, nodeId);
        _assign(nodeId, operator);
        emit NodeRegistered(msg.sender, nodeId, operator);
    }

    /// @notice Gives a node another operator; the former one serves it no more.
    function updateOperator(uint256 nodeId, address operator) external {
        if (_requireOwned(nodeId) != msg.sender) revert NotNodeOwner(nodeId, msg.sender);
        delete nodeOf[_operatorOf[nodeId]];
        _assign(nodeId, operator);
        emit NodeUpdated(nodeId, operator);
    }

    function getNode(uint256 nodeId) external view returns (Node memory) {
        _requireOwned(nodeId);
        return Node(true, _operatorOf[nodeId]);
    }

    function getNodeByOperator(address operator) external view returns (uint256 nodeId, Node memory node) {
        nodeId = nodeOf[operator];
        if (nodeId == 0) revert OperatorUnregister(operator);
        node = Node(true, operator);
    }

    function _assign(uint256 nodeId, address operator) private {
        if (operator == address(0)) revert InvalidAddress();
        if (nodeOf[operator] != 0) revert OperatorAlreadyRegistered(operator);
        _operatorOf[nodeId] = operator;
        nodeOf[operator] = nodeId;
    }
}
