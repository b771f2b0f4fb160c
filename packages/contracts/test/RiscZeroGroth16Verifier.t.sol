// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RiscZeroGroth16Verifier} from "@w3bstream/contracts/src/RiscZeroGroth16Verifier.sol";
import {Bn254} from "@w3bstream/contracts/src/libraries/Bn254.sol";
import {RiscZeroDigest} from "@w3bstream/contracts/src/libraries/RiscZeroDigest.sol";
import {
    Receipt,
    closeSeal,
    deployRiscZeroVerifier,
    malleated,
    openSeal,
    publishedReceipt
} from "./support/PublishedReceipt.sol";
import {bound, vm} from "./support/Vm.sol";

/// Calls the library, so that its reverts can be expected.
contract Bn254Harness {
    function pairing(bytes memory pairs) external view returns (bool) {
        return Bn254.pairing(pairs);
    }

    function multiply(Bn254.G1 memory point, uint256 scalar) external view returns (Bn254.G1 memory) {
        return Bn254.multiply(point, scalar);
    }
}

contract RiscZeroGroth16VerifierTest {
    RiscZeroGroth16Verifier private verifier;
    Receipt private receipt;
    bytes32 private journalDigest;

    function setUp() public {
        verifier = deployRiscZeroVerifier();
        receipt = publishedReceipt();
        journalDigest = sha256(receipt.journal);
    }

    function test_takesThePublishedReceipt() public view {
        verifier.verify(receipt.seal, receipt.imageId, journalDigest);
        vm.assertEq(receipt.journal, "just a simple receipt");
        vm.assertEq(verifier.CONTROL_ROOT(), receipt.controlRoot);
        vm.assertEq(verifier.BN254_CONTROL_ID(), receipt.bn254ControlId);
    }

    function test_theSelectorIsThatOfRelease3() public view {
        vm.assertEq(bytes32(verifier.SELECTOR()), bytes32(bytes4(0x73c457ba)));
    }

    /// Release 5's candidate keeps the verifying key; its receipts are of other recursion programs.
    function test_refusesTheParametersOfAnotherRelease() public {
        vm.expectPartialRevert(RiscZeroGroth16Verifier.WrongParameters.selector);
        new RiscZeroGroth16Verifier(keccak256("another release"), receipt.bn254ControlId);
        vm.expectPartialRevert(RiscZeroGroth16Verifier.WrongParameters.selector);
        new RiscZeroGroth16Verifier(receipt.controlRoot, RiscZeroDigest.reverse(receipt.bn254ControlId));
    }

    function testFuzz_anyOtherParametersHaveAnotherSelector(bytes32 change, bool ofRoot) public {
        vm.assume(change != 0);
        (bytes32 root, bytes32 id) = (receipt.controlRoot, receipt.bn254ControlId);
        if (ofRoot) root ^= change;
        else id ^= change;
        try new RiscZeroGroth16Verifier(root, id) {
            revert("taken");
        } catch (bytes memory reason) {
            bytes4 kind;
            bytes32 digest;
            assembly ("memory-safe") {
                kind := mload(add(reason, 0x20))
                digest := mload(add(reason, 0x24))
            }
            vm.assertEq(bytes32(kind), bytes32(RiscZeroGroth16Verifier.WrongParameters.selector));
            vm.assertTrue(bytes4(digest) != 0x73c457ba);
        }
    }

    function test_constantsAreTheHashesThatTheyAreSaidToBe() public pure {
        vm.assertEq(RiscZeroDigest.CLAIM_TAG, sha256("risc0.ReceiptClaim"));
        vm.assertEq(RiscZeroDigest.OUTPUT_TAG, sha256("risc0.Output"));
        vm.assertEq(
            RiscZeroDigest.HALTED_STATE,
            sha256(abi.encodePacked(sha256("risc0.SystemState"), bytes32(0), uint32(0), hex"0100"))
        );
    }

    /// Of (0x00..03, 0x01..00): each digest's bytes are read little end first.
    function test_halvesReadBytesLittleEndFirst() public pure {
        (uint256 low, uint256 high) = RiscZeroDigest.halves(bytes32(uint256(1) << 248 | 3));
        vm.assertEq(low, 1);
        vm.assertEq(high, uint256(3) << 120);
    }

    function testFuzz_reversingTwiceChangesNothing(bytes32 digest, uint8 index) public pure {
        index = index % 32;
        vm.assertEq(RiscZeroDigest.reverse(RiscZeroDigest.reverse(digest)), digest);
        vm.assertEq(uint256(uint8(RiscZeroDigest.reverse(digest)[index])), uint256(uint8(digest[31 - index])));
    }

    // Tampering in every field

    function testFuzz_refusesAnotherSelector(bytes4 change) public {
        vm.assume(change != 0);
        (bytes4 selector, uint256[8] memory proof) = openSeal(receipt.seal);
        refuse(
            closeSeal(selector ^ change, proof),
            abi.encodeWithSelector(RiscZeroGroth16Verifier.SelectorMismatch.selector, selector ^ change, selector)
        );
    }

    function test_refusesAFakeReceipt() public {
        bytes memory fake = abi.encodePacked(bytes4(0xffffffff), keccak256("claim"));
        refuse(fake, abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, 36, 260));
        (, uint256[8] memory proof) = openSeal(receipt.seal);
        refuse(
            closeSeal(0xffffffff, proof),
            abi.encodeWithSelector(
                RiscZeroGroth16Verifier.SelectorMismatch.selector, bytes4(0xffffffff), bytes4(0x73c457ba)
            )
        );
    }

    function testFuzz_refusesAnotherImage(bytes32 change) public {
        vm.assume(change != 0);
        vm.expectRevert(abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector));
        verifier.verify(receipt.seal, receipt.imageId ^ change, journalDigest);
    }

    /// The eight words of an image id, each turned round: as one has them who reads the words big end first.
    function test_refusesTheImageWithItsWordsTurnedRound() public {
        bytes32 turned = RiscZeroDigest.reverse(receipt.imageId);
        uint256 mixed;
        for (uint256 i; i < 8; ++i) {
            mixed |= ((uint256(turned) >> (32 * i)) & 0xffffffff) << (224 - 32 * i);
        }
        vm.expectRevert(abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector));
        verifier.verify(receipt.seal, bytes32(mixed), journalDigest);
    }

    function testFuzz_refusesAnotherJournal(bytes memory journal) public {
        bytes32 digest = sha256(journal);
        vm.assume(digest != journalDigest);
        vm.expectRevert(abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector));
        verifier.verify(receipt.seal, receipt.imageId, digest);
    }

    function testFuzz_refusesAnyOtherBytesOfTheProof(uint16 index, uint8 change) public view {
        vm.assume(change != 0);
        bytes memory seal = receipt.seal;
        seal[4 + index % 256] ^= bytes1(change);
        refuseSomehow(seal);
    }

    /// Each of a, b and c, exchanged for another point of its group.
    function test_refusesOtherPointsOfTheGroups() public {
        (bytes4 selector, uint256[8] memory honest) = openSeal(receipt.seal);
        bytes memory invalid = abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector);
        uint256[8] memory proof = copy(honest);
        proof[1] = Bn254.P - proof[1];
        refuse(closeSeal(selector, proof), invalid);
        proof = copy(honest);
        (proof[4], proof[5]) = (Bn254.P - proof[4], Bn254.P - proof[5]);
        refuse(closeSeal(selector, proof), invalid);
        proof = copy(honest);
        proof[7] = Bn254.P - proof[7];
        refuse(closeSeal(selector, proof), invalid);
        proof = copy(honest);
        (proof[0], proof[1], proof[6], proof[7]) = (honest[6], honest[7], honest[0], honest[1]);
        refuse(closeSeal(selector, proof), invalid);
    }

    function testFuzz_refusesOtherLengths(uint16 length) public {
        length = length % 2048;
        vm.assume(length != 260);
        bytes memory seal = new bytes(length);
        for (uint256 i; i < length && i < 260; ++i) {
            seal[i] = receipt.seal[i];
        }
        refuse(seal, abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, uint256(length), 260));
    }

    function test_refusesTheLengthsNextToTheRightOne() public {
        refuse(
            abi.encodePacked(receipt.seal, bytes1(0)),
            abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, 261, 260)
        );
        bytes memory seal = receipt.seal;
        assembly ("memory-safe") {
            mstore(seal, 259)
        }
        refuse(seal, abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, 259, 260));
        refuse("", abi.encodeWithSelector(RiscZeroGroth16Verifier.SealLengthMismatch.selector, 0, 260));
    }

    function testFuzz_refusesCoordinatesBeyondTheField(uint8 index, uint256 times) public {
        index = index % 8;
        (bytes4 selector, uint256[8] memory proof) = openSeal(receipt.seal);
        proof[index] += Bn254.P * bound(times, 1, (type(uint256).max - proof[index]) / Bn254.P);
        refuse(
            closeSeal(selector, proof),
            abi.encodeWithSelector(RiscZeroGroth16Verifier.CoordinateNotInField.selector, uint256(index), proof[index])
        );
    }

    function testFuzz_refusesPointsOffTheirCurves(uint8 index) public {
        index = index % 8;
        (bytes4 selector, uint256[8] memory proof) = openSeal(receipt.seal);
        proof[index] = addmod(proof[index], 1, Bn254.P);
        refuse(closeSeal(selector, proof), abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
    }

    /// On the curve of the second group's points, and not one of them.
    function test_refusesAPointOutsideTheSubgroup() public {
        (bytes4 selector, uint256[8] memory proof) = openSeal(receipt.seal);
        (proof[2], proof[3]) = (0, 1);
        proof[4] = 5912654199736721486680175016176231956195085055698687135131307249486702594212;
        proof[5] = 18278151005453108793778860132295291098363647455926340152056652516292830556603;
        refuse(closeSeal(selector, proof), abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
    }

    function test_refusesPointsAtInfinity() public {
        bytes memory reason = abi.encodeWithSelector(RiscZeroGroth16Verifier.PointAtInfinity.selector);
        (bytes4 selector, uint256[8] memory honest) = openSeal(receipt.seal);
        uint256[8] memory proof = copy(honest);
        (proof[0], proof[1]) = (0, 0);
        refuse(closeSeal(selector, proof), reason);
        proof = copy(honest);
        (proof[2], proof[3], proof[4], proof[5]) = (0, 0, 0, 0);
        refuse(closeSeal(selector, proof), reason);
        proof = copy(honest);
        (proof[6], proof[7]) = (0, 0);
        refuse(closeSeal(selector, proof), reason);
        uint256[8] memory none;
        refuse(closeSeal(selector, none), reason);
    }

    // What callers have to know

    /// Anyone can make another valid proof of one: so nothing may be keyed on a proof or its hash.
    function test_takesAnotherProofOfTheSameStatement() public view {
        bytes memory another = malleated(receipt.seal);
        vm.assertFalse(keccak256(another) == keccak256(receipt.seal));
        verifier.verify(another, receipt.imageId, journalDigest);
    }

    function testFuzz_aRefusalHasItsPrice(uint8 index) public view {
        (bytes4 selector, uint256[8] memory proof) = openSeal(receipt.seal);
        proof[index % 8] = addmod(proof[index % 8], 1, Bn254.P);
        uint256 before = gasleft();
        refuseSomehow(closeSeal(selector, proof));
        vm.assertLe(before - gasleft(), 450_000);
    }

    /// With too little gas the pairing cannot run: that is a failure, never an answer.
    function testFuzz_tooLittleGasIsNoProof(uint256 gasLimit) public view {
        gasLimit = bound(gasLimit, 1_000, 205_000);
        bytes memory seal = receipt.seal;
        (bool success,) = address(verifier).staticcall{gas: gasLimit}(
            abi.encodeCall(verifier.verify, (seal, receipt.imageId, journalDigest))
        );
        vm.assertFalse(success);
    }

    function test_precompilesThatFailAreNoticed() public {
        Bn254Harness harness = new Bn254Harness();
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 7));
        harness.multiply(Bn254.G1(1, 1), 2);
        vm.expectRevert(abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
        harness.pairing(new bytes(191));
        vm.assertTrue(harness.pairing(new bytes(192)));
    }

    /// As on a chain whose precompiles are not there, or are something else.
    function test_precompilesThatAnswerOtherwiseProveNothing() public {
        bytes[4] memory answers = [bytes(""), hex"01", abi.encode(2), abi.encode(1, 1)];
        for (uint256 i; i < answers.length; ++i) {
            vm.mockCall(address(8), "", answers[i]);
            refuse(
                receipt.seal,
                answers[i].length == 32
                    ? abi.encodeWithSelector(RiscZeroGroth16Verifier.ProofInvalid.selector)
                    : abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8)
            );
        }
        vm.mockCallRevert(address(8), "", abi.encode(1));
        refuse(receipt.seal, abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 8));
        vm.mockCall(address(7), "", abi.encode(1));
        refuse(receipt.seal, abi.encodeWithSelector(Bn254.PrecompileFailed.selector, 7));
    }

    function copy(uint256[8] memory proof) private pure returns (uint256[8] memory copied) {
        for (uint256 i; i < 8; ++i) {
            copied[i] = proof[i];
        }
    }

    function refuse(bytes memory seal, bytes memory reason) private {
        vm.expectRevert(reason);
        verifier.verify(seal, receipt.imageId, journalDigest);
    }

    function refuseSomehow(bytes memory seal) private view {
        try verifier.verify(seal, receipt.imageId, journalDigest) {
            revert("taken");
        } catch {}
    }
}
