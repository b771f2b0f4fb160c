// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Router} from "@w3bstream/contracts/src/compat/Router.sol";
import {W3bstreamRouter} from "@w3bstream/contracts/src/compat/W3bstreamRouter.sol";
import {IDapp} from "@w3bstream/contracts/src/interfaces/IDapp.sol";
import {IReceiver} from "@w3bstream/contracts/src/interfaces/IReceiver.sol";
import {RevertReason} from "@w3bstream/contracts/src/libraries/RevertReason.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {vm} from "./support/Vm.sol";

/// Takes what it is given, or refuses it in the way that the data's first byte names.
contract FickleReceiver is IReceiver, IDapp {
    error BadProof(uint256 code);

    bytes public last;
    string public lastClient;

    function receiveData(bytes calldata data) external {
        take(data);
    }

    function process(uint256, uint256, string calldata clientId, bytes calldata data) external {
        lastClient = clientId;
        take(data);
    }

    function take(bytes calldata data) private {
        if (data[0] == "t") revert("bad text");
        if (data[0] == "c") revert BadProof(7);
        if (data[0] == "e") revert();
        if (data[0] == "p") assert(false);
        if (data[0] == "g") {
            assembly {
                invalid()
            }
        }
        // An Error(string) whose length points beyond its end, which `abi.decode` would revert on.
        if (data[0] == "l") {
            bytes memory lie = abi.encodeWithSelector(bytes4(0x08c379a0), 32, type(uint256).max, 0);
            assembly {
                revert(add(lie, 0x20), mload(lie))
            }
        }
        last = data;
    }
}

contract CompatRoutersTest is SettlementFixture {
    FickleReceiver private receiver;
    W3bstreamRouter private older;
    Router private later;

    function setUp() public override {
        super.setUp();
        receiver = new FickleReceiver();
        older = new W3bstreamRouter(fleet, registrar);
        later = new Router(fleet);
        nodes.register(prover);
        fleet.allow(project, 1);
        vm.expectEmit(address(older));
        emit W3bstreamRouter.ReceiverRegistered(project, address(receiver));
        older.register(project, address(receiver));
        vm.expectEmit(address(later));
        emit Router.DappBound(project, address(this), address(receiver));
        later.bindDapp(project, address(receiver));
    }

    function test_handsDataOn() public {
        hand("ok", true, "");
        vm.assertEq(receiver.last(), "ok");
        vm.assertEq(receiver.lastClient(), "client");
    }

    function test_reportsWhateverTheReceiverRevertsWith() public {
        hand("t", false, "bad text");
        hand("c", false, hexOf(abi.encodeWithSelector(FickleReceiver.BadProof.selector, 7)));
        hand("e", false, "");
        hand("p", false, hexOf(abi.encodeWithSignature("Panic(uint256)", 1)));
        hand("l", false, hexOf(abi.encodeWithSelector(bytes4(0x08c379a0), 32, type(uint256).max, 0)));
        vm.assertEq(receiver.last(), "");
    }

    function test_reportsAReceiverThatBurnsItsGas() public {
        vm.expectEmit(address(older));
        emit W3bstreamRouter.DataReceived(prover, false, "");
        vm.prank(prover);
        older.submit{gas: 500_000}(project, address(receiver), "g");
        vm.expectEmit(address(later));
        emit Router.DataProcessed(project, 1, prover, false, "");
        vm.prank(prover);
        later.route{gas: 500_000}(project, 1, "client", "g");
    }

    function test_refusesWhoMayNotSubmit() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.NotOperator.selector));
        vm.prank(other);
        older.submit(project, address(receiver), "ok");
        vm.expectRevert(abi.encodeWithSelector(Router.NotOperator.selector));
        vm.prank(other);
        later.route(project, 1, "client", "ok");
        vm.expectRevert(abi.encodeWithSelector(Router.NotOperator.selector));
        vm.prank(prover);
        later.route(project, 2, "client", "ok");
        nodes.updateOperator(1, other);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.NotOperator.selector));
        vm.prank(prover);
        older.submit(project, address(receiver), "ok");
        vm.expectRevert(abi.encodeWithSelector(Router.NotOperator.selector));
        vm.prank(prover);
        later.route(project, 1, "client", "ok");
    }

    function test_refusesAReceiverWithoutCode() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.ReceiverWithoutCode.selector, other));
        older.register(project, other);
        vm.expectRevert(abi.encodeWithSelector(Router.DappWithoutCode.selector, other));
        later.bindDapp(project, other);
        vm.etch(address(receiver), "");
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.ReceiverWithoutCode.selector, address(receiver)));
        vm.prank(prover);
        older.submit(project, address(receiver), "ok");
        vm.expectRevert(abi.encodeWithSelector(Router.DappWithoutCode.selector, address(receiver)));
        vm.prank(prover);
        later.route(project, 1, "client", "ok");
    }

    function test_refusesAnUnregisteredReceiver() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.AlreadyRegistered.selector));
        older.register(project, address(receiver));
        vm.expectEmit(address(older));
        emit W3bstreamRouter.ReceiverUnregistered(project, address(receiver));
        older.unregister(project, address(receiver));
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.ReceiverUnregister.selector));
        older.unregister(project, address(receiver));
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.ReceiverUnregister.selector));
        vm.prank(prover);
        older.submit(project, address(receiver), "ok");
        vm.expectEmit(address(later));
        emit Router.DappUnbound(project, address(this));
        later.unbindDapp(project);
        vm.expectRevert(abi.encodeWithSelector(Router.DappNotBound.selector, project));
        later.unbindDapp(project);
        vm.expectRevert(abi.encodeWithSelector(Router.DappNotBound.selector, project));
        vm.prank(prover);
        later.route(project, 1, "client", "ok");
    }

    function test_onlyTheOwnerRegisters() public {
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.NotProjectOwner.selector));
        vm.prank(other);
        older.register(project, address(receiver));
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.NotProjectOwner.selector));
        vm.prank(other);
        older.unregister(project, address(receiver));
        vm.expectRevert(abi.encodeWithSelector(Router.NotProjectOwner.selector));
        vm.prank(other);
        later.bindDapp(project, address(receiver));
        vm.expectRevert(abi.encodeWithSelector(Router.NotProjectOwner.selector));
        vm.prank(other);
        later.unbindDapp(project);
    }

    function test_thePausedProjectIsRefusedByBoth() public {
        registrar.pauseProject(project);
        vm.expectRevert(abi.encodeWithSelector(W3bstreamRouter.ProjectPaused.selector, project));
        vm.prank(prover);
        older.submit(project, address(receiver), "ok");
        vm.expectRevert(abi.encodeWithSelector(Router.ProjectPaused.selector, project));
        vm.prank(prover);
        later.route(project, 1, "client", "ok");
    }

    function testFuzz_anyRevertDataBecomesText(bytes memory reason) public pure {
        string memory text = RevertReason.toText(reason);
        vm.assertTrue(reason.length == 0 || bytes(text).length > 0 || bytes4(reason) == 0x08c379a0);
        vm.assertEq(RevertReason.toText(abi.encodeWithSignature("Error(string)", string(reason))), string(reason));
    }

    /// Hands data to both routers and expects this report of each.
    function hand(bytes memory data, bool success, string memory reason) private {
        vm.expectEmit(address(older));
        emit W3bstreamRouter.DataReceived(prover, success, reason);
        vm.prank(prover);
        older.submit(project, address(receiver), data);
        vm.expectEmit(address(later));
        emit Router.DataProcessed(project, 1, prover, success, reason);
        vm.prank(prover);
        later.route(project, 1, "client", data);
    }

    function hexOf(bytes memory data) private pure returns (string memory) {
        bytes memory digits = "0123456789abcdef";
        bytes memory text = "0x";
        for (uint256 i; i < data.length; ++i) {
            text = abi.encodePacked(text, digits[uint8(data[i]) / 16], digits[uint8(data[i]) % 16]);
        }
        return string(text);
    }
}
