// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleProof} from "./libraries/MerkleProof.sol";

/// @title MerkleVerifier
/// @notice Checks receipts' inclusion proofs with `eth_call`, or for contracts that would rather call than link.
contract MerkleVerifier {
    /// @notice See MerkleProof.leaf.
    function leaf(bytes16 messageId, bytes32 digest, bytes32 blind) external pure returns (bytes32) {
        return MerkleProof.leaf(messageId, digest, blind);
    }

    /// @notice See MerkleProof.node.
    function node(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return MerkleProof.node(left, right);
    }

    /// @notice See MerkleProof.verify.
    function verify(bytes32 root, bytes32 leafHash, uint256 index, uint256 count, bytes32[] calldata path)
        external
        pure
        returns (bool)
    {
        return MerkleProof.verify(root, leafHash, index, count, path);
    }
}
