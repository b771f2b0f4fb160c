// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IReceiver
/// @notice What receives a project's data from W3bstreamRouter. It verifies the data itself: the router does not.
interface IReceiver {
    function receiveData(bytes calldata data) external;
}
