// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Settlement} from "./IW3bstreamDapp.sol";

/// @title IRewardHook
/// @notice Told of each settlement of a project, to reward the prover. Runs under a gas cap; a failure is reported in
/// an event and does not undo the settlement.
interface IRewardHook {
    function onCredited(Settlement calldata settlement) external;
}
