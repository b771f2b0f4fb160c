// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {FleetManager} from "@w3bstream/contracts/src/FleetManager.sol";
import {NodeRegistry} from "@w3bstream/contracts/src/NodeRegistry.sol";
import {ProjectRegistrar} from "@w3bstream/contracts/src/ProjectRegistrar.sol";
import {ProverRegistrar} from "@w3bstream/contracts/src/ProverRegistrar.sol";
import {Verifier, VerifierKind, VerifierRegistry} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {ProjectDevice} from "@w3bstream/contracts/src/compat/ProjectDevice.sol";
import {RiscZeroSelector} from "@w3bstream/contracts/src/libraries/RiscZeroSelector.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {vm} from "./support/Vm.sol";

contract ProjectRegistrarTest is SettlementFixture {
    function test_idsCountFromOneAndTheFileIsStored() public {
        vm.expectEmit(address(registrar));
        emit ProjectRegistrar.ProjectUpserted(2, "ipfs://two", keccak256("two"));
        uint64 id = registrar.createProject("ipfs://two", keccak256("two"));
        vm.assertEq(project, 1);
        vm.assertEq(id, 2);
        vm.assertEq(registrar.count(), 2);
        vm.assertEq(registrar.ownerOf(2), address(this));
        (string memory uri, bytes32 hash, bool paused) = registrar.projects(2);
        vm.assertEq(uri, "ipfs://two");
        vm.assertEq(hash, keccak256("two"));
        vm.assertFalse(paused);
        vm.assertEq(registrar.tokenURI(2), "ipfs://two");
    }

    function test_operatorsUpdateAndPauseUntilRemoved() public {
        vm.expectEmit(address(registrar));
        emit ProjectRegistrar.OperatorAdded(project, other);
        registrar.addOperator(project, other);
        vm.assertTrue(registrar.canOperateProject(other, project));
        vm.prank(other);
        registrar.updateProject(project, "ipfs://new", keccak256("new"));
        vm.prank(other);
        vm.expectEmit(address(registrar));
        emit ProjectRegistrar.ProjectPaused(project);
        registrar.pauseProject(project);
        vm.assertTrue(registrar.isPaused(project));
        vm.prank(other);
        vm.expectEmit(address(registrar));
        emit ProjectRegistrar.ProjectUnpaused(project);
        registrar.unpauseProject(project);
        vm.expectEmit(address(registrar));
        emit ProjectRegistrar.OperatorRemoved(project, other);
        registrar.removeOperator(project, other);
        vm.assertFalse(registrar.canOperateProject(other, project));
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.NotProjectOperator.selector, project, other));
        vm.prank(other);
        registrar.updateProject(project, "ipfs://evil", keccak256("evil"));
    }

    function test_onlyTheOwnerChoosesOperators() public {
        registrar.addOperator(project, other);
        bytes memory refusal = abi.encodeWithSelector(ProjectRegistrar.NotProjectOwner.selector, project, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        registrar.addOperator(project, sequencer);
        vm.expectRevert(refusal);
        vm.prank(other);
        registrar.removeOperator(project, other);
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.InvalidOperator.selector));
        registrar.addOperator(project, address(0));
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.InvalidOperator.selector));
        registrar.removeOperator(project, sequencer);
    }

    function test_refusesAnUnknownProject() public {
        vm.assertFalse(registrar.canOperateProject(address(0), 9));
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.NotProjectOperator.selector, 9, address(this)));
        registrar.pauseProject(9);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 9));
        registrar.addOperator(9, other);
    }

    function test_refusesAnEmptyOrEndlessUri() public {
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.EmptyUri.selector));
        registrar.createProject("", CONFIG);
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.UriTooLong.selector, 2049, 2048));
        registrar.createProject(string(new bytes(2049)), CONFIG);
    }

    function test_pausesOnce() public {
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.ProjectNotPaused.selector, project));
        registrar.unpauseProject(project);
        registrar.pauseProject(project);
        vm.expectRevert(abi.encodeWithSelector(ProjectRegistrar.ProjectAlreadyPaused.selector, project));
        registrar.pauseProject(project);
    }
}

contract ProverRegistrarTest is SettlementFixture {
    function test_aProverLivesUnderItsName() public {
        ProverRegistrar provers = new ProverRegistrar();
        vm.expectEmit(address(provers));
        emit ProverRegistrar.ProverUpserted("did:key:prover");
        vm.assertEq(provers.createProver("did:key:prover"), 1);
        vm.assertEq(provers.proverIds("did:key:prover"), 1);
        vm.assertEq(provers.ownerOf(1), address(this));
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.ProverIdTaken.selector, "did:key:prover"));
        provers.createProver("did:key:prover");
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.InvalidProverId.selector));
        provers.createProver("");
    }

    function test_operatorsPauseUntilRemoved() public {
        ProverRegistrar provers = new ProverRegistrar();
        provers.createProver("p");
        provers.addOperator("p", other);
        vm.prank(other);
        vm.expectEmit(address(provers));
        emit ProverRegistrar.ProverPaused("p");
        provers.pauseProver("p");
        vm.assertTrue(provers.isPaused("p"));
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.ProverAlreadyPaused.selector, "p"));
        provers.pauseProver("p");
        vm.expectEmit(address(provers));
        emit ProverRegistrar.ProverUnpaused("p");
        provers.unpauseProver("p");
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.ProverNotPaused.selector, "p"));
        provers.unpauseProver("p");
        provers.removeOperator("p", other);
        vm.assertFalse(provers.canOperateProver(other, "p"));
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.NotProverOperator.selector, "p", other));
        vm.prank(other);
        provers.pauseProver("p");
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.NotProverOwner.selector, "p", other));
        vm.prank(other);
        provers.addOperator("p", other);
        vm.expectRevert(abi.encodeWithSelector(ProverRegistrar.UnknownProver.selector, "q"));
        provers.pauseProver("q");
    }
}

contract NodeRegistryTest is SettlementFixture {
    function test_registersANode() public {
        vm.expectEmit(address(nodes));
        emit NodeRegistry.NodeRegistered(address(this), 1, prover);
        vm.assertEq(nodes.register(prover), 1);
        vm.assertEq(nodes.getNode(1).operator, prover);
        vm.assertTrue(nodes.getNode(1).active);
        (uint256 id, NodeRegistry.Node memory node) = nodes.getNodeByOperator(prover);
        vm.assertEq(id, 1);
        vm.assertEq(node.operator, prover);
    }

    function test_aFormerOperatorServesNoNode() public {
        nodes.register(prover);
        fleet.allow(project, 1);
        vm.expectEmit(address(nodes));
        emit NodeRegistry.NodeUpdated(1, other);
        nodes.updateOperator(1, other);
        vm.assertEq(nodes.nodeOf(prover), 0);
        vm.assertFalse(fleet.isAllowed(prover, project));
        vm.assertTrue(fleet.isAllowed(other, project));
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.OperatorUnregister.selector, prover));
        nodes.getNodeByOperator(prover);
        nodes.register(prover);
        vm.assertEq(nodes.nodeOf(prover), 2);
    }

    function test_refusesATakenOrMissingOperatorAndStrangers() public {
        nodes.register(prover);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.OperatorAlreadyRegistered.selector, prover));
        nodes.register(prover);
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.InvalidAddress.selector));
        nodes.register(address(0));
        vm.expectRevert(abi.encodeWithSelector(NodeRegistry.NotNodeOwner.selector, 1, other));
        vm.prank(other);
        nodes.updateOperator(1, other);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 7));
        nodes.getNode(7);
    }
}

contract FleetManagerTest is SettlementFixture {
    function test_allowsAndDisallowsNodes() public {
        nodes.register(prover);
        vm.assertFalse(fleet.isAllowed(prover, project));
        vm.expectEmit(address(fleet));
        emit FleetManager.NodeAllowed(project, 1);
        fleet.allow(project, 1);
        vm.assertTrue(fleet.isAllowed(prover, project));
        vm.assertFalse(fleet.isAllowed(prover, project + 1));
        vm.assertFalse(fleet.isSequencerAllowed(prover, project));
        vm.expectRevert(abi.encodeWithSelector(FleetManager.NodeAlreadyAllowed.selector, project, 1));
        fleet.allow(project, 1);
        vm.expectEmit(address(fleet));
        emit FleetManager.NodeDisallowed(project, 1);
        fleet.disallow(project, 1);
        vm.assertFalse(fleet.isAllowed(prover, project));
        vm.expectRevert(abi.encodeWithSelector(FleetManager.NodeNotAllowed.selector, project, 1));
        fleet.disallow(project, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 2));
        fleet.allow(project, 2);
    }

    function test_allowsAndDisallowsSequencers() public {
        vm.expectEmit(address(fleet));
        emit FleetManager.SequencerAllowed(project, other);
        fleet.allowSequencer(project, other);
        vm.assertTrue(fleet.isSequencerAllowed(other, project));
        vm.assertFalse(fleet.isAllowed(other, project));
        vm.expectRevert(abi.encodeWithSelector(FleetManager.SequencerAlreadyAllowed.selector, project, other));
        fleet.allowSequencer(project, other);
        vm.expectEmit(address(fleet));
        emit FleetManager.SequencerDisallowed(project, other);
        fleet.disallowSequencer(project, other);
        vm.assertFalse(fleet.isSequencerAllowed(other, project));
        vm.expectRevert(abi.encodeWithSelector(FleetManager.SequencerNotAllowed.selector, project, other));
        fleet.disallowSequencer(project, other);
        vm.expectRevert(abi.encodeWithSelector(FleetManager.InvalidSequencer.selector));
        fleet.allowSequencer(project, address(0));
    }

    function test_onlyTheOwnerDecides() public {
        bytes memory refusal = abi.encodeWithSelector(FleetManager.NotProjectOwner.selector, project, other);
        registrar.addOperator(project, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        fleet.allow(project, 1);
        vm.expectRevert(refusal);
        vm.prank(other);
        fleet.disallow(project, 1);
        vm.expectRevert(refusal);
        vm.prank(other);
        fleet.allowSequencer(project, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        fleet.disallowSequencer(project, sequencer);
    }
}

contract VerifierRegistryTest is SettlementFixture {
    function test_anEntryIsNeverReplaced() public {
        bytes32 key = verifiers.verifierKey(project, CONFIG, VERSION);
        vm.assertEq(key, keccak256(abi.encode(project, CONFIG, keccak256(bytes(VERSION)))));
        (Verifier memory stored, bytes32 codeHash) = verifiers.verifierOf(key);
        vm.assertEq(keccak256(abi.encode(stored)), keccak256(abi.encode(entry())));
        vm.assertEq(codeHash, address(verifier).codehash);
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.VerifierAlreadyRegistered.selector, key));
        verifiers.registerVerifier(project, CONFIG, VERSION, entry());
        vm.expectEmit(address(verifiers));
        emit VerifierRegistry.VerifierRevoked(key, project);
        verifiers.revokeVerifier(project, CONFIG, VERSION);
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.VerifierIsRevoked.selector, key));
        verifiers.verifierOf(key);
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.VerifierIsRevoked.selector, key));
        verifiers.revokeVerifier(project, CONFIG, VERSION);
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.VerifierAlreadyRegistered.selector, key));
        verifiers.registerVerifier(project, CONFIG, VERSION, entry());
    }

    function test_onlyTheOwnerDecides() public {
        bytes memory refusal = abi.encodeWithSelector(VerifierRegistry.NotProjectOwner.selector, project, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        verifiers.registerVerifier(project, CONFIG, "0.2", entry());
        vm.expectRevert(refusal);
        vm.prank(other);
        verifiers.revokeVerifier(project, CONFIG, VERSION);
    }

    function test_refusesEntriesThatCannotWork() public {
        Verifier memory wrong = entry();
        wrong.verifier = other;
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.VerifierWithoutCode.selector, other));
        verifiers.registerVerifier(project, CONFIG, "0.2", wrong);
        wrong = entry();
        wrong.kind = 3;
        refuse(wrong, "kind");
        wrong = entry();
        wrong.verifyGas = 0;
        refuse(wrong, "verifyGas");
        wrong.verifyGas = verifiers.MAX_VERIFY_GAS() + 1;
        refuse(wrong, "verifyGas");
        wrong = entry();
        wrong.proofBytes = 0;
        refuse(wrong, "proofBytes");
        wrong = entry();
        wrong.imageId = CONFIG;
        refuse(wrong, "imageId");
        wrong = entry();
        wrong.selector = 0x01020304;
        refuse(wrong, "selector");
    }

    function test_takesGuestsWithAnImageAndARealSelectorOnly() public {
        Verifier memory guest = aGuest();
        guest.proofBytes = 256;
        refuse(guest, "proofBytes");
        guest = aGuest();
        guest.imageId = 0;
        refuse(guest, "imageId");
        guest = aGuest();
        guest.selector = 0;
        refuse(guest, "selector");
        bytes4[3] memory refused = [bytes4(0xffffffff), 0xffff0000, 0x242f9d5b];
        for (uint256 i; i < refused.length; ++i) {
            guest.selector = refused[i];
            vm.expectRevert(
                abi.encodeWithSelector(
                    i < 2 ? RiscZeroSelector.FakeReceipt.selector : RiscZeroSelector.SetInclusionSeal.selector,
                    refused[i]
                )
            );
            verifiers.registerVerifier(project, CONFIG, "0.2", guest);
        }
        bytes32 key = verifiers.registerVerifier(project, CONFIG, "0.2", aGuest());
        (Verifier memory registered,) = verifiers.verifierOf(key);
        vm.assertEq(keccak256(abi.encode(registered)), keccak256(abi.encode(aGuest())));
    }

    function aGuest() private view returns (Verifier memory guest) {
        guest = entry();
        guest.kind = VerifierKind.RISC0;
        guest.proofBytes = 260;
        guest.imageId = keccak256("image");
        guest.selector = 0x73c457ba;
    }

    function refuse(Verifier memory wrong, string memory field) private {
        vm.expectRevert(abi.encodeWithSelector(VerifierRegistry.InvalidVerifier.selector, field));
        verifiers.registerVerifier(project, CONFIG, "0.2", wrong);
    }
}

contract ProjectDeviceTest is SettlementFixture {
    function test_approvesAndUnapprovesDevices() public {
        ProjectDevice devices = new ProjectDevice(registrar);
        address[] memory list = new address[](2);
        (list[0], list[1]) = (prover, other);
        devices.approve(project, list);
        vm.assertTrue(devices.approved(project, other));
        vm.expectRevert(abi.encodeWithSelector(ProjectDevice.AlreadyApproved.selector, prover));
        devices.approve(project, list);
        devices.unapprove(project, list);
        vm.assertFalse(devices.approved(project, other));
        vm.expectRevert(abi.encodeWithSelector(ProjectDevice.NotApproved.selector, prover));
        devices.unapprove(project, list);
        vm.expectRevert(abi.encodeWithSelector(ProjectDevice.NotProjectOwner.selector));
        vm.prank(other);
        devices.approve(project, list);
    }
}
