// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BoundedCall} from "@w3bstream/contracts/src/libraries/BoundedCall.sol";
import {bound, vm} from "./support/Vm.sol";

contract GasMeter {
    function gasInHand() external view returns (uint256) {
        return gasleft();
    }
}

contract CappedCaller {
    GasMeter private meter = new GasMeter();

    /// The gas that a callee finds, having been promised `gasLimit`.
    function measure(uint256 gasLimit) external returns (uint256) {
        BoundedCall.requireGas(gasLimit);
        (, bytes memory answer) = BoundedCall.call(address(meter), gasLimit, abi.encodeCall(GasMeter.gasInHand, ()), 32);
        return abi.decode(answer, (uint256));
    }
}

contract BoundedCallTest {
    CappedCaller private caller = new CappedCaller();

    function testFuzz_aCalleeGetsWhatItWasPromisedOrTheCallerReverts(uint256 gasLimit, uint256 gasInHand) public {
        gasLimit = bound(gasLimit, 100_000, 5_000_000);
        gasInHand = bound(gasInHand, gasLimit, gasLimit + gasLimit / 32 + 20_000);
        try caller.measure{gas: gasInHand}(gasLimit) returns (uint256 found) {
            // What the callee spends until it looks.
            vm.assertLe(gasLimit, found + 500);
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(BoundedCall.InsufficientGas.selector));
            vm.assertLe(gasInHand, gasLimit + gasLimit / 63 + 10_000);
        }
    }

    function testFuzz_endlessGasIsNeverAfforded(uint256 gasLimit, uint256 reserve) public view {
        gasLimit = bound(gasLimit, 2 ** 40, type(uint256).max);
        reserve = bound(reserve, 0, 2 ** 40);
        (bool enough,) = BoundedCall.affords(gasLimit, reserve);
        vm.assertFalse(enough);
    }
}
