// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title RiscZeroSelector
/// @notice Selectors of RISC Zero's that are known and never served, because what begins with them is no proof of a claim
/// by itself.
/// @dev Source: RISC Zero's and Boundless's lists of selectors. Set verifiers' are those of releases 0.1 to 0.9.
library RiscZeroSelector {
    /// Receipts of RISC Zero's development mode prove nothing.
    error FakeReceipt(bytes4 selector);
    /// The seal shows that a claim is in a set of claims, and not the claim itself.
    error SetInclusionSeal(bytes4 selector);

    /// @notice Reverts with the reason for which this selector is never served, if there is one.
    function refuse(bytes4 selector) internal pure {
        if (selector == 0xffffffff || selector == 0xffff0000) revert FakeReceipt(selector);
        if (
            selector == 0xbfca9ccb || selector == 0x16a15cc8 || selector == 0xf443ad7b || selector == 0xf2e6e6dc
                || selector == 0x80479d24 || selector == 0x0f63ffd5 || selector == 0x242f9d5b
        ) revert SetInclusionSeal(selector);
    }
}
