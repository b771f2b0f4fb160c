// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {FleetManager} from "./FleetManager.sol";
import {ProjectRegistrar} from "./ProjectRegistrar.sol";
import {Verifier, VerifierKind, VerifierRegistry} from "./VerifierRegistry.sol";
import {IRewardHook} from "./interfaces/IRewardHook.sol";
import {IW3bstreamDapp, Settlement} from "./interfaces/IW3bstreamDapp.sol";
import {BoundedCall} from "./libraries/BoundedCall.sol";
import {Halo2Verification} from "./libraries/Halo2Verification.sol";
import {RiscZeroVerification} from "./libraries/RiscZeroVerification.sol";
import {Signature} from "./libraries/Signature.sol";
import {Assignment, Message, Result, Task, TypedData} from "./libraries/TypedData.sol";

/// @title W3bstreamSettlement
/// @notice Settles a task once: checks who assigned it, who proved it and the proof, then hands the decoded outputs to
/// the project's dApp. Anyone may submit; the assigned prover is credited.
/// @dev A task is consumed by (project, sequencer, number). Reassignment is the sequencer's business: of two provers
/// with valid assignments the first to settle wins. Provers need no entry in the FleetManager here, the signature of
/// an allowed sequencer admits them. The router binds a proof to its task, prover and input commitment by building
/// those public inputs itself, never by decoding them from what the prover sent.
contract W3bstreamSettlement is ReentrancyGuardTransient {
    /// One settlement of a batch.
    struct Item {
        Task task;
        Assignment assignment;
        bytes assignmentSignature;
        Result result;
        bytes resultSignature;
        bytes proof;
        bytes outputs;
        /// Gas that this item may use.
        uint256 gasLimit;
    }

    struct RewardHook {
        address hook;
        uint32 gasLimit;
    }

    event Settled(
        bytes32 indexed task,
        uint64 indexed projectId,
        address indexed prover,
        address sequencer,
        uint64 number,
        bytes32 verifierKey,
        bytes32 messagesRoot,
        bytes32 outputsHash
    );
    /// An item of `settleMany` failed; nothing of it was consumed. `reason` is what it reverted with, cut at
    /// MAX_ITEM_REASON_BYTES; empty if it ran out of gas.
    event ItemFailed(uint256 indexed index, bytes32 indexed task, bytes reason);
    event DappBound(uint64 indexed projectId, address indexed dapp);
    event DappUnbound(uint64 indexed projectId, address indexed dapp);
    event RewardHookSet(uint64 indexed projectId, address indexed hook, uint32 gasLimit);
    event RewardFailed(bytes32 indexed task, address indexed hook, bytes reason);

    error NotProjectOwner(uint64 projectId, address caller);
    error ProjectPaused(uint64 projectId);
    error TaskNumberTooLarge(uint64 number);
    error TaskAlreadySettled(uint64 projectId, address sequencer, uint64 number);
    error SequencerNotAllowed(uint64 projectId, address sequencer);
    /// A field of the assignment or the result differs from what is being settled.
    error Mismatch(string field);
    error WrongAssignmentSigner(address signer, address sequencer);
    error WrongResultSigner(address signer, address prover);
    error UnsupportedVerifierKind(uint8 kind);
    /// The program does not open an input commitment, so the task must not claim one.
    error InputCommitmentNotBound(bytes32 inputCommitment);
    error DappNotBound(uint64 projectId);
    error DappWithoutCode(address dapp);
    /// The dApp refused; `reason` is what it reverted with, cut at MAX_DAPP_REASON_BYTES.
    error DappReverted(address dapp, bytes reason);
    error RewardHookWithoutCode(address hook);
    error RewardGasTooHigh(uint32 gasLimit, uint32 limit);
    error OnlySelf();

    uint256 public constant MAX_DAPP_REASON_BYTES = 512;
    uint256 public constant MAX_ITEM_REASON_BYTES = 1024;
    uint32 public constant MAX_REWARD_GAS = 500_000;
    /// Kept back for each item's report in a batch, so that no item can burn what the others need.
    uint256 private constant REPORT_GAS = 30_000;

    ProjectRegistrar public immutable projectRegistrar;
    FleetManager public immutable fleetManager;
    VerifierRegistry public immutable verifierRegistry;

    /// Who receives a project's results.
    mapping(uint64 projectId => address) public dapp;
    /// Who is told of a project's settlements to reward the prover, with how much gas.
    mapping(uint64 projectId => RewardHook) public rewardHook;

    mapping(uint64 projectId => mapping(address sequencer => mapping(uint256 word => uint256))) private _consumed;
    uint256 private immutable _chainId;
    bytes32 private immutable _domainSeparator;

    modifier onlyProjectOwner(uint64 projectId) {
        if (projectRegistrar.ownerOf(projectId) != msg.sender) revert NotProjectOwner(projectId, msg.sender);
        _;
    }

    /// @dev The three contracts share this one's chain; the registrar is the verifying contract of the typed data.
    constructor(ProjectRegistrar projectRegistrar_, FleetManager fleetManager_, VerifierRegistry verifierRegistry_) {
        projectRegistrar = projectRegistrar_;
        fleetManager = fleetManager_;
        verifierRegistry = verifierRegistry_;
        _chainId = block.chainid;
        _domainSeparator = TypedData.domainSeparator(address(projectRegistrar_));
    }

    /// @notice Makes `target` the receiver of the project's results.
    function bindDapp(uint64 projectId, address target) external onlyProjectOwner(projectId) {
        if (target.code.length == 0) revert DappWithoutCode(target);
        dapp[projectId] = target;
        emit DappBound(projectId, target);
    }

    function unbindDapp(uint64 projectId) external onlyProjectOwner(projectId) {
        address bound = _dappOf(projectId);
        delete dapp[projectId];
        emit DappUnbound(projectId, bound);
    }

    /// @notice Sets who is told of settlements; the zero address ends it.
    /// @param gasLimit gas that the hook gets and that every settlement must bring, at most MAX_REWARD_GAS
    function setRewardHook(uint64 projectId, address hook, uint32 gasLimit) external onlyProjectOwner(projectId) {
        if (gasLimit > MAX_REWARD_GAS) revert RewardGasTooHigh(gasLimit, MAX_REWARD_GAS);
        if (hook != address(0) && hook.code.length == 0) revert RewardHookWithoutCode(hook);
        rewardHook[projectId] = RewardHook(hook, gasLimit);
        emit RewardHookSet(projectId, hook, gasLimit);
    }

    /// @notice Settles one task, or reverts and changes nothing.
    /// @param assignmentSignature by `task.sequencer`, over the assignment: 65 bytes, or 64 (EIP-2098)
    /// @param resultSignature by `assignment.prover`, over the result
    /// @param proof of Halo2, or the seal of a RISC Zero Groth16 receipt. It may be one of many valid proofs of the same
    /// statement: the result's signature over its hash keeps strangers from swapping it, and what is consumed is the
    /// task's number, never a proof
    /// @param outputs the program's public outputs, 32 bytes each
    function settle(
        Task calldata task,
        Assignment calldata assignment,
        bytes calldata assignmentSignature,
        Result calldata result,
        bytes calldata resultSignature,
        bytes calldata proof,
        bytes calldata outputs
    ) external nonReentrant {
        _settle(task, assignment, assignmentSignature, result, resultSignature, proof, outputs);
    }

    /// @notice Settles each item that can be settled. A failing item, or one that burns its gas, is reported by
    /// ItemFailed and harms no other. An item whose gas the call cannot afford any more is reported, too.
    /// @return settled whether each item was settled
    function settleMany(Item[] calldata items) external nonReentrant returns (bool[] memory settled) {
        settled = new bool[](items.length);
        for (uint256 i; i < items.length; ++i) {
            bytes memory reason;
            (settled[i], reason) = _trySettle(items[i], REPORT_GAS * (items.length - i));
            if (!settled[i]) emit ItemFailed(i, taskDigest(items[i].task), reason);
        }
    }

    /// @notice One item of `settleMany`, in a call of its own so that its failure undoes nothing else.
    function settleItem(Item calldata item) external {
        if (msg.sender != address(this)) revert OnlySelf();
        _settle(
            item.task,
            item.assignment,
            item.assignmentSignature,
            item.result,
            item.resultSignature,
            item.proof,
            item.outputs
        );
    }

    /// @notice Whether the task of this number was settled.
    function consumed(uint64 projectId, address sequencer, uint64 number) external view returns (bool) {
        return (_consumed[projectId][sequencer][number >> 8] & _bit(number)) != 0;
    }

    /// @notice A task's id.
    function taskDigest(Task calldata task) public view returns (bytes32) {
        return _digest(TypedData.hash(task));
    }

    function assignmentDigest(Assignment calldata assignment) external view returns (bytes32) {
        return _digest(TypedData.hash(assignment));
    }

    function resultDigest(Result calldata result) external view returns (bytes32) {
        return _digest(TypedData.hash(result));
    }

    function messageDigest(Message calldata message) external view returns (bytes32) {
        return _digest(TypedData.hash(message));
    }

    /// @notice The binding of a proof to its task and prover; its halves are a circuit's first two public inputs.
    function binding(bytes32 task, address prover) external pure returns (bytes32) {
        return TypedData.binding(task, prover);
    }

    function domainSeparator() public view returns (bytes32) {
        return block.chainid == _chainId ? _domainSeparator : TypedData.domainSeparator(address(projectRegistrar));
    }

    function _trySettle(Item calldata item, uint256 reserve) private returns (bool, bytes memory) {
        (bool enough, uint256 required) = BoundedCall.affords(item.gasLimit, reserve);
        if (!enough) {
            return (false, abi.encodeWithSelector(BoundedCall.InsufficientGas.selector, gasleft(), required));
        }
        bytes memory data = abi.encodeCall(this.settleItem, (item));
        return BoundedCall.call(address(this), item.gasLimit, data, MAX_ITEM_REASON_BYTES);
    }

    function _settle(
        Task calldata task,
        Assignment calldata assignment,
        bytes calldata assignmentSignature,
        Result calldata result,
        bytes calldata resultSignature,
        bytes calldata proof,
        bytes calldata outputs
    ) private {
        bytes32 digest = taskDigest(task);
        _consume(task);
        _checkAssignment(task, digest, assignment, assignmentSignature);
        _checkResult(digest, assignment, result, resultSignature);
        if (result.proofHash != keccak256(proof)) revert Mismatch("result.proofHash");
        if (result.outputsHash != keccak256(outputs)) revert Mismatch("result.outputsHash");
        Settlement memory settlement = _prove(task, digest, assignment.prover, proof, outputs);
        _announce(settlement, result.outputsHash);
        _deliver(settlement, outputs);
        _reward(settlement);
    }

    function _consume(Task calldata task) private {
        uint64 number = task.number;
        if (number >= 1 << 53) revert TaskNumberTooLarge(number);
        if (projectRegistrar.isPaused(task.projectId)) revert ProjectPaused(task.projectId);
        mapping(uint256 => uint256) storage words = _consumed[task.projectId][task.sequencer];
        uint256 word = words[number >> 8];
        if ((word & _bit(number)) != 0) revert TaskAlreadySettled(task.projectId, task.sequencer, number);
        words[number >> 8] = word | _bit(number);
    }

    function _bit(uint64 number) private pure returns (uint256) {
        return uint256(1) << (number & 0xff);
    }

    function _checkAssignment(
        Task calldata task,
        bytes32 digest,
        Assignment calldata assignment,
        bytes calldata signature
    ) private view {
        if (assignment.task != digest) revert Mismatch("assignment.task");
        if (!fleetManager.isSequencerAllowed(task.sequencer, task.projectId)) {
            revert SequencerNotAllowed(task.projectId, task.sequencer);
        }
        address signer = Signature.recover(_digest(TypedData.hash(assignment)), signature);
        if (signer != task.sequencer) revert WrongAssignmentSigner(signer, task.sequencer);
    }

    function _checkResult(
        bytes32 digest,
        Assignment calldata assignment,
        Result calldata result,
        bytes calldata signature
    ) private view {
        if (result.task != digest) revert Mismatch("result.task");
        if (result.prover != assignment.prover) revert Mismatch("result.prover");
        if (result.chainId != block.chainid) revert Mismatch("result.chainId");
        if (result.router != address(this)) revert Mismatch("result.router");
        address signer = Signature.recover(_digest(TypedData.hash(result)), signature);
        if (signer != assignment.prover) revert WrongResultSigner(signer, assignment.prover);
    }

    /// Checks the proof by the project version's registered verifier.
    function _prove(Task calldata task, bytes32 digest, address prover, bytes calldata proof, bytes calldata outputs)
        private
        view
        returns (Settlement memory settlement)
    {
        bytes32 key = verifierRegistry.verifierKey(task.projectId, task.configHash, task.version);
        (Verifier memory entry, bytes32 codeHash) = verifierRegistry.verifierOf(key);
        if (!entry.inputBound && task.inputCommitment != 0) revert InputCommitmentNotBound(task.inputCommitment);
        _verify(entry, codeHash, TypedData.binding(digest, prover), task.inputCommitment, outputs, proof);
        settlement.projectId = task.projectId;
        settlement.task = digest;
        settlement.verifierKey = key;
        settlement.messagesRoot = task.messagesRoot;
        settlement.messageCount = task.messageCount;
        settlement.inputCommitment = task.inputCommitment;
        settlement.sequencer = task.sequencer;
        settlement.number = task.number;
        settlement.prover = prover;
        settlement.inputBound = entry.inputBound && task.inputCommitment != 0;
    }

    function _verify(
        Verifier memory entry,
        bytes32 codeHash,
        bytes32 binding_,
        bytes32 inputCommitment,
        bytes calldata outputs,
        bytes calldata proof
    ) private view {
        if (entry.kind == VerifierKind.HALO2) {
            Halo2Verification.verify(
                Halo2Verification.Circuit(
                    entry.verifier, codeHash, entry.outputWords, entry.proofBytes, entry.verifyGas
                ),
                binding_,
                inputCommitment,
                outputs,
                proof
            );
        } else if (entry.kind == VerifierKind.RISC0) {
            RiscZeroVerification.verify(
                RiscZeroVerification.Guest(
                    entry.verifier, codeHash, entry.outputWords, entry.verifyGas, entry.imageId, entry.selector
                ),
                binding_,
                inputCommitment,
                outputs,
                proof
            );
        } else {
            revert UnsupportedVerifierKind(entry.kind);
        }
    }

    function _announce(Settlement memory settlement, bytes32 outputsHash) private {
        emit Settled(
            settlement.task,
            settlement.projectId,
            settlement.prover,
            settlement.sequencer,
            settlement.number,
            settlement.verifierKey,
            settlement.messagesRoot,
            outputsHash
        );
    }

    function _deliver(Settlement memory settlement, bytes calldata outputs) private {
        address target = _dappOf(settlement.projectId);
        if (target.code.length == 0) revert DappWithoutCode(target);
        uint256[] memory words = new uint256[](outputs.length / 32);
        for (uint256 i; i < words.length; ++i) {
            words[i] = uint256(bytes32(outputs[32 * i:32 * i + 32]));
        }
        (bool success, bytes memory reason) = BoundedCall.call(
            target, gasleft(), abi.encodeCall(IW3bstreamDapp.onSettled, (settlement, words)), MAX_DAPP_REASON_BYTES
        );
        if (!success) revert DappReverted(target, reason);
    }

    function _reward(Settlement memory settlement) private {
        RewardHook memory reward = rewardHook[settlement.projectId];
        if (reward.hook == address(0)) return;
        if (reward.hook.code.length == 0) {
            emit RewardFailed(settlement.task, reward.hook, "");
            return;
        }
        bytes memory data = abi.encodeCall(IRewardHook.onCredited, (settlement));
        BoundedCall.requireGas(reward.gasLimit);
        (bool success, bytes memory reason) =
            BoundedCall.call(reward.hook, reward.gasLimit, data, MAX_DAPP_REASON_BYTES);
        if (!success) emit RewardFailed(settlement.task, reward.hook, reason);
    }

    function _dappOf(uint64 projectId) private view returns (address target) {
        target = dapp[projectId];
        if (target == address(0)) revert DappNotBound(projectId);
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }
}
