// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";
import {WeatherStats} from "halo2-weather/WeatherStats.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {bound, vm} from "./support/Vm.sol";

contract WeatherStatsTest is SettlementFixture {
    WeatherStats private stats;
    bytes32 private key;

    function setUp() public override {
        super.setUp();
        stats = new WeatherStats(address(router), project);
        key = verifiers.verifierKey(project, CONFIG, VERSION);
        stats.allowVerifier(key);
        router.bindDapp(project, address(stats));
    }

    function test_keepsVerifiedStatisticsOfEachTaskAndOfAll() public {
        W3bstreamSettlement.Item memory item = anItem(1);
        vm.expectEmit(address(stats));
        emit WeatherStats.StatsRecorded(item.assignment.task, 3, 60, 10, 30);
        settle(item);
        vm.prank(address(router));
        stats.onSettled(settlementOf("second", 2), outputsOf(2, 50, 5, 45));

        vm.assertEq(stats.taskCount(), 2);
        same(stats.statsOf(item.assignment.task), WeatherStats.Stats(3, 10, 30, 60));
        same(stats.statsOf("second"), WeatherStats.Stats(2, 5, 45, 50));
        same(stats.total(), WeatherStats.Stats(5, 5, 45, 110));
        same(stats.statsOf("unknown"), WeatherStats.Stats(0, 0, 0, 0));
    }

    function testFuzz_totalsAddUp(uint64[8] memory values) public {
        uint256 sum;
        uint256 min = type(uint64).max;
        uint256 max;
        for (uint256 i; i < values.length; ++i) {
            uint256 value = values[i];
            vm.prank(address(router));
            stats.onSettled(settlementOf(bytes32(i), 1), outputsOf(1, value, value, value));
            sum += value;
            if (value < min) min = value;
            if (value > max) max = value;
        }
        same(stats.total(), WeatherStats.Stats(8, uint64(min), uint64(max), sum));
    }

    function test_refusesCallersOtherThanTheRouter() public {
        vm.expectRevert(abi.encodeWithSelector(WeatherStats.NotRouter.selector, address(this)));
        stats.onSettled(settlementOf("t", 3), outputsOf(3, 60, 10, 30));
    }

    function test_refusesAnotherProject() public {
        Settlement memory settlement = settlementOf("t", 3);
        settlement.projectId = project + 1;
        refuse(
            settlement,
            outputsOf(3, 60, 10, 30),
            abi.encodeWithSelector(WeatherStats.WrongProject.selector, project + 1)
        );
    }

    function test_refusesACircuitThatItsOwnerDidNotAllow() public {
        Settlement memory settlement = settlementOf("t", 3);
        settlement.verifierKey = "another";
        refuse(
            settlement,
            outputsOf(3, 60, 10, 30),
            abi.encodeWithSelector(WeatherStats.VerifierNotAllowed.selector, bytes32("another"))
        );
        stats.disallowVerifier(key);
        refuse(
            settlementOf("t", 3),
            outputsOf(3, 60, 10, 30),
            abi.encodeWithSelector(WeatherStats.VerifierNotAllowed.selector, key)
        );
    }

    function test_refusesAProofThatOpensNoCommitment() public {
        Settlement memory settlement = settlementOf("t", 3);
        settlement.inputBound = false;
        refuse(settlement, outputsOf(3, 60, 10, 30), abi.encodeWithSelector(WeatherStats.InputNotBound.selector));
    }

    function test_refusesOutputsThatDoNotFitTheTask() public {
        refuse(
            settlementOf("t", 3),
            new uint256[](3),
            abi.encodeWithSelector(WeatherStats.WrongNumberOfOutputs.selector, 3)
        );
        refuse(settlementOf("t", 0), outputsOf(0, 0, 0, 0), abi.encodeWithSelector(WeatherStats.NoReadings.selector));
        refuse(
            settlementOf("t", 4),
            outputsOf(3, 60, 10, 30),
            abi.encodeWithSelector(WeatherStats.CountMismatch.selector, 3, 4)
        );
    }

    function test_refusesStatisticsThatCannotBe() public {
        bytes memory refusal = abi.encodeWithSelector(WeatherStats.ImplausibleStats.selector);
        refuse(settlementOf("t", 3), outputsOf(3, 60, 31, 30), refusal);
        refuse(settlementOf("t", 3), outputsOf(3, 29, 10, 30), refusal);
        refuse(settlementOf("t", 3), outputsOf(3, 91, 10, 30), refusal);
        refuse(settlementOf("t", 1), outputsOf(1, 2 ** 64, 2 ** 64, 2 ** 64), refusal);
    }

    function test_onlyItsOwnerChoosesCircuits() public {
        bytes memory refusal = abi.encodeWithSelector(WeatherStats.NotOwner.selector, other);
        vm.expectRevert(refusal);
        vm.prank(other);
        stats.allowVerifier("mine");
        vm.expectRevert(refusal);
        vm.prank(other);
        stats.disallowVerifier(key);
    }

    function refuse(Settlement memory settlement, uint256[] memory outputs, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(address(router));
        stats.onSettled(settlement, outputs);
    }

    function settlementOf(bytes32 task, uint64 count) private view returns (Settlement memory) {
        return Settlement(project, task, key, 0, count, COMMITMENT, sequencer, 1, prover, true);
    }

    function outputsOf(uint256 count, uint256 sum, uint256 min, uint256 max)
        private
        pure
        returns (uint256[] memory outputs)
    {
        outputs = new uint256[](4);
        (outputs[0], outputs[1], outputs[2], outputs[3]) = (count, sum, min, max);
    }

    function same(WeatherStats.Stats memory actual, WeatherStats.Stats memory expected) private pure {
        vm.assertEq(keccak256(abi.encode(actual)), keccak256(abi.encode(expected)));
    }
}
