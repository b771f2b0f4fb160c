// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What was proven about a task. Nothing here says when its messages were sent, or in which order.
struct Settlement {
    uint64 projectId;
    bytes32 task;
    /// keccak256(abi.encode(projectId, configHash, keccak256(bytes(version)))): which circuit proved it.
    bytes32 verifierKey;
    bytes32 messagesRoot;
    uint64 messageCount;
    bytes32 inputCommitment;
    address sequencer;
    uint64 number;
    address prover;
    /// Whether the circuit opens the input commitment: if not, nothing ties the proof to received messages.
    bool inputBound;
}

/// @title IW3bstreamDapp
/// @notice What a contract implements to receive a project's proven results.
/// @dev It must check: that the caller is the settlement router; the project; its own list of verifier keys, since the
/// project's owner can publish another circuit at any time; `inputBound`; and that its outputs' own count is positive.
/// A revert refuses the settlement: nothing of the item is consumed.
interface IW3bstreamDapp {
    /// @param settlement what was proven about which task
    /// @param outputs the circuit's public outputs, each below the order of its field
    function onSettled(Settlement calldata settlement, uint256[] calldata outputs) external;
}
