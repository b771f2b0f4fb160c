// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FleetManager} from "@w3bstream/contracts/src/FleetManager.sol";
import {NodeRegistry} from "@w3bstream/contracts/src/NodeRegistry.sol";
import {ProjectRegistrar} from "@w3bstream/contracts/src/ProjectRegistrar.sol";
import {Verifier, VerifierKind, VerifierRegistry} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Assignment, Result, Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {RecordingDapp} from "./Dapps.sol";
import {ToyVerifier} from "./ToyVerifier.sol";
import {vm} from "./Vm.sol";

/// A deployment with one project, owned by this contract, whose circuit has four outputs; and the means to make a
/// valid settlement of it, to be spoilt by tests.
abstract contract Deployment {
    uint256 internal constant SEQUENCER_KEY = 0xA11CE;
    uint256 internal constant PROVER_KEY = 0xB0B;
    uint256 internal constant OTHER_KEY = 0xC0FFEE;
    bytes32 internal constant CONFIG = keccak256("project file");
    string internal constant VERSION = "0.1";
    bytes32 internal constant COMMITMENT = bytes32(uint256(0x1234));

    address internal immutable sequencer = vm.addr(SEQUENCER_KEY);
    address internal immutable prover = vm.addr(PROVER_KEY);
    address internal immutable other = vm.addr(OTHER_KEY);

    ProjectRegistrar internal registrar;
    NodeRegistry internal nodes;
    FleetManager internal fleet;
    VerifierRegistry internal verifiers;
    W3bstreamSettlement internal router;
    ToyVerifier internal verifier;
    RecordingDapp internal dapp;
    uint64 internal project;

    function deploy() internal {
        deploy(new ProjectRegistrar());
    }

    function deploy(ProjectRegistrar registrar_) internal {
        registrar = registrar_;
        nodes = new NodeRegistry();
        fleet = new FleetManager(registrar, nodes);
        verifiers = new VerifierRegistry(registrar);
        router = new W3bstreamSettlement(registrar, fleet, verifiers);
        verifier = new ToyVerifier(7);
        dapp = new RecordingDapp();
        project = registrar.createProject("ipfs://project", CONFIG);
        fleet.allowSequencer(project, sequencer);
        verifiers.registerVerifier(project, CONFIG, VERSION, entry());
        router.bindDapp(project, address(dapp));
    }

    function entry() internal view returns (Verifier memory) {
        return Verifier({
            verifier: address(verifier),
            kind: VerifierKind.HALO2,
            outputWords: 4,
            proofBytes: 64,
            verifyGas: 50_000,
            inputBound: true,
            imageId: 0,
            selector: 0
        });
    }

    function aTask(uint64 number) internal view returns (Task memory) {
        return Task({
            projectId: project,
            version: VERSION,
            configHash: CONFIG,
            messagesRoot: keccak256("root"),
            messageCount: 3,
            inputCommitment: COMMITMENT,
            sequencer: sequencer,
            number: number
        });
    }

    /// A valid settlement of task `number` by the prover.
    function anItem(uint64 number) internal view returns (W3bstreamSettlement.Item memory) {
        return make(aTask(number), SEQUENCER_KEY, PROVER_KEY);
    }

    /// Everything that `settle` takes, signed with these keys, over outputs (3, 60, 10, 30).
    function make(Task memory task, uint256 sequencerKey, uint256 proverKey)
        internal
        view
        returns (W3bstreamSettlement.Item memory item)
    {
        bytes32 digest = router.taskDigest(task);
        item.task = task;
        item.assignment = Assignment(digest, vm.addr(proverKey), uint64(block.timestamp + 60), 1);
        item.assignmentSignature = sign(sequencerKey, router.assignmentDigest(item.assignment));
        item.outputs = abi.encode(uint256(3), uint256(60), uint256(10), uint256(30));
        item.proof = verifier.prove(router.binding(digest, vm.addr(proverKey)), task.inputCommitment, item.outputs);
        item.gasLimit = 600_000;
        signResult(item, proverKey);
    }

    /// Makes the result again, after the proof or the outputs were changed.
    function signResult(W3bstreamSettlement.Item memory item, uint256 proverKey) internal view {
        item.result = Result(
            item.assignment.task,
            vm.addr(proverKey),
            keccak256(item.proof),
            keccak256(item.outputs),
            block.chainid,
            address(router)
        );
        item.resultSignature = sign(proverKey, router.resultDigest(item.result));
    }

    function settle(W3bstreamSettlement.Item memory item) internal {
        router.settle(
            item.task,
            item.assignment,
            item.assignmentSignature,
            item.result,
            item.resultSignature,
            item.proof,
            item.outputs
        );
    }

    /// Settles after saying with what it must fail.
    function refuse(W3bstreamSettlement.Item memory item, bytes memory reason) internal {
        vm.expectRevert(reason);
        settle(item);
        vm.assertFalse(router.consumed(item.task.projectId, item.task.sequencer, item.task.number));
        vm.assertEq(dapp.calls(), 0);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// The same signature in the 64 bytes of EIP-2098.
    function compact(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        return abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /// The other signature that a curve point has: high s and the other parity.
    function malleate(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = split(signature);
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        return abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}

/// A fresh deployment for each test.
abstract contract SettlementFixture is Deployment {
    function setUp() public virtual {
        deploy();
    }
}
