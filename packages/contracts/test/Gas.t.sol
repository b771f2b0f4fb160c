// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Verifier} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {WeatherStats} from "halo2-weather/WeatherStats.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {vm} from "./support/Vm.sol";

/// Takes as much gas as a generated verifier with two advice columns, and any proof.
contract SpinningVerifier {
    fallback() external {
        uint256 start = gasleft();
        while (start - gasleft() < 300_000) {}
    }
}

/// What settlement costs, beside a transaction's own 21,000 and its calldata. Committed as .gas-snapshot.
contract Gas is SettlementFixture {
    string private constant REALISTIC = "realistic";

    function setUp() public override {
        super.setUp();
        Verifier memory realistic = entry();
        realistic.verifier = address(new SpinningVerifier());
        realistic.proofBytes = 1984;
        realistic.verifyGas = 500_000;
        verifiers.registerVerifier(project, CONFIG, REALISTIC, realistic);
        WeatherStats stats = new WeatherStats(address(router), project);
        stats.allowVerifier(verifiers.verifierKey(project, CONFIG, REALISTIC));
        router.bindDapp(project, address(stats));
    }

    function test_settle() public {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item memory item = itemOf(0);
        vm.resumeGasMetering();
        settle(item);
    }

    function test_settleMany1() public {
        settleMany(1);
    }

    function test_settleMany4() public {
        settleMany(4);
    }

    function test_settleMany8() public {
        settleMany(8);
    }

    function settleMany(uint64 count) private {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](count);
        for (uint64 i; i < count; ++i) {
            items[i] = itemOf(i);
        }
        vm.resumeGasMetering();
        bool[] memory settled = router.settleMany(items);
        vm.pauseGasMetering();
        for (uint64 i; i < count; ++i) {
            vm.assertTrue(settled[i]);
        }
        vm.resumeGasMetering();
    }

    function itemOf(uint64 number) private view returns (W3bstreamSettlement.Item memory item) {
        Task memory task = aTask(number);
        task.version = REALISTIC;
        item = make(task, SEQUENCER_KEY, PROVER_KEY);
        item.proof = new bytes(1984);
        item.gasLimit = 1_000_000;
        signResult(item, PROVER_KEY);
    }
}
