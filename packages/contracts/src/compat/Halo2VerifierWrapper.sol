// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Halo2Verification} from "../libraries/Halo2Verification.sol";
import {VerifierCall} from "../libraries/VerifierCall.sol";

/// @title Halo2VerifierWrapper
/// @notice Stands before a generated Halo2 verifier for contracts that check proofs themselves, such as receivers of the
/// older routers. A generated verifier by itself takes public inputs modulo the field's order, ignores trailing bytes, and
/// cannot be told from an address without code; here all of that is refused.
/// @dev W3bstreamSettlement has the same checks within and needs no wrapper. Whoever uses this one must tie the public
/// inputs to what it expects and key replay protection on their values, never on the proof's bytes.
contract Halo2VerifierWrapper {
    error WrongNumberOfPublicInputs(uint256 actual, uint256 expected);
    error GasLimitMissing();

    address public immutable verifier;
    /// Hash of the verifier's code when this contract was made.
    bytes32 public immutable codeHash;
    uint256 public immutable publicInputs;
    uint256 public immutable proofBytes;
    /// Gas that the verifier gets.
    uint256 public immutable verifyGas;

    constructor(address verifier_, uint256 publicInputs_, uint256 proofBytes_, uint256 verifyGas_) {
        if (verifier_.code.length == 0) revert VerifierCall.VerifierWithoutCode(verifier_);
        if (verifyGas_ == 0) revert GasLimitMissing();
        verifier = verifier_;
        codeHash = verifier_.codehash;
        publicInputs = publicInputs_;
        proofBytes = proofBytes_;
        verifyGas = verifyGas_;
    }

    /// @notice Reverts unless `proof` is valid for exactly these public inputs.
    function verify(uint256[] calldata inputs, bytes calldata proof) external view {
        if (inputs.length != publicInputs) revert WrongNumberOfPublicInputs(inputs.length, publicInputs);
        if (proof.length != proofBytes) revert VerifierCall.ProofLengthMismatch(proof.length, proofBytes);
        for (uint256 i; i < inputs.length; ++i) {
            if (inputs[i] >= Halo2Verification.R) revert Halo2Verification.PublicInputNotInField(i, inputs[i]);
        }
        VerifierCall.run(verifier, codeHash, verifyGas, abi.encodePacked(inputs, proof));
    }
}
