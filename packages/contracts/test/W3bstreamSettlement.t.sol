// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {Verifier, VerifierRegistry} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";
import {BoundedCall} from "@w3bstream/contracts/src/libraries/BoundedCall.sol";
import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";
import {Assignment, Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {MoodyDapp, PickyDapp, PointsHook, ReentrantDapp} from "./support/Dapps.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {BurningVerifier, FalseVerifier} from "./support/ToyVerifier.sol";
import {bound, vm} from "./support/Vm.sol";

contract W3bstreamSettlementTest is SettlementFixture {
    // What works

    function test_settlesAndTellsTheDappDecodedOutputs() public {
        W3bstreamSettlement.Item memory item = anItem(5);
        bytes32 key = verifiers.verifierKey(project, CONFIG, VERSION);
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.Settled(
            item.assignment.task, project, prover, sequencer, 5, key, item.task.messagesRoot, keccak256(item.outputs)
        );
        settle(item);

        vm.assertTrue(router.consumed(project, sequencer, 5));
        vm.assertFalse(router.consumed(project, sequencer, 4));
        vm.assertFalse(router.consumed(project, other, 5));
        vm.assertFalse(router.consumed(project + 1, sequencer, 5));
        (Settlement memory told, uint256[] memory outputs) = dapp.last();
        Settlement memory expected = Settlement(
            project, item.assignment.task, key, item.task.messagesRoot, 3, COMMITMENT, sequencer, 5, prover, true
        );
        vm.assertEq(keccak256(abi.encode(told)), keccak256(abi.encode(expected)));
        vm.assertEq(keccak256(abi.encodePacked(outputs)), keccak256(item.outputs));
    }

    function test_anyoneMaySubmitAndTheAssignedProverIsCredited() public {
        PointsHook hook = new PointsHook();
        router.setRewardHook(project, address(hook), 100_000);
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.prank(other);
        settle(item);
        vm.assertEq(hook.points(prover), 1);
        vm.assertEq(hook.points(other), 0);
    }

    function test_takesCompactSignatures() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.assignmentSignature = compact(item.assignmentSignature);
        item.resultSignature = compact(item.resultSignature);
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function test_settlesAfterTheDeadline() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.assignment.deadline = 1;
        item.assignmentSignature = sign(SEQUENCER_KEY, router.assignmentDigest(item.assignment));
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function test_anUpdatedProjectFileChangesNothingForTasksInFlight() public {
        registrar.updateProject(project, "ipfs://another", keccak256("another"));
        settle(anItem(1));
        vm.assertEq(dapp.calls(), 1);
    }

    function testFuzz_settlesEachNumberOnce(uint64 number) public {
        number = uint64(bound(number, 0, 2 ** 53 - 1));
        W3bstreamSettlement.Item memory item = anItem(number);
        settle(item);
        vm.assertTrue(router.consumed(project, sequencer, number));
        vm.assertFalse(router.consumed(project, sequencer, number ^ 1));
        vm.expectRevert(
            abi.encodeWithSelector(W3bstreamSettlement.TaskAlreadySettled.selector, project, sequencer, number)
        );
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function testFuzz_refusesNumbersThatDoNotFitADouble(uint64 number) public {
        number = uint64(bound(number, 2 ** 53, type(uint64).max));
        refuse(anItem(number), abi.encodeWithSelector(W3bstreamSettlement.TaskNumberTooLarge.selector, number));
    }

    // Who may do it

    function test_refusesATaskThatWasNeverAssigned() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        W3bstreamSettlement.Item memory another = anItem(2);
        item.task = another.task;
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "assignment.task"));
    }

    function test_refusesAnAssignmentOfAnotherTask() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        W3bstreamSettlement.Item memory another = anItem(2);
        item.assignmentSignature = another.assignmentSignature;
        vm.expectPartialRevert(W3bstreamSettlement.WrongAssignmentSigner.selector);
        settle(item);
    }

    function test_aProverCannotSequenceForItself() public {
        nodes.register(prover);
        fleet.allow(project, 1);
        Task memory task = aTask(1);
        task.sequencer = prover;
        refuse(
            make(task, PROVER_KEY, PROVER_KEY),
            abi.encodeWithSelector(W3bstreamSettlement.SequencerNotAllowed.selector, project, prover)
        );
    }

    function test_aProverCannotAssignASequencersTaskToItself() public {
        refuse(
            make(aTask(1), PROVER_KEY, PROVER_KEY),
            abi.encodeWithSelector(W3bstreamSettlement.WrongAssignmentSigner.selector, prover, sequencer)
        );
    }

    function test_refusesASequencerThatWasDisallowed() public {
        fleet.disallowSequencer(project, sequencer);
        refuse(anItem(1), abi.encodeWithSelector(W3bstreamSettlement.SequencerNotAllowed.selector, project, sequencer));
    }

    function test_refusesASequencerOfAnotherProject() public {
        uint64 second = registrar.createProject("ipfs://second", CONFIG);
        verifiers.registerVerifier(second, CONFIG, VERSION, entry());
        router.bindDapp(second, address(dapp));
        Task memory task = aTask(1);
        task.projectId = second;
        refuse(
            make(task, SEQUENCER_KEY, PROVER_KEY),
            abi.encodeWithSelector(W3bstreamSettlement.SequencerNotAllowed.selector, second, sequencer)
        );
    }

    function test_refusesAResultThatAnotherSigned() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.resultSignature = sign(OTHER_KEY, router.resultDigest(item.result));
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.WrongResultSigner.selector, other, prover));
    }

    function test_aCopiedSettlementIsRefused() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        settle(item);
        vm.expectRevert(
            abi.encodeWithSelector(W3bstreamSettlement.TaskAlreadySettled.selector, project, sequencer, uint64(1))
        );
        vm.prank(other);
        settle(item);
    }

    function test_aCopiedSettlementUnderAnotherNameIsRefused() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        signResult(item, OTHER_KEY);
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.prover"));
    }

    function test_aCopiedProofIsRefusedEvenFromAnAssignedProver() public {
        W3bstreamSettlement.Item memory honest = anItem(1);
        W3bstreamSettlement.Item memory copy = make(aTask(1), SEQUENCER_KEY, OTHER_KEY);
        copy.proof = honest.proof;
        signResult(copy, OTHER_KEY);
        refuse(copy, abi.encodeWithSelector(VerifierCall.ProofRejected.selector, address(verifier), bytes("")));
    }

    function test_ofTwoAssignedProversTheFirstToSettleWins() public {
        W3bstreamSettlement.Item memory first = anItem(1);
        W3bstreamSettlement.Item memory second = make(aTask(1), SEQUENCER_KEY, OTHER_KEY);
        second.assignment.attempt = 2;
        second.assignmentSignature = sign(SEQUENCER_KEY, router.assignmentDigest(second.assignment));
        settle(second);
        vm.expectRevert(
            abi.encodeWithSelector(W3bstreamSettlement.TaskAlreadySettled.selector, project, sequencer, uint64(1))
        );
        settle(first);
        (Settlement memory told,) = dapp.last();
        vm.assertEq(told.prover, other);
    }

    // What was signed

    function test_refusesAResultForAnotherTask() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.result.task = keccak256("another");
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.task"));
    }

    function test_refusesAResultForAnotherChain() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.result.chainId = block.chainid + 1;
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.chainId"));
    }

    function test_refusesAResultForAnotherRouter() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.result.router = address(dapp);
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.router"));
    }

    function test_refusesAnotherProofThanWasSigned() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.proof[40] = 0x01;
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.proofHash"));
    }

    function test_refusesOtherOutputsThanWereSigned() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.outputs = abi.encode(uint256(3), uint256(61), uint256(10), uint256(30));
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.outputsHash"));
    }

    function test_signaturesOfAForkAreWorthless() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "assignment.task"));
        settle(item);
    }

    function test_refusesHighS() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        bytes memory honest = item.assignmentSignature;
        item.assignmentSignature = malleate(honest);
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureS.selector);
        settle(item);
        item.assignmentSignature = honest;
        item.resultSignature = malleate(item.resultSignature);
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureS.selector);
        settle(item);
    }

    function test_refusesTheZeroSigner() public {
        Task memory task = aTask(1);
        task.sequencer = address(0);
        W3bstreamSettlement.Item memory item = make(task, SEQUENCER_KEY, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.SequencerNotAllowed.selector, project, address(0)));
        item = anItem(1);
        item.assignment.prover = address(0);
        item.assignmentSignature = sign(SEQUENCER_KEY, router.assignmentDigest(item.assignment));
        item.result.prover = address(0);
        item.resultSignature = abi.encodePacked(bytes32(uint256(1)), bytes32(uint256(1)), uint8(0));
        refuse(item, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector));
    }

    function testFuzz_refusesSignaturesOfOtherLengths(uint8 length) public {
        vm.assume(length != 64 && length != 65);
        W3bstreamSettlement.Item memory item = anItem(1);
        item.assignmentSignature = new bytes(length);
        refuse(item, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, uint256(length)));
    }

    function testFuzz_refusesAnyChangedTask(uint8 field) public {
        W3bstreamSettlement.Item memory item = anItem(1);
        field = field % 5;
        if (field == 0) item.task.messagesRoot = keccak256("forged");
        if (field == 1) item.task.messageCount = 4;
        if (field == 2) item.task.inputCommitment = bytes32(uint256(9));
        if (field == 3) item.task.version = "0.2";
        if (field == 4) item.task.configHash = keccak256("forged");
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "assignment.task"));
    }

    // The proof

    function test_refusesAProofOverOtherOutputs() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        item.outputs = abi.encode(uint256(3), uint256(61), uint256(10), uint256(30));
        signResult(item, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(VerifierCall.ProofRejected.selector, address(verifier), bytes("")));
    }

    function testFuzz_refusesPublicInputsBeyondTheField(uint256 word, uint256 excess) public {
        word = word % 4;
        W3bstreamSettlement.Item memory item = anItem(1);
        uint256[4] memory outputs = [uint256(3), 60, 10, 30];
        // Anything from value + r up: the verifier itself would take the value modulo r.
        excess = bound(excess, 0, (type(uint256).max - outputs[word]) / Halo2Verification.R - 1);
        outputs[word] += Halo2Verification.R * (1 + excess);
        item.outputs = abi.encode(outputs);
        signResult(item, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 3 + word, outputs[word]));
    }

    function test_refusesAnInputCommitmentBeyondTheField() public {
        Task memory task = aTask(1);
        task.inputCommitment = bytes32(uint256(COMMITMENT) + Halo2Verification.R);
        refuse(
            make(task, SEQUENCER_KEY, PROVER_KEY),
            abi.encodeWithSelector(Halo2Verification.PublicInputNotInField.selector, 2, uint256(task.inputCommitment))
        );
    }

    function testFuzz_refusesTrailingOrMissingProofBytes(uint8 length) public {
        vm.assume(length != 64);
        W3bstreamSettlement.Item memory item = anItem(1);
        bytes memory proof = new bytes(length);
        for (uint256 i; i < length && i < 64; ++i) {
            proof[i] = item.proof[i];
        }
        item.proof = proof;
        signResult(item, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(VerifierCall.ProofLengthMismatch.selector, uint256(length), 64));
    }

    function testFuzz_refusesTrailingOrMissingOutputBytes(uint8 length) public {
        vm.assume(length != 128);
        W3bstreamSettlement.Item memory item = anItem(1);
        item.outputs = new bytes(length);
        signResult(item, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(VerifierCall.OutputsLengthMismatch.selector, uint256(length), 128));
    }

    function test_refusesAVerifierThatLostItsCode() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.etch(address(verifier), "");
        refuse(item, abi.encodeWithSelector(VerifierCall.VerifierWithoutCode.selector, address(verifier)));
    }

    function test_refusesAVerifierWhoseCodeChanged() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        bytes32 registered = address(verifier).codehash;
        vm.etch(address(verifier), hex"00");
        refuse(
            item,
            abi.encodeWithSelector(
                VerifierCall.VerifierCodeChanged.selector, address(verifier), keccak256(hex"00"), registered
            )
        );
    }

    function test_refusesAVerifierThatAnswersFalse() public {
        Verifier memory lax = entry();
        lax.verifier = address(new FalseVerifier());
        refuse(itemOf("lax", lax), abi.encodeWithSelector(VerifierCall.VerifierAnswered.selector, lax.verifier, 32));
    }

    function test_capsTheVerifiersGas() public {
        Verifier memory burning = entry();
        burning.verifier = address(new BurningVerifier());
        W3bstreamSettlement.Item memory item = itemOf("burning", burning);
        uint256 before = gasleft();
        refuse(item, abi.encodeWithSelector(VerifierCall.ProofRejected.selector, burning.verifier, bytes("")));
        vm.assertLe(before - gasleft(), 300_000);
    }

    function test_refusesToRunAVerifierOnTooLittleGas() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectPartialRevert(BoundedCall.InsufficientGas.selector);
        router.settle{gas: 120_000}(
            item.task,
            item.assignment,
            item.assignmentSignature,
            item.result,
            item.resultSignature,
            item.proof,
            item.outputs
        );
    }

    function test_refusesAnUnknownVersion() public {
        Task memory task = aTask(1);
        task.version = "0.2";
        refuse(
            make(task, SEQUENCER_KEY, PROVER_KEY),
            abi.encodeWithSelector(
                VerifierRegistry.VerifierNotRegistered.selector, verifiers.verifierKey(project, CONFIG, "0.2")
            )
        );
    }

    function test_refusesARevokedVerifier() public {
        verifiers.revokeVerifier(project, CONFIG, VERSION);
        refuse(
            anItem(1),
            abi.encodeWithSelector(
                VerifierRegistry.VerifierIsRevoked.selector, verifiers.verifierKey(project, CONFIG, VERSION)
            )
        );
    }

    function test_refusesAKindThatItDoesNotKnow() public {
        Verifier memory unknown = entry();
        unknown.kind = 3;
        W3bstreamSettlement.Item memory item = anItem(1);
        bytes32 key = verifiers.verifierKey(project, CONFIG, VERSION);
        // Of a registry that is not ours.
        vm.mockCall(
            address(verifiers),
            abi.encodeCall(verifiers.verifierOf, (key)),
            abi.encode(unknown, address(verifier).codehash)
        );
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.UnsupportedVerifierKind.selector, uint8(3)));
    }

    function test_refusesACommitmentThatTheCircuitDoesNotOpen() public {
        Verifier memory unbound = entry();
        unbound.inputBound = false;
        refuse(
            itemOf("unbound", unbound),
            abi.encodeWithSelector(W3bstreamSettlement.InputCommitmentNotBound.selector, COMMITMENT)
        );
    }

    function test_tellsTheDappThatNothingWasBound() public {
        Verifier memory unbound = entry();
        unbound.inputBound = false;
        verifiers.registerVerifier(project, CONFIG, "unbound", unbound);
        Task memory task = aTask(1);
        task.version = "unbound";
        task.inputCommitment = 0;
        settle(make(task, SEQUENCER_KEY, PROVER_KEY));
        (Settlement memory told,) = dapp.last();
        vm.assertFalse(told.inputBound);
    }

    // The project and its dApp

    function test_refusesAPausedProject() public {
        registrar.pauseProject(project);
        refuse(anItem(1), abi.encodeWithSelector(W3bstreamSettlement.ProjectPaused.selector, project));
        registrar.unpauseProject(project);
        settle(anItem(1));
        vm.assertEq(dapp.calls(), 1);
    }

    function test_refusesAProjectWithoutDapp() public {
        router.unbindDapp(project);
        refuse(anItem(1), abi.encodeWithSelector(W3bstreamSettlement.DappNotBound.selector, project));
    }

    function test_refusesADappThatLostItsCode() public {
        MoodyDapp moody = new MoodyDapp();
        router.bindDapp(project, address(moody));
        vm.etch(address(moody), "");
        refuse(anItem(1), abi.encodeWithSelector(W3bstreamSettlement.DappWithoutCode.selector, address(moody)));
    }

    function test_onlyTheOwnerBindsADappAndOnlyOneWithCode() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.NotProjectOwner.selector, project, other));
        vm.prank(other);
        router.bindDapp(project, address(dapp));
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.NotProjectOwner.selector, project, other));
        vm.prank(other);
        router.unbindDapp(project);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.NotProjectOwner.selector, project, other));
        vm.prank(other);
        router.setRewardHook(project, other, 1);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.DappWithoutCode.selector, other));
        router.bindDapp(project, other);
    }

    function test_aDappThatRevertsKeepsTheTaskOpen() public {
        MoodyDapp moody = new MoodyDapp();
        router.bindDapp(project, address(moody));
        W3bstreamSettlement.Item memory item = anItem(1);
        moody.set(MoodyDapp.Mode.Text);
        refuse(item, reverted(moody, abi.encodeWithSignature("Error(string)", "not today")));
        moody.set(MoodyDapp.Mode.Custom);
        refuse(item, reverted(moody, abi.encodeWithSelector(MoodyDapp.Moody.selector, 7)));
        moody.set(MoodyDapp.Mode.Bomb);
        refuse(item, reverted(moody, new bytes(router.MAX_DAPP_REASON_BYTES())));
        moody.set(MoodyDapp.Mode.Take);
        settle(item);
        vm.assertEq(moody.calls(), 1);
    }

    function test_aDappThatBurnsGasKeepsTheTaskOpen() public {
        MoodyDapp moody = new MoodyDapp();
        router.bindDapp(project, address(moody));
        moody.set(MoodyDapp.Mode.Burn);
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectRevert(reverted(moody, ""));
        router.settle{gas: 2_000_000}(
            item.task,
            item.assignment,
            item.assignmentSignature,
            item.result,
            item.resultSignature,
            item.proof,
            item.outputs
        );
        vm.assertFalse(router.consumed(project, sequencer, 1));
    }

    function test_aDappCannotReenter() public {
        ReentrantDapp reentrant = new ReentrantDapp();
        router.bindDapp(project, address(reentrant));
        W3bstreamSettlement.Item memory second = anItem(2);
        bytes memory locked = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);

        reentrant.arm(
            abi.encodeCall(
                router.settle,
                (
                    second.task,
                    second.assignment,
                    second.assignmentSignature,
                    second.result,
                    second.resultSignature,
                    second.proof,
                    second.outputs
                )
            )
        );
        refuse(anItem(1), reverted(address(reentrant), locked));

        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](1);
        items[0] = second;
        reentrant.arm(abi.encodeCall(router.settleMany, (items)));
        refuse(anItem(1), reverted(address(reentrant), locked));

        reentrant.arm(abi.encodeCall(router.settleItem, (second)));
        refuse(anItem(1), reverted(address(reentrant), abi.encodeWithSelector(W3bstreamSettlement.OnlySelf.selector)));

        items[0] = anItem(1);
        reentrant.arm(abi.encodeCall(router.settleMany, (items)));
        bool[] memory settled = router.settleMany(items);
        vm.assertFalse(settled[0]);
        vm.assertFalse(router.consumed(project, sequencer, 1));
    }

    // Rewards

    function test_aBrokenRewardHookHarmsNothing() public {
        PointsHook hook = new PointsHook();
        hook.breakDown();
        router.setRewardHook(project, address(hook), 100_000);
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.RewardFailed(item.assignment.task, address(hook), "");
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function test_aRewardHookWithoutCodeIsRefusedOrReported() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.RewardHookWithoutCode.selector, other));
        router.setRewardHook(project, other, 1);
        PointsHook hook = new PointsHook();
        router.setRewardHook(project, address(hook), 100_000);
        vm.etch(address(hook), "");
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.RewardFailed(item.assignment.task, address(hook), "");
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function testFuzz_aSubmitterCannotStarveTheRewardHook(uint256 gasLimit) public {
        PointsHook hook = new PointsHook();
        hook.setSpend(300_000);
        router.setRewardHook(project, address(hook), 400_000);
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](1);
        items[0] = anItem(1);
        items[0].gasLimit = bound(gasLimit, 0, 1_500_000);
        bool settled = router.settleMany(items)[0];
        vm.assertEq(hook.points(prover), settled ? 1 : 0);
    }

    function test_boundsTheRewardHooksGas() public {
        vm.expectRevert(
            abi.encodeWithSelector(W3bstreamSettlement.RewardGasTooHigh.selector, uint32(500_001), uint32(500_000))
        );
        router.setRewardHook(project, other, 500_001);
    }

    // Batches

    function test_settlesManyWithOneCall() public {
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](8);
        for (uint64 i; i < items.length; ++i) {
            items[i] = anItem(i);
        }
        bool[] memory settled = router.settleMany(items);
        for (uint64 i; i < items.length; ++i) {
            vm.assertTrue(settled[i]);
            vm.assertTrue(router.consumed(project, sequencer, i));
        }
        vm.assertEq(dapp.calls(), 8);
    }

    function test_itemsThatRevertOrBurnGasHarmNoOther() public {
        PickyDapp picky = new PickyDapp();
        router.bindDapp(project, address(picky));
        // 2: taken; 5: reverts; 3: burns its gas; 2 again: settled already; 4: taken.
        uint64[5] memory numbers = [uint64(2), 5, 3, 2, 4];
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](5);
        for (uint256 i; i < items.length; ++i) {
            items[i] = anItem(numbers[i]);
        }
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.ItemFailed(
            1, items[1].assignment.task, reverted(address(picky), abi.encodeWithSignature("Error(string)", "odd"))
        );
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.ItemFailed(2, items[2].assignment.task, reverted(address(picky), ""));
        vm.expectEmit(address(router));
        emit W3bstreamSettlement.ItemFailed(
            3,
            items[3].assignment.task,
            abi.encodeWithSelector(W3bstreamSettlement.TaskAlreadySettled.selector, project, sequencer, uint64(2))
        );
        bool[] memory settled = router.settleMany{gas: 3_500_000}(items);
        vm.assertEq(keccak256(abi.encode(settled)), keccak256(abi.encode(boolsOf(true, false, false, false, true))));
        vm.assertEq(picky.calls(), 2);
        vm.assertTrue(router.consumed(project, sequencer, 2));
        vm.assertTrue(router.consumed(project, sequencer, 4));
        vm.assertFalse(router.consumed(project, sequencer, 3));
        vm.assertFalse(router.consumed(project, sequencer, 5));
    }

    function test_anItemWithoutEnoughGasLeftIsReportedAndLeftOpen() public {
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](2);
        items[0] = anItem(1);
        items[1] = anItem(2);
        items[1].gasLimit = 10_000_000;
        bool[] memory settled = router.settleMany{gas: 2_000_000}(items);
        vm.assertTrue(settled[0]);
        vm.assertFalse(settled[1]);
        vm.assertFalse(router.consumed(project, sequencer, 2));
    }

    function testFuzz_noItemsGasCanCostAnotherItsSettlement(uint256 gasInHand, uint256 burnt) public {
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](16);
        for (uint64 i; i < items.length; ++i) {
            items[i] = anItem(i);
            if (i > 0) items[i].gasLimit = bound(burnt, 0, 30_000);
        }
        // From the gas that reports of all items take, to more than the first item needs.
        gasInHand = bound(gasInHand, 550_000, 1_300_000);
        bool[] memory settled = router.settleMany{gas: gasInHand}(items);
        vm.assertTrue(settled[0] || gasInHand < 1_150_000);
        vm.assertTrue(router.consumed(project, sequencer, 0) == settled[0]);
    }

    function test_anItemThatAsksForEndlessGasHarmsNoOther() public {
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](2);
        items[0] = anItem(1);
        items[0].gasLimit = type(uint256).max;
        items[1] = anItem(2);
        bool[] memory settled = router.settleMany(items);
        vm.assertFalse(settled[0]);
        vm.assertTrue(settled[1]);
    }

    function test_onlyTheRouterRunsItems() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamSettlement.OnlySelf.selector));
        router.settleItem(item);
    }

    // Support

    /// An item of a version with another verifier entry.
    function itemOf(string memory version, Verifier memory another) private returns (W3bstreamSettlement.Item memory) {
        verifiers.registerVerifier(project, CONFIG, version, another);
        Task memory task = aTask(1);
        task.version = version;
        return make(task, SEQUENCER_KEY, PROVER_KEY);
    }

    function reverted(MoodyDapp target, bytes memory reason) private pure returns (bytes memory) {
        return reverted(address(target), reason);
    }

    function reverted(address target, bytes memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(W3bstreamSettlement.DappReverted.selector, target, reason);
    }

    function boolsOf(bool a, bool b, bool c, bool d, bool e) private pure returns (bool[] memory all) {
        all = new bool[](5);
        (all[0], all[1], all[2], all[3], all[4]) = (a, b, c, d, e);
    }
}
