// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {RiscZeroGroth16Verifier} from "@w3bstream/contracts/src/RiscZeroGroth16Verifier.sol";
import {RiscZeroVerifierRouter} from "@w3bstream/contracts/src/RiscZeroVerifierRouter.sol";
import {RiscZeroSelector} from "@w3bstream/contracts/src/libraries/RiscZeroSelector.sol";
import {VerifierCall} from "@w3bstream/contracts/src/libraries/VerifierCall.sol";
import {Receipt, deployRiscZeroVerifier, publishedReceipt} from "./support/PublishedReceipt.sol";
import {StandInRiscZero} from "./support/StandInRiscZero.sol";
import {vm} from "./support/Vm.sol";

/// Takes everything.
contract LaxVerifier {
    fallback() external {}
}

/// Answers instead of reverting.
contract AnsweringVerifier {
    bytes4 public constant SELECTOR = "next";

    function verify(bytes calldata, bytes32, bytes32) external pure returns (bool) {
        return false;
    }
}

contract RiscZeroVerifierRouterTest {
    bytes4 private constant RELEASE_3 = 0x73c457ba;
    address private constant GUARDIAN = address(0x6A4D);
    address private constant STRANGER = address(0x57A);

    RiscZeroGroth16Verifier private verifier;
    RiscZeroVerifierRouter private router;
    Receipt private receipt;
    bytes32 private journalDigest;

    function setUp() public {
        verifier = deployRiscZeroVerifier();
        router = new RiscZeroVerifierRouter(address(this), GUARDIAN);
        router.addVerifier(RELEASE_3, address(verifier));
        receipt = publishedReceipt();
        journalDigest = sha256(receipt.journal);
    }

    function test_handsASealToTheVerifierOfItsSelector() public {
        check(receipt.seal);
        vm.assertEq(router.getVerifier(RELEASE_3), address(verifier));
        vm.expectRevert(abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector));
        router.verify(receipt.seal, receipt.imageId, ~journalDigest);
    }

    function test_handsOnWhatTheVerifierRefusesWith() public {
        vm.expectRevert(abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, 261, 260));
        check(abi.encodePacked(receipt.seal, bytes1(0)));
    }

    function testFuzz_refusesSelectorsThatItDoesNotKnow(bytes4 selector) public {
        vm.assume(selector != RELEASE_3 && selector != 0xffffffff && selector != 0xffff0000 && !ofSets(selector));
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.SelectorUnknown.selector, selector));
        check(abi.encodePacked(selector, new bytes(256)));
    }

    function test_saysWhyItRefusesReceiptsOfDevelopmentMode() public {
        bytes4[2] memory fakes = [bytes4(0xffffffff), bytes4(0xffff0000)];
        for (uint256 i; i < fakes.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(RiscZeroSelector.FakeReceipt.selector, fakes[i]);
            vm.expectRevert(reason);
            check(abi.encodePacked(fakes[i], bytes32("claim")));
            vm.expectRevert(reason);
            router.addVerifier(fakes[i], address(verifier));
        }
    }

    function test_saysWhyItRefusesSetInclusion() public {
        bytes4[7] memory sets = setSelectors();
        for (uint256 i; i < sets.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(RiscZeroSelector.SetInclusionSeal.selector, sets[i]);
            vm.expectRevert(reason);
            check(abi.encodePacked(sets[i], new bytes(256)));
            vm.expectRevert(reason);
            router.addVerifier(sets[i], address(verifier));
        }
    }

    function testFuzz_refusesSealsWithoutASelector(uint8 length) public {
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.SealWithoutSelector.selector));
        check(new bytes(length % 4));
    }

    function test_setsASelectorOnce() public {
        StandInRiscZero another = new StandInRiscZero();
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.SelectorInUse.selector, RELEASE_3));
        router.addVerifier(RELEASE_3, address(another));
        vm.assertEq(router.getVerifier(RELEASE_3), address(verifier));
    }

    function test_aRemovedSelectorStaysRemoved() public {
        vm.expectEmit(address(router));
        emit RiscZeroVerifierRouter.VerifierRemoved(RELEASE_3, address(verifier));
        router.removeVerifier(RELEASE_3);
        bytes memory reason = abi.encodeWithSelector(RiscZeroVerifierRouter.SelectorRemoved.selector, RELEASE_3);
        vm.expectRevert(reason);
        check(receipt.seal);
        vm.expectRevert(reason);
        router.getVerifier(RELEASE_3);
        vm.expectRevert(reason);
        router.removeVerifier(RELEASE_3);
        vm.expectRevert(reason);
        router.addVerifier(RELEASE_3, address(verifier));
    }

    function test_takesOnlyAVerifierOfTheSelectorItself() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                RiscZeroVerifierRouter.VerifierOfOtherSelector.selector, address(verifier), RELEASE_3, bytes4("next")
            )
        );
        router.addVerifier("next", address(verifier));
        vm.expectRevert(abi.encodeWithSelector(VerifierCall.VerifierWithoutCode.selector, STRANGER));
        router.addVerifier("next", STRANGER);
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.SelectorUnknown.selector, bytes4("next")));
        router.removeVerifier("next");
    }

    function test_aVerifierThatLostItsCodeTakesNothing() public {
        vm.etch(address(verifier), "");
        (bool success,) =
            address(router).staticcall(abi.encodeCall(router.verify, (receipt.seal, receipt.imageId, journalDigest)));
        vm.assertFalse(success);
    }

    /// As an account can that delegates to one contract today and to another tomorrow (EIP-7702).
    function test_aVerifierCannotBecomeAnother() public {
        bytes32 registered = address(verifier).codehash;
        address lax = address(new LaxVerifier());
        vm.etch(address(verifier), lax.code);
        vm.expectRevert(
            abi.encodeWithSelector(
                VerifierCall.VerifierCodeChanged.selector, address(verifier), lax.codehash, registered
            )
        );
        check(abi.encodePacked(RELEASE_3, new bytes(256)));
    }

    function test_aVerifierCannotBecomeAnotherByBeingSetAgain() public {
        vm.etch(address(verifier), address(new AnsweringVerifier()).code);
        router.addVerifier("next", address(verifier));
        vm.expectPartialRevert(VerifierCall.VerifierCodeChanged.selector);
        check(receipt.seal);
    }

    /// It may mean no by it.
    function test_refusesAVerifierThatAnswers() public {
        address answering = address(new AnsweringVerifier());
        router.addVerifier("next", answering);
        vm.expectRevert(abi.encodeWithSelector(VerifierCall.VerifierAnswered.selector, answering, 32));
        check(abi.encodePacked(bytes4("next"), new bytes(256)));
    }

    function test_theGuardianStopsEverythingForGood() public {
        vm.expectEmit(address(router));
        emit RiscZeroVerifierRouter.Stopped(GUARDIAN);
        vm.prank(GUARDIAN);
        router.stop();
        stays();
    }

    function test_theOwnerStopsEverythingForGood() public {
        router.stop();
        stays();
    }

    function test_onlyItsOwnerChanges() public {
        bytes memory refusal = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, GUARDIAN);
        vm.expectRevert(refusal);
        vm.prank(GUARDIAN);
        router.addVerifier("next", address(verifier));
        vm.expectRevert(refusal);
        vm.prank(GUARDIAN);
        router.removeVerifier(RELEASE_3);
        vm.expectRevert(refusal);
        vm.prank(GUARDIAN);
        router.setGuardian(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.NotGuardian.selector, STRANGER));
        vm.prank(STRANGER);
        router.stop();
        router.setGuardian(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.NotGuardian.selector, GUARDIAN));
        vm.prank(GUARDIAN);
        router.stop();
        vm.prank(STRANGER);
        router.stop();
    }

    function test_isNeverWithoutAnOwner() public {
        vm.expectRevert(abi.encodeWithSelector(RiscZeroVerifierRouter.CannotRenounce.selector));
        router.renounceOwnership();
        router.transferOwnership(STRANGER);
        vm.assertEq(router.owner(), address(this));
        vm.prank(STRANGER);
        router.acceptOwnership();
        vm.assertEq(router.owner(), STRANGER);
    }

    function stays() private {
        bytes memory reason = abi.encodeWithSelector(RiscZeroVerifierRouter.IsStopped.selector);
        vm.assertTrue(router.stopped());
        vm.expectRevert(reason);
        check(receipt.seal);
        vm.expectRevert(reason);
        router.getVerifier(RELEASE_3);
        vm.expectRevert(reason);
        router.stop();
    }

    function check(bytes memory seal) private view {
        router.verify(seal, receipt.imageId, journalDigest);
    }

    /// Of RISC Zero's set verifiers 0.1, 0.2, 0.4, 0.5, 0.6, 0.7 and 0.9.
    function setSelectors() private pure returns (bytes4[7] memory) {
        return [bytes4(0xbfca9ccb), 0x16a15cc8, 0xf443ad7b, 0xf2e6e6dc, 0x80479d24, 0x0f63ffd5, 0x242f9d5b];
    }

    function ofSets(bytes4 selector) private pure returns (bool found) {
        bytes4[7] memory sets = setSelectors();
        for (uint256 i; i < sets.length; ++i) {
            if (sets[i] == selector) found = true;
        }
    }
}
