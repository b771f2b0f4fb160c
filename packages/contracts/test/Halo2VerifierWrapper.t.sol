// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Halo2VerifierWrapper} from "@w3bstream/contracts/src/compat/Halo2VerifierWrapper.sol";
import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {FalseVerifier} from "./support/ToyVerifier.sol";
import {WeatherProof, weatherProof} from "./support/WeatherProof.sol";
import {bound, vm} from "./support/Vm.sol";

/// A real proof of the weather example, checked as a receiver of the older routers may check it.
contract Halo2VerifierWrapperTest {
    Halo2VerifierWrapper private wrapper;
    address private verifier;
    uint256[] private inputs;
    bytes private proof;

    function setUp() public {
        WeatherProof memory weather = weatherProof();
        verifier = weather.verifier;
        proof = weather.proof;
        inputs.push(uint256(weather.binding) >> 128);
        inputs.push(uint128(uint256(weather.binding)));
        inputs.push(uint256(weather.inputCommitment));
        uint256[4] memory outputs = abi.decode(weather.outputs, (uint256[4]));
        for (uint256 i; i < 4; ++i) {
            inputs.push(outputs[i]);
        }
        wrapper = new Halo2VerifierWrapper(verifier, 7, proof.length, 600_000);
    }

    function test_takesAValidProof() public view {
        wrapper.verify(inputs, proof);
    }

    function testFuzz_refusesInputsBeyondTheFieldThatTheVerifierTakes(uint256 index, uint256 times) public {
        index = index % 7;
        inputs[index] += Halo2Verification.R
        * bound(times, 1, (type(uint256).max - inputs[index]) / Halo2Verification.R);
        (bool taken,) = verifier.staticcall(abi.encodePacked(inputs, proof));
        vm.assertTrue(taken);
        vm.expectRevert(abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, index, inputs[index]));
        wrapper.verify(inputs, proof);
    }

    function test_refusesTheOrderItself() public {
        inputs[0] = Halo2Verification.R;
        vm.expectRevert(
            abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 0, Halo2Verification.R)
        );
        wrapper.verify(inputs, proof);
    }

    function test_refusesOtherLengths() public {
        bytes memory longer = abi.encodePacked(proof, bytes1(0));
        (bool taken,) = verifier.staticcall(abi.encodePacked(inputs, longer));
        vm.assertTrue(taken);
        vm.expectRevert(
            abi.encodeWithSelector(VerifierCall.ProofLengthMismatch.selector, proof.length + 1, proof.length)
        );
        wrapper.verify(inputs, longer);
        inputs.push(0);
        vm.expectRevert(abi.encodeWithSelector(Halo2VerifierWrapper.WrongNumberOfPublicInputs.selector, 8, 7));
        wrapper.verify(inputs, proof);
    }

    function testFuzz_refusesOtherInputs(uint256 index, uint64 change) public {
        vm.assume(change != 0);
        inputs[index % 7] ^= change;
        vm.expectRevert(abi.encodeWithSelector(VerifierCall.ProofRejected.selector, verifier, bytes("")));
        wrapper.verify(inputs, proof);
    }

    function test_refusesAnAnswerAndAnAddressWithoutCode() public {
        Halo2VerifierWrapper lax = new Halo2VerifierWrapper(address(new FalseVerifier()), 7, proof.length, 600_000);
        vm.expectRevert(abi.encodeWithSelector(VerifierCall.VerifierAnswered.selector, lax.verifier(), 32));
        lax.verify(inputs, proof);
        vm.expectRevert(abi.encodeWithSelector(VerifierCall.VerifierWithoutCode.selector, address(0xdead)));
        new Halo2VerifierWrapper(address(0xdead), 7, 1984, 600_000);
        vm.expectRevert(abi.encodeWithSelector(Halo2VerifierWrapper.GasLimitMissing.selector));
        new Halo2VerifierWrapper(verifier, 7, 1984, 0);
        vm.etch(verifier, hex"00");
        vm.expectPartialRevert(VerifierCall.VerifierCodeChanged.selector);
        wrapper.verify(inputs, proof);
    }
}
