// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title MerkleProof
/// @notice Inclusion of a message in a task: the tree of RFC 6962 (section 2.1) with keccak256, leaves prefixed 0x00,
/// interior nodes 0x01, no duplicated odd node.
library MerkleProof {
    /// @notice Hash of a message's leaf.
    /// @param messageId the message's UUID
    /// @param digest the message's digest
    /// @param blind shown in the message's receipt alone, so that a reading cannot be guessed from its hash
    function leaf(bytes16 messageId, bytes32 digest, bytes32 blind) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x00), messageId, digest, blind));
    }

    /// @notice Hash of an interior node.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @notice Whether `leafHash` is leaf `index` of the `count` leaves under `root`.
    /// @param path sibling hashes, from the leaf up (RFC 9162, section 2.1.3.2)
    function verify(bytes32 root, bytes32 leafHash, uint256 index, uint256 count, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        if (index >= count) return false;
        uint256 last = count - 1;
        bytes32 hash = leafHash;
        for (uint256 i; i < path.length; ++i) {
            if (last == 0) return false;
            if (index & 1 == 1 || index == last) {
                hash = node(path[i], hash);
                while (index & 1 == 0 && index != 0) {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node(hash, path[i]);
            }
            index >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }
}
