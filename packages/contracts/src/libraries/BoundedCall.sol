// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title BoundedCall
/// @notice Calls to code that is not ours: the gas is capped, and so is what is copied of the answer, which a callee
/// could otherwise make as large as the caller's gas can pay for.
library BoundedCall {
    /// A call needs `required` gas in hand so that the callee really gets its share (EIP-150 keeps back one 64th).
    error InsufficientGas(uint256 available, uint256 required);

    /// What the call itself costs the caller, at most, beside the gas handed on.
    uint256 private constant OVERHEAD = 5_000;

    /// @notice Calls with at most `gasLimit` gas and copies at most `maxReturned` bytes of the answer.
    function call(address target, uint256 gasLimit, bytes memory data, uint256 maxReturned)
        internal
        returns (bool success, bytes memory returned)
    {
        assembly ("memory-safe") {
            success := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0, 0)
        }
        returned = _returned(maxReturned);
    }

    /// @notice As `call`, of code that may change nothing.
    function staticCall(address target, uint256 gasLimit, bytes memory data, uint256 maxReturned)
        internal
        view
        returns (bool success, bytes memory returned)
    {
        assembly ("memory-safe") {
            success := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0, 0)
        }
        returned = _returned(maxReturned);
    }

    /// @notice Whether the gas in hand lets a callee have `gasLimit` and leaves `reserve` to the caller even if the
    /// callee burns it all; and the gas in hand that this takes.
    function affords(uint256 gasLimit, uint256 reserve) internal view returns (bool, uint256 required) {
        // No call can have more; and sums of what strangers ask for must not overflow.
        if (gasLimit > type(uint64).max) return (false, gasLimit);
        uint256 kept = gasLimit / 63;
        required = gasLimit + (kept > reserve ? kept : reserve) + OVERHEAD;
        return (gasleft() >= required, required);
    }

    /// @notice Reverts with InsufficientGas unless a callee can have `gasLimit`: the sender must not choose the
    /// outcome of a capped call by sending too little gas.
    function requireGas(uint256 gasLimit) internal view {
        (bool enough, uint256 required) = affords(gasLimit, 0);
        if (!enough) revert InsufficientGas(gasleft(), required);
    }

    function _returned(uint256 maxReturned) private pure returns (bytes memory returned) {
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, maxReturned) { size := maxReturned }
            returned := mload(0x40)
            mstore(returned, size)
            returndatacopy(add(returned, 0x20), 0, size)
            mstore(0x40, and(add(add(returned, size), 0x3f), not(0x1f)))
        }
    }
}
