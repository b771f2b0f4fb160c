// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {SignedReadings} from "signed-readings/SignedReadings.sol";
import {SignedReadingsDeployment} from "./support/SignedReadingsDeployment.sol";
import {bound, vm} from "./support/Vm.sol";

/// A real proof of device signatures, settled from end to end: by its generated verifier into the example's dApp.
contract SignedReadingsProofTest is SignedReadingsDeployment {
    function test_settlesAProofOfDeviceSignatures() public {
        W3bstreamSettlement.Item memory item = provenItem();
        vm.assertEq(router.binding(item.assignment.task, prover), made.binding);
        settle(item);
        SignedReadings.Stats memory stats = readings.statsOf(item.assignment.task);
        vm.assertEq(stats.count, 2);
        // Tenths of a degree above -40: 21.4 and -3.5 degrees.
        vm.assertEq(stats.sum, 614 + 365);
        vm.assertEq(stats.min, 365);
        vm.assertEq(stats.max, 614);
        vm.assertEq(stats.firstTime, 1_790_000_000);
        vm.assertEq(stats.lastTime, 1_790_000_060);
    }

    function testFuzz_refusesOtherOutputs(uint8 word, uint64 change) public {
        vm.assume(change != 0);
        uint256[8] memory words = abi.decode(made.outputs, (uint256[8]));
        words[word % 8] ^= change;
        vm.assume(words[word % 8] < Halo2Verification.R);
        W3bstreamSettlement.Item memory item = provenItem();
        item.outputs = abi.encode(words);
        signResult(item, PROVER_KEY);
        refuse(item, rejected());
    }

    function testFuzz_refusesOutputsBeyondTheField(uint8 word, uint256 times) public {
        word = word % 8;
        uint256[8] memory words = abi.decode(made.outputs, (uint256[8]));
        words[word] += Halo2Verification.R * bound(times, 1, (type(uint256).max - words[word]) / Halo2Verification.R);
        W3bstreamSettlement.Item memory item = provenItem();
        item.outputs = abi.encode(words);
        signResult(item, PROVER_KEY);
        refuse(
            item,
            abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 3 + uint256(word), words[word])
        );
    }

    function test_refusesTheProofForAnotherTaskAndForAnotherProver() public {
        Task memory task = provenTask();
        task.number = 2;
        refuse(itemOf(task, PROVER_KEY), rejected());
        refuse(itemOf(provenTask(), OTHER_KEY), rejected());
    }

    function test_refusesTheProofOverOtherReadings() public {
        Task memory task = provenTask();
        task.inputCommitment = bytes32(uint256(task.inputCommitment) ^ 1);
        refuse(itemOf(task, PROVER_KEY), rejected());
    }

    /// Signed for this registry, they are worth nothing on another chain.
    function test_theScopeThatWasProvenIsOfThisRegistryAndProject() public {
        uint256[8] memory words = abi.decode(made.outputs, (uint256[8]));
        vm.assertEq(words[1], readings.scope());
        vm.assertEq(bytes32(words[0]), made.keysRoot);
        vm.assertTrue(new SignedReadings(address(router), project + 1).scope() != words[1]);
    }

    function rejected() private view returns (bytes memory) {
        return abi.encodeWithSelector(VerifierCall.ProofRejected.selector, made.verifier, bytes(""));
    }
}
