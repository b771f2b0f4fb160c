// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// A closed batch of a project's messages. Its id is the EIP-712 digest of this struct.
struct Task {
    uint64 projectId;
    string version;
    /// sha256 of the project file, as registered.
    bytes32 configHash;
    bytes32 messagesRoot;
    uint64 messageCount;
    bytes32 inputCommitment;
    address sequencer;
    /// Counts the tasks of a (project, sequencer); below 2^53.
    uint64 number;
}

/// A sequencer's word that `prover` may deliver the result of `task`. The deadline (seconds of Unix time) bounds the
/// delivery to the sequencer and is not checked on-chain.
struct Assignment {
    bytes32 task;
    address prover;
    uint64 deadline;
    uint64 attempt;
}

/// A prover's word that these are its proof and outputs for `task`, to be settled by `router` on `chainId`.
struct Result {
    bytes32 task;
    address prover;
    bytes32 proofHash;
    bytes32 outputsHash;
    uint256 chainId;
    address router;
}

/// What a device signs.
struct Message {
    uint64 projectId;
    string version;
    string device;
    uint64 nonce;
    bytes32 payloadHash;
}

/// @title TypedData
/// @notice EIP-712 hashes of everything that is signed. Domain: name `W3bstream`, version `1`, the chain id, and the
/// address of the ProjectRegistrar: one deployment, one registry.
library TypedData {
    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant TASK_TYPEHASH = keccak256(
        "Task(uint64 projectId,string version,bytes32 configHash,bytes32 messagesRoot,uint64 messageCount,bytes32 inputCommitment,address sequencer,uint64 number)"
    );
    bytes32 internal constant ASSIGNMENT_TYPEHASH =
        keccak256("Assignment(bytes32 task,address prover,uint64 deadline,uint64 attempt)");
    bytes32 internal constant RESULT_TYPEHASH = keccak256(
        "Result(bytes32 task,address prover,bytes32 proofHash,bytes32 outputsHash,uint256 chainId,address router)"
    );
    bytes32 internal constant MESSAGE_TYPEHASH =
        keccak256("Message(uint64 projectId,string version,string device,uint64 nonce,bytes32 payloadHash)");

    function domainSeparator(address registrar) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("W3bstream"), keccak256("1"), block.chainid, registrar));
    }

    function hash(Task calldata task) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TASK_TYPEHASH,
                task.projectId,
                keccak256(bytes(task.version)),
                task.configHash,
                task.messagesRoot,
                task.messageCount,
                task.inputCommitment,
                task.sequencer,
                task.number
            )
        );
    }

    function hash(Assignment calldata assignment) internal pure returns (bytes32) {
        return keccak256(abi.encode(ASSIGNMENT_TYPEHASH, assignment));
    }

    function hash(Result calldata result) internal pure returns (bytes32) {
        return keccak256(abi.encode(RESULT_TYPEHASH, result));
    }

    function hash(Message calldata message) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                MESSAGE_TYPEHASH,
                message.projectId,
                keccak256(bytes(message.version)),
                keccak256(bytes(message.device)),
                message.nonce,
                message.payloadHash
            )
        );
    }

    /// @notice What ties a proof to one task and one prover: a copy by another prover does not verify.
    function binding(bytes32 task, address prover) internal pure returns (bytes32) {
        return keccak256(abi.encode(task, prover));
    }
}
