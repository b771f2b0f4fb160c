// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {WeatherProof, weatherProof} from "./support/WeatherProof.sol";
import {vm} from "./support/Vm.sol";

contract Halo2Harness {
    function verify(
        Halo2Verification.Circuit calldata circuit,
        bytes32 binding,
        bytes32 inputCommitment,
        bytes calldata outputs,
        bytes calldata proof
    ) external view {
        Halo2Verification.verify(circuit, binding, inputCommitment, outputs, proof);
    }
}

/// A real proof of the weather example and its generated verifier, beside what the verifier lets through by itself.
contract Halo2VerificationTest {
    Halo2Harness private harness = new Halo2Harness();
    Halo2Verification.Circuit private circuit;
    bytes32 private binding;
    bytes32 private commitment;
    bytes private outputs;
    bytes private proof;

    function setUp() public {
        WeatherProof memory weather = weatherProof();
        (binding, commitment) = (weather.binding, weather.inputCommitment);
        (outputs, proof) = (weather.outputs, weather.proof);
        address verifier = weather.verifier;
        circuit = Halo2Verification.Circuit(verifier, verifier.codehash, 4, proof.length, 600_000);
    }

    function test_takesAValidProof() public view {
        harness.verify(circuit, binding, commitment, outputs, proof);
        vm.assertTrue(accepts(commitment, outputs, proof));
        (uint256 count, uint256 sum, uint256 min, uint256 max) =
            abi.decode(outputs, (uint256, uint256, uint256, uint256));
        vm.assertEq(count, 5);
        // Tenths of a degree above -40: 12.8, 10.6, 11.7, 12.2 and 8.9 degrees.
        vm.assertEq(sum, 128 + 106 + 117 + 122 + 89 + 5 * 400);
        vm.assertEq(min, 489);
        vm.assertEq(max, 528);
    }

    function test_refusesTheProofOfAnotherTaskOrProver() public {
        binding = keccak256(abi.encode(binding));
        refuse(abi.encodeWithSelector(VerifierCall.ProofRejected.selector, circuit.verifier, bytes("")));
    }

    function test_refusesAValidProofOverOtherReadings() public {
        commitment = bytes32(uint256(commitment) ^ 1);
        refuse(abi.encodeWithSelector(VerifierCall.ProofRejected.selector, circuit.verifier, bytes("")));
    }

    function testFuzz_refusesOtherOutputs(uint8 word, uint64 change) public {
        vm.assume(change != 0);
        uint256[4] memory words = abi.decode(outputs, (uint256[4]));
        words[word % 4] ^= change;
        outputs = abi.encode(words);
        refuse(abi.encodeWithSelector(VerifierCall.ProofRejected.selector, circuit.verifier, bytes("")));
    }

    function testFuzz_refusesAChangedProof(uint16 at, uint8 change) public {
        vm.assume(change != 0);
        proof[at % proof.length] ^= bytes1(change);
        refuse(abi.encodeWithSelector(VerifierCall.ProofRejected.selector, circuit.verifier, bytes("")));
    }

    function test_refusesValuesBeyondTheFieldThatTheVerifierTakes() public {
        uint256[4] memory words = abi.decode(outputs, (uint256[4]));
        words[1] += Halo2Verification.R;
        outputs = abi.encode(words);
        vm.assertTrue(accepts(commitment, outputs, proof));
        refuse(abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 4, words[1]));
        words[1] = Halo2Verification.R;
        outputs = abi.encode(words);
        refuse(abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 4, words[1]));
    }

    function test_refusesACommitmentBeyondTheFieldThatTheVerifierTakes() public {
        commitment = bytes32(uint256(commitment) + Halo2Verification.R);
        vm.assertTrue(accepts(commitment, outputs, proof));
        refuse(abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 2, uint256(commitment)));
    }

    function test_refusesTrailingBytesThatTheVerifierIgnores() public {
        proof = abi.encodePacked(proof, bytes1(0x01));
        vm.assertTrue(accepts(commitment, outputs, proof));
        refuse(abi.encodeWithSelector(VerifierCall.ProofLengthMismatch.selector, proof.length, proof.length - 1));
    }

    /// Whether the verifier alone accepts these inputs.
    function accepts(bytes32 commitment_, bytes memory outputs_, bytes memory proof_)
        private
        view
        returns (bool success)
    {
        (success,) = circuit.verifier
            .staticcall(
                abi.encodePacked(
                    uint256(binding) >> 128, uint256(uint128(uint256(binding))), commitment_, outputs_, proof_
                )
            );
    }

    function refuse(bytes memory reason) private {
        vm.expectRevert(reason);
        harness.verify(circuit, binding, commitment, outputs, proof);
    }
}
