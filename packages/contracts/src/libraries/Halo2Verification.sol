// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VerifierCall} from "./VerifierCall.sol";

/// @title Halo2Verification
/// @notice Calls a generated Halo2 (KZG, BN254) verifier, which by itself takes public inputs modulo the field's order,
/// ignores trailing calldata, and cannot be told from an address without code. All of that is checked here.
/// @dev Public inputs of every circuit: binding >> 128, binding & (2^128 - 1), input commitment, outputs. Calldata of
/// the verifier: those words, then the proof. It reverts, or burns all its gas, on a bad proof and returns nothing on a
/// good one.
library Halo2Verification {
    /// Order of the scalar field of BN254.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// Public input `index` is not below the field's order.
    error PublicInputNotInField(uint256 index, uint256 value);

    struct Circuit {
        address verifier;
        bytes32 codeHash;
        uint256 outputWords;
        uint256 proofBytes;
        uint256 gasLimit;
    }

    /// @notice Reverts unless `proof` is valid for exactly these public inputs.
    function verify(
        Circuit memory circuit,
        bytes32 binding,
        bytes32 inputCommitment,
        bytes calldata outputs,
        bytes calldata proof
    ) internal view {
        VerifierCall.requireLengths(outputs.length, circuit.outputWords, proof.length, circuit.proofBytes);
        if (uint256(inputCommitment) >= R) revert PublicInputNotInField(2, uint256(inputCommitment));
        for (uint256 i; i < outputs.length; i += 32) {
            uint256 word = uint256(bytes32(outputs[i:i + 32]));
            if (word >= R) revert PublicInputNotInField(3 + i / 32, word);
        }
        VerifierCall.run(
            circuit.verifier,
            circuit.codeHash,
            circuit.gasLimit,
            abi.encodePacked(
                uint256(binding) >> 128, uint256(uint128(uint256(binding))), inputCommitment, outputs, proof
            )
        );
    }
}
