// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title RiscZeroDigest
/// @notice Digests as RISC Zero makes them of its structures: sha256 of the sha256 of the structure's name, the digests
/// of its fields, its plain 32-bit words, and the number of its digests in 16 bits, both little end first.
/// @dev Source: crates risc0-binfmt and risc0-zkvm 3.0. The constants are hashes of names, recomputed by the tests.
library RiscZeroDigest {
    /// sha256("risc0.ReceiptClaim")
    bytes32 internal constant CLAIM_TAG = 0xcb1fefcd1f2d9a64975cbbbf6e161e2914434b0cbb9960b84df5d717e86b48af;
    /// sha256("risc0.Output")
    bytes32 internal constant OUTPUT_TAG = 0x77eafeb366a78b47747de0d7bb176284085ff5564887009a5be63da32d3559d4;
    /// Digest of the system state that a halted guest leaves: program counter 0, memory root 0.
    bytes32 internal constant HALTED_STATE = 0xa3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2;

    /// @notice Digest of the claim that the guest ended well: halted with exit code 0, without input, without open
    /// assumptions, having committed a journal of this sha256.
    function okClaim(bytes32 imageId, bytes32 journalDigest) internal pure returns (bytes32) {
        bytes32 output = sha256(abi.encodePacked(OUTPUT_TAG, journalDigest, bytes32(0), hex"0200"));
        return sha256(
            abi.encodePacked(
                CLAIM_TAG,
                bytes32(0), // input
                imageId,
                HALTED_STATE,
                output,
                uint64(0), // exit code: halted, 0
                hex"0400"
            )
        );
    }

    /// @notice A digest in the opposite byte order.
    function reverse(bytes32 digest) internal pure returns (bytes32 reversed) {
        uint256 v = uint256(digest);
        uint256 mask = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        v = ((v >> 8) & mask) | ((v & mask) << 8);
        mask = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        v = ((v >> 16) & mask) | ((v & mask) << 16);
        mask = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        v = ((v >> 32) & mask) | ((v & mask) << 32);
        mask = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        v = ((v >> 64) & mask) | ((v & mask) << 64);
        return bytes32((v >> 128) | (v << 128));
    }

    /// @notice A digest as two numbers below 2^128, as the proof's circuit takes it: its bytes read little end first, the
    /// lower half and the upper half.
    function halves(bytes32 digest) internal pure returns (uint256 low, uint256 high) {
        uint256 number = uint256(reverse(digest));
        return (uint128(number), number >> 128);
    }
}
