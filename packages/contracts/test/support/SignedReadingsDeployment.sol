// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ProjectRegistrar} from "@w3bstream/contracts/src/ProjectRegistrar.sol";
import {Verifier} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {SignedReadings} from "signed-readings/SignedReadings.sol";
import {Deployment} from "./SettlementFixture.sol";
import {SIGNED_FOR, SignedReadingsProof, signedReadingsProof} from "./SignedReadingsProof.sol";
import {vm} from "./Vm.sol";

/// The deployment that the readings of test/fixtures/signed-readings-proof.json were signed for, with their circuit's
/// verifier and dApp; and the task that their proof is of.
abstract contract SignedReadingsDeployment is Deployment {
    string internal constant CIRCUIT = "circuit";

    SignedReadingsProof internal made;
    SignedReadings internal readings;

    function setUp() public virtual {
        vm.warp(1_790_000_100);
        vm.etch(SIGNED_FOR, address(new ProjectRegistrar()).code);
        deploy(ProjectRegistrar(SIGNED_FOR));
        made = signedReadingsProof();
        Verifier memory entry_ = entry();
        entry_.verifier = made.verifier;
        entry_.outputWords = 8;
        entry_.proofBytes = uint24(made.proof.length);
        entry_.verifyGas = 800_000;
        bytes32 key = verifiers.registerVerifier(project, CONFIG, CIRCUIT, entry_);
        readings = new SignedReadings(address(router), project);
        readings.approve(key, made.keysRoot);
        router.bindDapp(project, address(readings));
    }

    function provenTask() internal view returns (Task memory task) {
        task = aTask(1);
        task.version = CIRCUIT;
        task.messageCount = 2;
        task.inputCommitment = made.inputCommitment;
    }

    function provenItem() internal view returns (W3bstreamSettlement.Item memory) {
        return itemOf(provenTask(), PROVER_KEY);
    }

    function itemOf(Task memory task, uint256 proverKey) internal view returns (W3bstreamSettlement.Item memory item) {
        item = make(task, SEQUENCER_KEY, proverKey);
        (item.outputs, item.proof) = (made.outputs, made.proof);
        signResult(item, proverKey);
    }
}
