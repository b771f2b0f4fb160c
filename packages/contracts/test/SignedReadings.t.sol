// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Verifier, VerifierKind} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";
import {Task, TypedData} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {SignedReadings} from "signed-readings/SignedReadings.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {StandInRiscZero} from "./support/StandInRiscZero.sol";
import {ToyVerifier} from "./support/ToyVerifier.sol";
import {bound, vm} from "./support/Vm.sol";

/// One dApp behind two programs: a circuit and a guest, each with its own set of keys. Stand-ins verify their proofs.
contract SignedReadingsTest is SettlementFixture {
    string private constant CIRCUIT = "circuit";
    string private constant GUEST = "guest";
    bytes32 private constant CIRCUIT_KEYS = bytes32(uint256(0xC1));
    bytes32 private constant GUEST_KEYS = keccak256("guest's devices");
    bytes32 private constant IMAGE = keccak256("image");
    uint256 private constant NOW = 1_790_000_000;

    SignedReadings private readings;
    ToyVerifier private circuitVerifier;
    StandInRiscZero private guestVerifier;
    bytes32 private circuitKey;
    bytes32 private guestKey;
    uint256 private scope;

    function setUp() public override {
        super.setUp();
        vm.warp(NOW + 1_000);
        circuitVerifier = new ToyVerifier(11);
        guestVerifier = new StandInRiscZero();
        Verifier memory entry_ = entry();
        entry_.outputWords = 8;
        entry_.verifier = address(circuitVerifier);
        circuitKey = verifiers.registerVerifier(project, CONFIG, CIRCUIT, entry_);
        entry_.kind = VerifierKind.RISC0;
        entry_.verifier = address(guestVerifier);
        entry_.proofBytes = 260;
        entry_.imageId = IMAGE;
        entry_.selector = guestVerifier.SELECTOR();
        guestKey = verifiers.registerVerifier(project, CONFIG, GUEST, entry_);
        readings = new SignedReadings(address(router), project);
        readings.approve(circuitKey, CIRCUIT_KEYS);
        readings.approve(guestKey, GUEST_KEYS);
        router.bindDapp(project, address(readings));
        scope = readings.scope();
    }

    function test_settlesResultsOfACircuitAndOfAGuest() public {
        W3bstreamSettlement.Item memory item =
            itemOf(1, CIRCUIT, outputsOf(CIRCUIT_KEYS, 2, 1228, 600, 628, NOW, NOW + 5));
        vm.expectEmit(address(readings));
        emit SignedReadings.ReadingsRecorded(item.assignment.task, 2, 1228, 600, 628, uint64(NOW), uint64(NOW + 5));
        settle(item);
        W3bstreamSettlement.Item memory second =
            itemOf(3, GUEST, outputsOf(GUEST_KEYS, 3, 1500, 400, 700, NOW + 6, NOW + 60));
        settle(second);
        same(
            readings.statsOf(item.assignment.task),
            SignedReadings.Stats(2, 600, 628, 1228, uint64(NOW), uint64(NOW + 5))
        );
        same(
            readings.statsOf(second.assignment.task),
            SignedReadings.Stats(3, 400, 700, 1500, uint64(NOW + 6), uint64(NOW + 60))
        );
        same(readings.total(), SignedReadings.Stats(5, 400, 700, 2728, uint64(NOW), uint64(NOW + 60)));
        vm.assertEq(readings.taskCount(), 2);
        same(readings.statsOf("unknown"), SignedReadings.Stats(0, 0, 0, 0, 0, 0));
    }

    function test_theScopeIsOfTheRegistryAndTheProject() public {
        bytes32 separator = TypedData.domainSeparator(address(registrar));
        vm.assertEq(scope, uint256(keccak256(abi.encode(separator, project))) >> 8);
        vm.assertEq(scope >> 248, 0);
        vm.chainId(block.chainid + 1);
        vm.assertTrue(readings.scope() != scope);
    }

    function test_refusesReadingsSignedForAnotherProject() public {
        uint256 other_ = new SignedReadings(address(router), project + 1).scope();
        uint256[] memory outputs = outputsOf(CIRCUIT_KEYS, 2, 1228, 600, 628, NOW, NOW + 5);
        outputs[1] = other_;
        refuse(told(circuitKey, 2), outputs, abi.encodeWithSelector(SignedReadings.WrongScope.selector, other_, scope));
    }

    function test_refusesKeysOfAnotherSet() public {
        refuse(
            told(circuitKey, 2),
            outputsOf(GUEST_KEYS, 2, 1228, 600, 628, NOW, NOW + 5),
            abi.encodeWithSelector(SignedReadings.WrongKeysRoot.selector, uint256(GUEST_KEYS), CIRCUIT_KEYS)
        );
        readings.approve(circuitKey, bytes32(uint256(0xC2)));
        refuse(
            told(circuitKey, 2),
            good(),
            abi.encodeWithSelector(SignedReadings.WrongKeysRoot.selector, uint256(CIRCUIT_KEYS), bytes32(uint256(0xC2)))
        );
    }

    function test_takesTasksInAnyOrder() public {
        tellOf(30, 35);
        tellOf(10, 15);
        tellOf(20, 25);
        tellOf(16, 19);
        tellOf(26, 29);
        tellOf(1, 9);
        tellOf(36, 36);
        same(readings.total(), SignedReadings.Stats(13, 600, 628, 7968, uint64(NOW + 1), uint64(NOW + 36)));
        vm.assertEq(readings.taskCount(), 7);
    }

    /// Of whichever program: the same device may have signed the same reading for both.
    function test_refusesTimesThatWereSettled() public {
        tellOf(30, 35);
        tellOf(10, 15);
        tellOf(20, 25);
        refuseOverlap(30, 35, 30, 35);
        refuseOverlap(20, 25, 20, 25);
        refuseOverlap(10, 15, 10, 15);
        refuseOverlap(35, 40, 30, 35);
        refuseOverlap(26, 30, 30, 35);
        refuseOverlap(15, 16, 10, 15);
        refuseOverlap(16, 20, 20, 25);
        refuseOverlap(12, 12, 10, 15);
        refuseOverlap(5, 10, 10, 15);
        refuseOverlap(5, 40, 30, 35);
        refuseOverlap(16, 29, 20, 25);
        vm.assertEq(readings.total().count, 6);
    }

    /// Whatever comes in whichever order: a task is taken if and only if no time of its span is of a span that was taken.
    function testFuzz_noTimeIsOfTwoTasks(uint8[2][16] memory spans) public {
        bool[256] memory settled;
        for (uint256 i; i < spans.length; ++i) {
            uint256 first = uint256(spans[i][0]) + 1;
            uint256 last = first + spans[i][1] % 24;
            if (last > 255) continue;
            bool free = true;
            for (uint256 time = first; time <= last; ++time) {
                if (settled[time]) free = false;
            }
            if (!free) vm.expectPartialRevert(SignedReadings.TimesOverlap.selector);
            tellOf(first, last);
            for (uint256 time = first; free && time <= last; ++time) {
                settled[time] = true;
            }
        }
    }

    function test_refusesATaskThatTooManyLaterOnesCameBefore() public {
        for (uint256 i; i <= readings.MAX_LATER(); ++i) {
            tellOf(100 + i, 100 + i);
        }
        Settlement memory settlement = told(guestKey, 1);
        refuse(
            settlement,
            outputsOf(GUEST_KEYS, 1, 500, 500, 500, NOW + 1, NOW + 1),
            abi.encodeWithSelector(SignedReadings.TooLate.selector, NOW + 1)
        );
        uint256 before = gasleft();
        tell(settlement, outputsOf(GUEST_KEYS, 1, 500, 500, 500, NOW + 200, NOW + 200));
        vm.assertLe(before - gasleft(), 150_000);
    }

    function test_placesATaskBeforeAsManyLaterOnesAsItMay() public {
        for (uint256 i; i < readings.MAX_LATER(); ++i) {
            tellOf(100 + i, 100 + i);
        }
        vm.cool(address(readings));
        uint256 before = gasleft();
        tellOf(1, 1);
        vm.assertLe(before - gasleft(), 300_000);
        refuseOverlap(100, 100, 100, 100);
    }

    /// As of a clock that was never set.
    function test_refusesTheTimeZero() public {
        refuse(
            told(circuitKey, 1),
            outputsOf(CIRCUIT_KEYS, 1, 500, 500, 500, 0, 0),
            abi.encodeWithSelector(SignedReadings.ImplausibleStats.selector)
        );
    }

    function test_refusesReadingsFromTheFuture() public {
        uint256 latest = block.timestamp + 1 hours;
        refuse(
            told(circuitKey, 1),
            outputsOf(CIRCUIT_KEYS, 1, 500, 500, 500, latest + 1, latest + 1),
            abi.encodeWithSelector(SignedReadings.FromTheFuture.selector, latest + 1, block.timestamp)
        );
        tell(told(circuitKey, 1), outputsOf(CIRCUIT_KEYS, 1, 500, 500, 500, latest, latest));
    }

    function test_refusesOtherCallersProjectsAndPrograms() public {
        vm.expectRevert(abi.encodeWithSelector(SignedReadings.NotRouter.selector, address(this)));
        readings.onSettled(told(circuitKey, 2), good());
        Settlement memory settlement = told(circuitKey, 2);
        settlement.projectId = project + 1;
        refuse(settlement, good(), abi.encodeWithSelector(SignedReadings.WrongProject.selector, project + 1));
        refuse(
            told("another", 2),
            good(),
            abi.encodeWithSelector(SignedReadings.VerifierNotApproved.selector, bytes32("another"))
        );
        readings.revoke(circuitKey);
        refuse(
            told(circuitKey, 2), good(), abi.encodeWithSelector(SignedReadings.VerifierNotApproved.selector, circuitKey)
        );
        tell(told(guestKey, 2), outputsOf(GUEST_KEYS, 2, 1228, 600, 628, NOW, NOW + 5));
    }

    function test_refusesAProofThatOpensNoCommitment() public {
        Settlement memory settlement = told(circuitKey, 2);
        settlement.inputBound = false;
        refuse(settlement, good(), abi.encodeWithSelector(SignedReadings.InputNotBound.selector));
    }

    function test_refusesOutputsThatDoNotFitTheTask() public {
        refuse(
            told(circuitKey, 2),
            new uint256[](7),
            abi.encodeWithSelector(SignedReadings.WrongNumberOfOutputs.selector, 7)
        );
        refuse(
            told(circuitKey, 0),
            outputsOf(CIRCUIT_KEYS, 0, 0, 0, 0, NOW, NOW),
            abi.encodeWithSelector(SignedReadings.NoReadings.selector)
        );
        refuse(told(circuitKey, 3), good(), abi.encodeWithSelector(SignedReadings.CountMismatch.selector, 2, uint64(3)));
    }

    function test_refusesStatisticsThatCannotBe() public {
        bytes memory reason = abi.encodeWithSelector(SignedReadings.ImplausibleStats.selector);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1228, 629, 628, NOW, NOW + 5), reason);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1199, 600, 628, NOW, NOW + 5), reason);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1257, 600, 628, NOW, NOW + 5), reason);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1601, 600, 1001, NOW, NOW + 5), reason);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1228, 600, 628, NOW, NOW), reason);
        refuse(told(circuitKey, 2), outputsOf(CIRCUIT_KEYS, 2, 1228, 600, 628, NOW + 1, NOW), reason);
        refuse(told(circuitKey, 1), outputsOf(CIRCUIT_KEYS, 1, 600, 600, 600, NOW, NOW + 1), reason);
    }

    function testFuzz_refusesWordsThatNoProgramGives(uint8 index, uint256 word) public {
        index = 3 + index % 5;
        uint256[] memory outputs = good();
        outputs[index] = bound(word, 2 ** 64, type(uint256).max);
        vm.expectPartialRevert(
            index == 7 ? SignedReadings.FromTheFuture.selector : SignedReadings.ImplausibleStats.selector
        );
        vm.prank(address(router));
        readings.onSettled(told(circuitKey, 2), outputs);
        vm.assertEq(readings.taskCount(), 0);
    }

    function test_onlyItsOwnerApproves() public {
        bytes memory refusal = abi.encodeWithSelector(SignedReadings.NotOwner.selector, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        readings.approve("mine", GUEST_KEYS);
        vm.expectRevert(refusal);
        vm.prank(other);
        readings.revoke(circuitKey);
        vm.expectRevert(abi.encodeWithSelector(SignedReadings.EmptyKeysRoot.selector));
        readings.approve("mine", 0);
    }

    // Support

    function good() private view returns (uint256[] memory) {
        return outputsOf(CIRCUIT_KEYS, 2, 1228, 600, 628, NOW, NOW + 5);
    }

    function outputsOf(
        bytes32 keysRoot,
        uint256 count,
        uint256 sum,
        uint256 min,
        uint256 max,
        uint256 first,
        uint256 last
    ) private view returns (uint256[] memory outputs) {
        outputs = new uint256[](8);
        (outputs[0], outputs[1], outputs[2], outputs[3]) = (uint256(keysRoot), scope, count, sum);
        (outputs[4], outputs[5], outputs[6], outputs[7]) = (min, max, first, last);
    }

    function told(bytes32 key, uint64 count) private view returns (Settlement memory) {
        return Settlement(project, keccak256(abi.encode(key)), key, 0, count, COMMITMENT, sequencer, 1, prover, true);
    }

    function tell(Settlement memory settlement, uint256[] memory outputs) private {
        vm.prank(address(router));
        readings.onSettled(settlement, outputs);
    }

    /// A task of the circuit whose readings are from these seconds after NOW.
    function tellOf(uint256 first, uint256 last) private {
        (Settlement memory settlement, uint256[] memory outputs) = taskOf(first, last);
        tell(settlement, outputs);
    }

    function refuseOverlap(uint256 first, uint256 last, uint256 settledFirst, uint256 settledLast) private {
        (Settlement memory settlement, uint256[] memory outputs) = taskOf(first, last);
        refuse(
            settlement,
            outputs,
            abi.encodeWithSelector(SignedReadings.TimesOverlap.selector, NOW + settledFirst, NOW + settledLast)
        );
    }

    function taskOf(uint256 first, uint256 last) private view returns (Settlement memory, uint256[] memory) {
        uint64 count = first == last ? 1 : 2;
        uint256[] memory outputs = outputsOf(
            CIRCUIT_KEYS, count, count == 1 ? 600 : 1228, 600, count == 1 ? 600 : 628, NOW + first, NOW + last
        );
        return (told(circuitKey, count), outputs);
    }

    function refuse(Settlement memory settlement, uint256[] memory outputs, bytes memory reason) private {
        vm.expectRevert(reason);
        tell(settlement, outputs);
    }

    function same(SignedReadings.Stats memory actual, SignedReadings.Stats memory expected) private pure {
        vm.assertEq(keccak256(abi.encode(actual)), keccak256(abi.encode(expected)));
    }

    /// A whole settlement of a task with as many messages as the outputs count.
    function itemOf(uint64 number, string memory version, uint256[] memory outputs)
        private
        view
        returns (W3bstreamSettlement.Item memory item)
    {
        Task memory task = aTask(number);
        task.version = version;
        task.messageCount = uint64(outputs[2]);
        item = make(task, SEQUENCER_KEY, PROVER_KEY);
        item.outputs = abi.encodePacked(outputs);
        bytes32 binding = router.binding(item.assignment.task, prover);
        item.proof = keccak256(bytes(version)) == keccak256(bytes(GUEST))
            ? guestVerifier.prove(IMAGE, abi.encodePacked(binding, COMMITMENT, item.outputs))
            : circuitVerifier.prove(binding, COMMITMENT, item.outputs);
        signResult(item, PROVER_KEY);
    }
}
