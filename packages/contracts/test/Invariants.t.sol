// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {MoodyDapp, PointsHook} from "./support/Dapps.sol";
import {Deployment} from "./support/SettlementFixture.sol";
import {vm} from "./support/Vm.sol";

/// Settles tasks of few numbers in any order, honestly and not, alone and in batches, by any submitter, while the dApp
/// changes its mood and the owner pauses; and keeps its own account of what must have happened.
contract SettlementHandler is Deployment {
    uint64 public constant NUMBERS = 6;

    MoodyDapp public moody;
    PointsHook public hook;
    address[2] public sequencers;
    address[2] public provers;
    uint256[2] private _sequencerKeys = [SEQUENCER_KEY, OTHER_KEY];
    uint256[2] private _proverKeys = [PROVER_KEY, 0xD0E];

    /// Settlements of a task's number that succeeded.
    mapping(address sequencer => mapping(uint64 number => uint256)) public settled;
    /// Whether the number was ever seen consumed.
    mapping(address sequencer => mapping(uint64 number => bool)) public wasConsumed;
    mapping(address prover => uint256) public credits;
    uint256 public settlements;

    constructor() {
        deploy();
        sequencers = [vm.addr(SEQUENCER_KEY), vm.addr(OTHER_KEY)];
        provers = [vm.addr(PROVER_KEY), vm.addr(0xD0E)];
        fleet.allowSequencer(project, sequencers[1]);
        moody = new MoodyDapp();
        hook = new PointsHook();
        router.bindDapp(project, address(moody));
        router.setRewardHook(project, address(hook), 100_000);
    }

    function settleOne(uint8 sequencer_, uint8 prover_, uint64 number, uint8 fault, address submitter) external {
        W3bstreamSettlement.Item memory item = itemOf(sequencer_, prover_, number, fault);
        vm.prank(submitter);
        try router.settle{gas: 1_000_000}(
            item.task,
            item.assignment,
            item.assignmentSignature,
            item.result,
            item.resultSignature,
            item.proof,
            item.outputs
        ) {
            credit(item);
        } catch {}
        observe();
    }

    function settleBatch(uint8 seed, uint64 number, uint8 fault, address submitter) external {
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](3);
        for (uint8 i; i < 3; ++i) {
            unchecked {
                items[i] = itemOf(seed + i, seed / 2 + i, number + i / 2, fault / (2 * i + 1));
            }
        }
        vm.prank(submitter);
        bool[] memory ok = router.settleMany{gas: 3_000_000}(items);
        for (uint256 i; i < 3; ++i) {
            if (ok[i]) credit(items[i]);
        }
        observe();
    }

    function setMood(uint8 mood) external {
        mood %= 10;
        moody.set(mood < 5 ? MoodyDapp.Mode(mood) : MoodyDapp.Mode.Take);
    }

    function setPause(uint8 roll) external {
        bool pause = roll % 4 == 0;
        if (pause == registrar.isPaused(project)) return;
        if (pause) registrar.pauseProject(project);
        else registrar.unpauseProject(project);
    }

    function consumed(address sequencer_, uint64 number) external view returns (bool) {
        return router.consumed(project, sequencer_, number);
    }

    /// A settlement that is honest for fault 0 to 3, else spoilt in one way.
    function itemOf(uint8 sequencer_, uint8 prover_, uint64 number, uint8 fault)
        private
        view
        returns (W3bstreamSettlement.Item memory item)
    {
        Task memory task = aTask(number % NUMBERS);
        task.sequencer = sequencers[sequencer_ % 2];
        item = make(task, _sequencerKeys[sequencer_ % 2], _proverKeys[prover_ % 2]);
        fault = fault % 10;
        if (fault == 4) item.resultSignature = malleate(item.resultSignature);
        if (fault == 5) item.task.messageCount = 99;
        if (fault == 6) signResult(item, _proverKeys[1 - prover_ % 2]);
        if (fault == 7) item.proof = abi.encodePacked(item.proof, bytes1(0));
        if (fault == 8) item.assignmentSignature = item.resultSignature;
        if (fault == 9) item.gasLimit = 150_000;
    }

    function credit(W3bstreamSettlement.Item memory item) private {
        ++settled[item.task.sequencer][item.task.number];
        ++credits[item.assignment.prover];
        ++settlements;
    }

    function observe() private {
        for (uint256 s; s < 2; ++s) {
            for (uint64 n; n < NUMBERS; ++n) {
                if (router.consumed(project, sequencers[s], n)) wasConsumed[sequencers[s]][n] = true;
            }
        }
    }
}

contract SettlementInvariants {
    SettlementHandler private handler;

    function setUp() public {
        handler = new SettlementHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_settlesAndTellsTheDappExactlyOnceAndNeverForgets() public view {
        for (uint256 s; s < 2; ++s) {
            for (uint64 n; n < handler.NUMBERS(); ++n) {
                address sequencer = handler.sequencers(s);
                bool consumed = handler.consumed(sequencer, n);
                vm.assertEq(handler.settled(sequencer, n), consumed ? 1 : 0);
                vm.assertEq(handler.moody().callsOf(sequencer, n), consumed ? 1 : 0);
                vm.assertTrue(consumed || !handler.wasConsumed(sequencer, n));
            }
        }
    }

    function invariant_creditsOnlyTheAssignedProver() public view {
        uint256 points;
        for (uint256 p; p < 2; ++p) {
            address prover = handler.provers(p);
            vm.assertEq(handler.hook().points(prover), handler.credits(prover));
            points += handler.credits(prover);
        }
        vm.assertEq(points, handler.settlements());
    }
}
