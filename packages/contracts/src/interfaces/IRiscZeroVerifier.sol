// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IRiscZeroVerifier
/// @notice What verifies a RISC Zero receipt: a verifier of one proof system, or a router to several. The signature is
/// RISC Zero's own, so that tools and contracts made for either take the other.
interface IRiscZeroVerifier {
    /// @notice Reverts unless `seal` proves that the guest `imageId` ended well, halted with exit code 0 and without open
    /// assumptions, having committed a journal whose sha256 is `journalDigest`.
    /// @dev Verification is a statement about values, never about bytes: a Groth16 proof can be turned into other valid
    /// proofs of the same statement by anyone. Nothing may be keyed on a seal or on its hash.
    /// @param seal the verifier's selector (4 bytes), then the proof
    /// @param imageId the guest's image id as bytes: its eight 32-bit words one after the other, each little end first
    function verify(bytes calldata seal, bytes32 imageId, bytes32 journalDigest) external view;
}
