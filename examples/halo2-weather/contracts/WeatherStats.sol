// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IW3bstreamDapp, Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";

/// @title WeatherStats
/// @notice Keeps the verified statistics of a project's readings: of each task, and of all tasks so far. The readings
/// stay private.
/// @dev The circuit's outputs are count, sum, minimum and maximum of the readings, each reading as the circuit counts it:
/// value x 10^scale - min, so never negative. Neither the readings' order nor their time is proven.
contract WeatherStats is IW3bstreamDapp {
    struct Stats {
        uint64 count;
        uint64 min;
        uint64 max;
        uint256 sum;
    }

    event StatsRecorded(bytes32 indexed task, uint64 count, uint256 sum, uint64 min, uint64 max);
    event VerifierAllowed(bytes32 indexed verifierKey);
    event VerifierDisallowed(bytes32 indexed verifierKey);

    error NotOwner(address caller);
    error NotRouter(address caller);
    error WrongProject(uint64 projectId);
    error VerifierNotAllowed(bytes32 verifierKey);
    error InputNotBound();
    error WrongNumberOfOutputs(uint256 actual);
    error NoReadings();
    error CountMismatch(uint256 count, uint64 messageCount);
    error ImplausibleStats();

    address public immutable owner;
    address public immutable router;
    uint64 public immutable projectId;

    /// Circuits that the owner of this contract, not of the project, has read and trusts.
    mapping(bytes32 verifierKey => bool) public verifierAllowed;

    /// Tasks recorded so far.
    uint256 public taskCount;
    Stats private _total;
    mapping(bytes32 task => Stats) private _ofTask;

    /// @param router_ the settlement router, the only caller of `onSettled`
    /// @param projectId_ the project whose results are kept
    constructor(address router_, uint64 projectId_) {
        owner = msg.sender;
        router = router_;
        projectId = projectId_;
    }

    function allowVerifier(bytes32 verifierKey) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        verifierAllowed[verifierKey] = true;
        emit VerifierAllowed(verifierKey);
    }

    function disallowVerifier(bytes32 verifierKey) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        delete verifierAllowed[verifierKey];
        emit VerifierDisallowed(verifierKey);
    }

    /// @inheritdoc IW3bstreamDapp
    function onSettled(Settlement calldata settlement, uint256[] calldata outputs) external {
        if (msg.sender != router) revert NotRouter(msg.sender);
        if (settlement.projectId != projectId) revert WrongProject(settlement.projectId);
        if (!verifierAllowed[settlement.verifierKey]) revert VerifierNotAllowed(settlement.verifierKey);
        if (!settlement.inputBound) revert InputNotBound();
        if (outputs.length != 4) revert WrongNumberOfOutputs(outputs.length);
        _record(settlement.task, settlement.messageCount, outputs[0], outputs[1], outputs[2], outputs[3]);
    }

    /// @notice Statistics of one task; all zero if it was not settled.
    function statsOf(bytes32 task) external view returns (Stats memory) {
        return _ofTask[task];
    }

    /// @notice Statistics of all readings so far; all zero if there are none.
    function total() external view returns (Stats memory) {
        return _total;
    }

    function _record(bytes32 task, uint64 messageCount, uint256 count, uint256 sum, uint256 min, uint256 max) private {
        if (count == 0) revert NoReadings();
        if (count != messageCount) revert CountMismatch(count, messageCount);
        // The circuit guarantees this for the verifier keys that were read; it also makes the casts below exact.
        if (min > max || max > type(uint64).max || sum < min * count || sum > max * count) revert ImplausibleStats();
        Stats memory stats = Stats(messageCount, uint64(min), uint64(max), sum);
        _ofTask[task] = stats;
        _total = taskCount++ == 0 ? stats : _merge(_total, stats);
        emit StatsRecorded(task, stats.count, sum, stats.min, stats.max);
    }

    function _merge(Stats memory a, Stats memory b) private pure returns (Stats memory) {
        return Stats(a.count + b.count, a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max, a.sum + b.sum);
    }
}
