// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IW3bstreamDapp, Settlement} from "@w3bstream/contracts/src/interfaces/IW3bstreamDapp.sol";

/// What a dApp asks the settlement router beside being called by it.
interface ISettlementDomain {
    /// @notice Of the EIP-712 domain that tasks, results and device messages are signed in.
    function domainSeparator() external view returns (bytes32);
}

/// @title SignedReadings
/// @notice Keeps statistics of temperatures that devices of a known set signed, each for this project of this registry:
/// the proof itself shows the signatures, so neither the sequencer nor a prover can make a reading up. The readings and
/// who made them stay private.
/// @dev The same contract takes results of the circuit (Halo2, secp256k1 keys) and of the guest (RISC Zero, ed25519 and
/// P-256 keys), whose outputs are the same eight words. Times strictly increase within a task, and the spans of time from
/// tasks' first to their last readings do not overlap, so no reading counts twice. Tasks may settle in any order; one
/// whose span reaches into another's is refused, even if its readings are new ones.
contract SignedReadings is IW3bstreamDapp {
    /// Temperatures as the programs count them: u = 10 x degrees Celsius + 400.
    struct Stats {
        uint64 count;
        uint64 min;
        uint64 max;
        uint256 sum;
        /// Unix seconds of the first and the last reading.
        uint64 firstTime;
        uint64 lastTime;
    }

    event ReadingsRecorded(
        bytes32 indexed task, uint64 count, uint256 sum, uint64 min, uint64 max, uint64 firstTime, uint64 lastTime
    );
    event VerifierApproved(bytes32 indexed verifierKey, bytes32 indexed keysRoot);
    event VerifierRevoked(bytes32 indexed verifierKey);

    error NotOwner(address caller);
    error NotRouter(address caller);
    error WrongProject(uint64 projectId);
    error VerifierNotApproved(bytes32 verifierKey);
    /// A root of zero would approve nothing.
    error EmptyKeysRoot();
    error InputNotBound();
    error WrongNumberOfOutputs(uint256 actual);
    /// The readings were signed by keys of another set than the one approved with the program.
    error WrongKeysRoot(uint256 actual, bytes32 approved);
    /// The readings were signed for another project, registry or chain.
    error WrongScope(uint256 actual, uint256 expected);
    error NoReadings();
    error CountMismatch(uint256 count, uint64 messageCount);
    error ImplausibleStats();
    /// A task with readings from `settledFirst` to `settledLast` was settled, which is partly the same time.
    error TimesOverlap(uint64 settledFirst, uint64 settledLast);
    /// More than MAX_LATER tasks of later readings were settled before.
    error TooLate(uint64 lastTime);
    /// A reading claims to be from later than now.
    error FromTheFuture(uint256 lastTime, uint256 nowTime);

    /// Largest u: 60 degrees.
    uint256 public constant MAX_U = 1000;
    /// How far a device's clock may be ahead of the chain's.
    uint256 public constant MAX_AHEAD = 1 hours;
    /// How many tasks of later readings a task may settle after, at most: each costs some 2,500 gas to pass.
    uint256 public constant MAX_LATER = 64;

    /// When the readings of one task were made.
    struct Span {
        uint64 first;
        /// Last time of the span before it, 0 if there is none.
        uint64 before;
    }

    address public immutable owner;
    address public immutable router;
    uint64 public immutable projectId;

    /// Programs that the owner of this contract, not of the project, has read and trusts, each with the root of the set
    /// of devices' keys that its proofs have to show; zero where there is none.
    mapping(bytes32 verifierKey => bytes32) public keysRootOf;

    /// Tasks recorded so far.
    uint256 public taskCount;
    Stats private _total;
    mapping(bytes32 task => Stats) private _ofTask;
    /// Spans of all tasks, by their last time: a list from the latest, which ends with `_total`, to the earliest.
    mapping(uint64 lastTime => Span) private _spans;

    /// @param router_ the settlement router, the only caller of `onSettled`
    /// @param projectId_ the project whose results are kept
    constructor(address router_, uint64 projectId_) {
        owner = msg.sender;
        router = router_;
        projectId = projectId_;
    }

    /// @notice Approves a program together with the set of devices that it speaks of; again, for another set.
    function approve(bytes32 verifierKey, bytes32 keysRoot) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        if (keysRoot == 0) revert EmptyKeysRoot();
        keysRootOf[verifierKey] = keysRoot;
        emit VerifierApproved(verifierKey, keysRoot);
    }

    function revoke(bytes32 verifierKey) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        delete keysRootOf[verifierKey];
        emit VerifierRevoked(verifierKey);
    }

    /// @inheritdoc IW3bstreamDapp
    /// @dev Outputs: keys root, scope, count, sum, minimum, maximum, first time, last time.
    function onSettled(Settlement calldata settlement, uint256[] calldata outputs) external {
        if (msg.sender != router) revert NotRouter(msg.sender);
        if (settlement.projectId != projectId) revert WrongProject(settlement.projectId);
        bytes32 keysRoot = keysRootOf[settlement.verifierKey];
        if (keysRoot == 0) revert VerifierNotApproved(settlement.verifierKey);
        if (!settlement.inputBound) revert InputNotBound();
        if (outputs.length != 8) revert WrongNumberOfOutputs(outputs.length);
        if (outputs[0] != uint256(keysRoot)) revert WrongKeysRoot(outputs[0], keysRoot);
        uint256 scope_ = scope();
        if (outputs[1] != scope_) revert WrongScope(outputs[1], scope_);
        if (outputs[2] == 0) revert NoReadings();
        if (outputs[2] != settlement.messageCount) revert CountMismatch(outputs[2], settlement.messageCount);
        _record(settlement.task, _read(outputs));
    }

    /// @notice What devices sign their readings for: this project in the router's registry, on this chain.
    function scope() public view returns (uint256) {
        bytes32 separator = ISettlementDomain(router).domainSeparator();
        return uint256(keccak256(abi.encode(separator, projectId))) >> 8;
    }

    /// @notice Statistics of one task; all zero if it was not settled.
    function statsOf(bytes32 task) external view returns (Stats memory) {
        return _ofTask[task];
    }

    /// @notice Statistics of all readings so far; all zero if there are none.
    function total() external view returns (Stats memory) {
        return _total;
    }

    /// What the programs guarantee, which was read before they were approved; it also makes the casts exact.
    function _read(uint256[] calldata outputs) private view returns (Stats memory) {
        (uint256 count, uint256 sum, uint256 min, uint256 max) = (outputs[2], outputs[3], outputs[4], outputs[5]);
        (uint256 first, uint256 last) = (outputs[6], outputs[7]);
        if (min > max || max > MAX_U || sum < min * count || sum > max * count) revert ImplausibleStats();
        if (first == 0 || (count == 1 ? first != last : first >= last)) revert ImplausibleStats();
        if (last > block.timestamp + MAX_AHEAD) revert FromTheFuture(last, block.timestamp);
        return Stats(uint64(count), uint64(min), uint64(max), sum, uint64(first), uint64(last));
    }

    function _record(bytes32 task, Stats memory stats) private {
        Stats memory all = _total;
        _place(stats.firstTime, stats.lastTime, all.lastTime);
        if (taskCount++ == 0) {
            _total = stats;
        } else {
            all.count += stats.count;
            all.sum += stats.sum;
            if (stats.min < all.min) all.min = stats.min;
            if (stats.max > all.max) all.max = stats.max;
            if (stats.firstTime < all.firstTime) all.firstTime = stats.firstTime;
            if (stats.lastTime > all.lastTime) all.lastTime = stats.lastTime;
            _total = all;
        }
        _ofTask[task] = stats;
        emit ReadingsRecorded(task, stats.count, stats.sum, stats.min, stats.max, stats.firstTime, stats.lastTime);
    }

    /// Puts a task's span among the others, from the latest back to its place.
    function _place(uint64 first, uint64 last, uint64 latest) private {
        uint64 before = latest;
        uint64 next;
        for (uint256 passed; _spans[before].first > last; ++passed) {
            if (passed == MAX_LATER) revert TooLate(last);
            (next, before) = (before, _spans[before].before);
        }
        if (before >= first) revert TimesOverlap(_spans[before].first, before);
        _spans[last] = Span(first, before);
        if (next != 0) _spans[next].before = last;
    }
}
