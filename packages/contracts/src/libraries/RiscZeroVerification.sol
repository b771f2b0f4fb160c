// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRiscZeroVerifier} from "../interfaces/IRiscZeroVerifier.sol";
import {VerifierCall} from "./VerifierCall.sol";

/// @title RiscZeroVerification
/// @notice Has a RISC Zero Groth16 receipt verified: of this guest, and with the journal that is built here.
/// @dev Journal of every guest that settles: binding, input commitment, outputs, 32 bytes each, one after the other. A
/// guest's outputs are whole words: unlike a circuit's, they may have any value.
library RiscZeroVerification {
    /// A selector, then the three points of a Groth16 proof: 2, 4 and 2 words.
    uint256 internal constant SEAL_BYTES = 260;

    /// The proof is of another proof system, or of another version of it, than the registered one.
    error SelectorMismatch(bytes4 actual, bytes4 expected);

    struct Guest {
        address verifier;
        bytes32 codeHash;
        uint256 outputWords;
        uint256 gasLimit;
        bytes32 imageId;
        bytes4 selector;
    }

    /// @notice Reverts unless `seal` is valid for exactly this guest and journal.
    function verify(
        Guest memory guest,
        bytes32 binding,
        bytes32 inputCommitment,
        bytes calldata outputs,
        bytes calldata seal
    ) internal view {
        VerifierCall.requireLengths(outputs.length, guest.outputWords, seal.length, SEAL_BYTES);
        bytes4 selector = bytes4(seal[:4]);
        if (selector != guest.selector) revert SelectorMismatch(selector, guest.selector);
        bytes32 journalDigest = sha256(abi.encodePacked(binding, inputCommitment, outputs));
        VerifierCall.run(
            guest.verifier,
            guest.codeHash,
            guest.gasLimit,
            abi.encodeCall(IRiscZeroVerifier.verify, (seal, guest.imageId, journalDigest))
        );
    }
}
