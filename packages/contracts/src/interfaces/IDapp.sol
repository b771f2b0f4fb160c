// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IDapp
/// @notice What receives a project's data from Router. It verifies the data itself: the router does not.
interface IDapp {
    function process(uint256 projectId, uint256 proverId, string calldata clientId, bytes calldata data) external;
}
