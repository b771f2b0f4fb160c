// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BoundedCall} from "./BoundedCall.sol";

/// @title VerifierCall
/// @notice Runs a verifier contract: its code is there and is what was pinned, its gas is capped, and only silence counts
/// as a yes, since a verifier that answers `false` would otherwise pass.
library VerifierCall {
    error VerifierWithoutCode(address verifier);
    error VerifierCodeChanged(address verifier, bytes32 actual, bytes32 registered);
    error OutputsLengthMismatch(uint256 actual, uint256 expected);
    error ProofLengthMismatch(uint256 actual, uint256 expected);
    /// `reason` is what the verifier reverted with, cut at MAX_REASON_BYTES; empty for one that gives none or ran out of gas.
    error ProofRejected(address verifier, bytes reason);
    /// `length` is counted up to MAX_REASON_BYTES.
    error VerifierAnswered(address verifier, uint256 length);

    uint256 internal constant MAX_REASON_BYTES = 160;

    /// @notice Reverts unless `verifier` takes `data` within `gasLimit`.
    function run(address verifier, bytes32 codeHash, uint256 gasLimit, bytes memory data) internal view {
        if (verifier.code.length == 0) revert VerifierWithoutCode(verifier);
        if (verifier.codehash != codeHash) revert VerifierCodeChanged(verifier, verifier.codehash, codeHash);
        BoundedCall.requireGas(gasLimit);
        (bool success, bytes memory returned) = BoundedCall.staticCall(verifier, gasLimit, data, MAX_REASON_BYTES);
        if (!success) revert ProofRejected(verifier, returned);
        if (returned.length != 0) revert VerifierAnswered(verifier, returned.length);
    }

    /// @notice Reverts unless outputs and proof have exactly the registered lengths.
    function requireLengths(uint256 outputs, uint256 outputWords, uint256 proof, uint256 proofBytes) internal pure {
        if (outputs != 32 * outputWords) revert OutputsLengthMismatch(outputs, 32 * outputWords);
        if (proof != proofBytes) revert ProofLengthMismatch(proof, proofBytes);
    }
}
