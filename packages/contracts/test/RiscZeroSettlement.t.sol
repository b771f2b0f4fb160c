// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RiscZeroGroth16Verifier} from "@w3bstream/contracts/src/RiscZeroGroth16Verifier.sol";
import {RiscZeroVerifierRouter} from "@w3bstream/contracts/src/RiscZeroVerifierRouter.sol";
import {Verifier, VerifierKind} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";
import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";
import {RiscZeroVerification} from "@w3bstream/contracts/src/libraries/RiscZeroVerification.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {Receipt, deployRiscZeroVerifier, publishedReceipt} from "./support/PublishedReceipt.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {StandInRiscZero} from "./support/StandInRiscZero.sol";
import {BurningVerifier, FalseVerifier} from "./support/ToyVerifier.sol";
import {vm} from "./support/Vm.sol";

/// Settlement of guests, with a stand-in for the Groth16 verifier: a receipt over a binding of our own takes a prover that
/// these tests do not have. The real verifier is asked, too, and refuses what is not a proof.
contract RiscZeroSettlementTest is SettlementFixture {
    bytes32 private constant IMAGE = keccak256("image");
    string private constant GUEST = "guest";

    StandInRiscZero private standIn;
    RiscZeroVerifierRouter private gate;

    function setUp() public override {
        super.setUp();
        standIn = new StandInRiscZero();
        gate = new RiscZeroVerifierRouter(address(this), other);
        gate.addVerifier(standIn.SELECTOR(), address(standIn));
        verifiers.registerVerifier(project, CONFIG, GUEST, guest(address(standIn)));
    }

    function test_settlesAGuestAndTellsTheDappDecodedOutputs() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        settle(item);
        vm.assertTrue(router.consumed(project, sequencer, 1));
        (Settlement memory told, uint256[] memory outputs) = dapp.last();
        vm.assertEq(told.verifierKey, verifiers.verifierKey(project, CONFIG, GUEST));
        vm.assertEq(told.prover, prover);
        vm.assertTrue(told.inputBound);
        vm.assertEq(keccak256(abi.encodePacked(outputs)), keccak256(item.outputs));
    }

    function test_settlesThroughTheRouter() public {
        settle(guestItem("routed", guest(address(gate))));
        vm.assertEq(dapp.calls(), 1);
    }

    /// A guest's words are no field elements: they may have any value.
    function testFuzz_takesOutputsOfAnyValue(uint256[4] memory words) public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.outputs = abi.encodePacked(words);
        reprove(item);
        settle(item);
        (, uint256[] memory outputs) = dapp.last();
        vm.assertEq(keccak256(abi.encodePacked(outputs)), keccak256(item.outputs));
    }

    function test_takesACommitmentBeyondTheHalo2Field() public {
        Task memory task = aTask(1);
        task.version = GUEST;
        task.inputCommitment = bytes32(Halo2Verification.R + 1);
        settle(guestItemOf(task));
        vm.assertEq(dapp.calls(), 1);
    }

    /// A commitment of zero is of a task whose scheme binds nothing, whatever the guest was registered as.
    function test_tellsTheDappThatNothingIsBoundWithoutACommitment() public {
        Task memory task = aTask(1);
        task.version = GUEST;
        task.inputCommitment = 0;
        settle(guestItemOf(task));
        (Settlement memory told,) = dapp.last();
        vm.assertFalse(told.inputBound);
    }

    // The journal is built here

    function test_refusesAProofOfAnotherTaskOrProver() public {
        W3bstreamSettlement.Item memory honest = guestItem(1);
        Task memory task = aTask(1);
        task.version = GUEST;
        W3bstreamSettlement.Item memory copy = make(task, SEQUENCER_KEY, OTHER_KEY);
        copy.proof = honest.proof;
        signResult(copy, OTHER_KEY);
        refuse(copy, rejected());
        W3bstreamSettlement.Item memory next = guestItem(2);
        next.proof = honest.proof;
        signResult(next, PROVER_KEY);
        refuse(next, rejected());
    }

    function test_refusesAValidProofOverOtherReadings() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        bytes memory journal = abi.encodePacked(bindingOf(item), bytes32(uint256(COMMITMENT) ^ 1), item.outputs);
        item.proof = standIn.prove(IMAGE, journal);
        signResult(item, PROVER_KEY);
        refuse(item, rejected());
    }

    function test_refusesAProofOverOtherOutputs() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.outputs = abi.encode(uint256(3), uint256(61), uint256(10), uint256(30));
        signResult(item, PROVER_KEY);
        refuse(item, rejected());
    }

    function test_refusesAProofOfAnotherGuest() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        bytes memory journal = abi.encodePacked(bindingOf(item), COMMITMENT, item.outputs);
        item.proof = standIn.prove(keccak256("another image"), journal);
        signResult(item, PROVER_KEY);
        refuse(item, rejected());
    }

    function testFuzz_refusesOtherOutputLengths(uint16 length) public {
        length = length % 1024;
        vm.assume(length != 128);
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.outputs = new bytes(length);
        reprove(item);
        refuse(item, abi.encodeWithSelector(VerifierCall.OutputsLengthMismatch.selector, uint256(length), 128));
    }

    // The seal

    function testFuzz_refusesOtherSealLengths(uint16 length) public {
        length = length % 1024;
        vm.assume(length != 260);
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.proof = resized(item.proof, length);
        signResult(item, PROVER_KEY);
        refuse(item, abi.encodeWithSelector(VerifierCall.ProofLengthMismatch.selector, uint256(length), 260));
    }

    function testFuzz_refusesASelectorOtherThanTheRegisteredOne(bytes4 selector) public {
        vm.assume(selector != standIn.SELECTOR());
        refuseSelector(selector);
    }

    function test_refusesFakeReceiptsAndSetInclusion() public {
        refuseSelector(0xffffffff);
        refuseSelector(0x242f9d5b);
    }

    function test_saysWhyTheRoutersSelectorIsNoMore() public {
        W3bstreamSettlement.Item memory item = guestItem("routed", guest(address(gate)));
        gate.removeVerifier(0x73c457ba);
        refuse(
            item,
            rejected(
                address(gate),
                abi.encodeWithSelector(RiscZeroVerifierRouter.SelectorRemoved.selector, bytes4(0x73c457ba))
            )
        );
    }

    function test_nothingSettlesThroughAStoppedRouter() public {
        W3bstreamSettlement.Item memory item = guestItem("routed", guest(address(gate)));
        vm.prank(other);
        gate.stop();
        refuse(item, rejected(address(gate), abi.encodeWithSelector(RiscZeroVerifierRouter.IsStopped.selector)));
    }

    // Malleability

    function test_anotherProofOfTheSameStatementSettlesNothingTwice() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        W3bstreamSettlement.Item memory again = guestItem(1);
        again.proof[259] = 0x01;
        standIn.verify(again.proof, IMAGE, sha256(abi.encodePacked(bindingOf(again), COMMITMENT, again.outputs)));
        signResult(again, PROVER_KEY);
        settle(item);
        bytes memory reason =
            abi.encodeWithSelector(W3bstreamSettlement.TaskAlreadySettled.selector, project, sequencer, uint64(1));
        vm.expectRevert(reason);
        settle(again);
        vm.expectRevert(reason);
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    function test_aStrangerCannotExchangeTheProofThatWasSigned() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.proof[259] = 0x01;
        refuse(item, abi.encodeWithSelector(W3bstreamSettlement.Mismatch.selector, "result.proofHash"));
    }

    function test_theProverMaySettleWithEitherProof() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        item.proof[259] = 0x01;
        signResult(item, PROVER_KEY);
        settle(item);
        vm.assertEq(dapp.calls(), 1);
    }

    // The contract that verifies

    function test_refusesAVerifierThatLostOrChangedItsCode() public {
        W3bstreamSettlement.Item memory item = guestItem(1);
        bytes32 registered = address(standIn).codehash;
        vm.etch(address(standIn), hex"00");
        refuse(
            item,
            abi.encodeWithSelector(
                VerifierCall.VerifierCodeChanged.selector, address(standIn), keccak256(hex"00"), registered
            )
        );
        vm.etch(address(standIn), "");
        refuse(item, abi.encodeWithSelector(VerifierCall.VerifierWithoutCode.selector, address(standIn)));
    }

    function test_refusesAVerifierThatAnswers() public {
        address lax = address(new FalseVerifier());
        refuse(guestItem("lax", guest(lax)), abi.encodeWithSelector(VerifierCall.VerifierAnswered.selector, lax, 32));
    }

    function test_capsTheVerifiersGas() public {
        address burning = address(new BurningVerifier());
        W3bstreamSettlement.Item memory item = guestItem("burning", guest(burning));
        uint256 before = gasleft();
        refuse(item, rejected(burning, ""));
        vm.assertLe(before - gasleft(), 700_000);
    }

    function test_refusesACommitmentThatTheGuestDoesNotOpen() public {
        Verifier memory unbound = guest(address(standIn));
        unbound.inputBound = false;
        refuse(
            guestItem("unbound", unbound),
            abi.encodeWithSelector(W3bstreamSettlement.InputCommitmentNotBound.selector, COMMITMENT)
        );
    }

    // The real verifier

    function test_theRealVerifierRefusesAStandInsSeal() public {
        RiscZeroGroth16Verifier real = deployRiscZeroVerifier();
        refuse(
            guestItem("real", guest(address(real))),
            rejected(
                address(real),
                abi.encodeWithSelector(RiscZeroGroth16Verifier.CoordinateNotInField.selector, 0, sealWord())
            )
        );
    }

    function test_theRealVerifierRefusesAReceiptOfAnotherJournal() public {
        RiscZeroGroth16Verifier real = deployRiscZeroVerifier();
        RiscZeroVerifierRouter realGate = new RiscZeroVerifierRouter(address(this), other);
        realGate.addVerifier(real.SELECTOR(), address(real));
        Receipt memory receipt = publishedReceipt();
        Verifier memory published = guest(address(realGate));
        published.imageId = receipt.imageId;
        W3bstreamSettlement.Item memory item = guestItem("real", published);
        item.proof = receipt.seal;
        signResult(item, PROVER_KEY);
        refuse(item, rejected(address(realGate), abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector)));
    }

    // Support

    function guest(address target) private view returns (Verifier memory) {
        return Verifier({
            verifier: target,
            kind: VerifierKind.RISC0,
            outputWords: 4,
            proofBytes: 260,
            verifyGas: 400_000,
            inputBound: true,
            imageId: IMAGE,
            selector: standIn.SELECTOR()
        });
    }

    function guestItem(uint64 number) private view returns (W3bstreamSettlement.Item memory) {
        Task memory task = aTask(number);
        task.version = GUEST;
        return guestItemOf(task);
    }

    function guestItem(string memory version, Verifier memory entry_)
        private
        returns (W3bstreamSettlement.Item memory)
    {
        verifiers.registerVerifier(project, CONFIG, version, entry_);
        Task memory task = aTask(1);
        task.version = version;
        return guestItemOf(task);
    }

    function guestItemOf(Task memory task) private view returns (W3bstreamSettlement.Item memory item) {
        item = make(task, SEQUENCER_KEY, PROVER_KEY);
        reprove(item);
    }

    function reprove(W3bstreamSettlement.Item memory item) private view {
        item.proof = standIn.prove(IMAGE, abi.encodePacked(bindingOf(item), item.task.inputCommitment, item.outputs));
        signResult(item, PROVER_KEY);
    }

    function bindingOf(W3bstreamSettlement.Item memory item) private view returns (bytes32) {
        return router.binding(item.assignment.task, item.assignment.prover);
    }

    function sealWord() private view returns (uint256) {
        Task memory task = aTask(1);
        task.version = "real";
        return uint256(bytes32(slice(guestItemOf(task).proof)));
    }

    function slice(bytes memory seal) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(seal, 0x24))
        }
    }

    function resized(bytes memory seal, uint256 length) private pure returns (bytes memory other_) {
        other_ = new bytes(length);
        for (uint256 i; i < length && i < seal.length; ++i) {
            other_[i] = seal[i];
        }
    }

    function refuseSelector(bytes4 selector) private {
        W3bstreamSettlement.Item memory item = guestItem(1);
        for (uint256 i; i < 4; ++i) {
            item.proof[i] = selector[i];
        }
        signResult(item, PROVER_KEY);
        refuse(
            item, abi.encodeWithSelector(RiscZeroVerification.SelectorMismatch.selector, selector, bytes4(0x73c457ba))
        );
    }

    function rejected() private view returns (bytes memory) {
        return rejected(address(standIn), abi.encodeWithSelector(StandInRiscZero.NotProven.selector));
    }

    function rejected(address target, bytes memory reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(VerifierCall.ProofRejected.selector, target, reason);
    }
}
