// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ProjectRegistrar} from "./ProjectRegistrar.sol";
import {RiscZeroSelector} from "./libraries/RiscZeroSelector.sol";
import {RiscZeroVerification} from "./libraries/RiscZeroVerification.sol";

/// Proof systems, as `Verifier.kind`.
library VerifierKind {
    uint8 internal constant HALO2 = 1;
    /// Groth16 receipts; other receipts of RISC Zero are not verified on-chain.
    uint8 internal constant RISC0 = 2;
}

/// The contract that verifies proofs of one program, and the shape of what it is given.
struct Verifier {
    address verifier;
    /// See VerifierKind.
    uint8 kind;
    /// Words of public output.
    uint16 outputWords;
    /// Exact length of a proof.
    uint24 proofBytes;
    /// Gas that the verifier gets, at most MAX_VERIFY_GAS.
    uint32 verifyGas;
    /// Whether the program opens the task's input commitment, where the task has one.
    bool inputBound;
    /// RISC Zero's image id, its eight 32-bit words little end first; 0 for Halo2.
    bytes32 imageId;
    /// RISC Zero's verifier selector; 0 for Halo2.
    bytes4 selector;
}

/// @title VerifierRegistry
/// @notice Which contract verifies proofs of a (project, project file, version). An entry is set once by the project's
/// owner, can be revoked, and is never replaced: what a dApp approved under a key stays what it approved.
/// @dev The key names the project file's hash, and settlement asks for the key alone. So a file needs no second check
/// against the registrar: the owner vouches for it by registering a verifier, an update in mid-flight changes nothing
/// for tasks already packed, and a verifier can be in place before its file is published. The hash of the verifier's
/// own code is pinned, too; a proxy's target is not, so dApps should approve keys of plain contracts only, or of our
/// RiscZeroVerifierRouter once it has the entry's selector: it can end that, and never exchange it. Whether a verifier was
/// made from a test SRS cannot be seen on-chain; tools refuse such code outside a local chain.
contract VerifierRegistry {
    event VerifierRegistered(
        bytes32 indexed key,
        uint64 indexed projectId,
        address indexed verifier,
        bytes32 configHash,
        string version,
        bytes32 codeHash
    );
    event VerifierRevoked(bytes32 indexed key, uint64 indexed projectId);

    error NotProjectOwner(uint64 projectId, address caller);
    error VerifierAlreadyRegistered(bytes32 key);
    error VerifierNotRegistered(bytes32 key);
    error VerifierIsRevoked(bytes32 key);
    error VerifierWithoutCode(address verifier);
    /// A field of the entry does not fit the entry's kind.
    error InvalidVerifier(string field);

    struct Record {
        Verifier verifier;
        /// Hash of the verifier's code at registration; 0 once revoked.
        bytes32 codeHash;
    }

    uint32 public constant MAX_VERIFY_GAS = 10_000_000;

    ProjectRegistrar public immutable projectRegistrar;

    mapping(bytes32 key => Record) private _records;

    modifier onlyProjectOwner(uint64 projectId) {
        if (projectRegistrar.ownerOf(projectId) != msg.sender) revert NotProjectOwner(projectId, msg.sender);
        _;
    }

    constructor(ProjectRegistrar projectRegistrar_) {
        projectRegistrar = projectRegistrar_;
    }

    /// @notice Sets the verifier of a project version, for good.
    /// @param configHash sha256 of the project file that holds the version
    function registerVerifier(uint64 projectId, bytes32 configHash, string calldata version, Verifier calldata entry)
        external
        onlyProjectOwner(projectId)
        returns (bytes32 key)
    {
        key = verifierKey(projectId, configHash, version);
        if (_records[key].verifier.verifier != address(0)) revert VerifierAlreadyRegistered(key);
        _check(entry);
        bytes32 codeHash = entry.verifier.codehash;
        _records[key] = Record(entry, codeHash);
        emit VerifierRegistered(key, projectId, entry.verifier, configHash, version, codeHash);
    }

    /// @notice Ends the settlement of a project version. It cannot be undone: publish another version instead.
    function revokeVerifier(uint64 projectId, bytes32 configHash, string calldata version)
        external
        onlyProjectOwner(projectId)
    {
        bytes32 key = verifierKey(projectId, configHash, version);
        _active(key);
        delete _records[key].codeHash;
        emit VerifierRevoked(key, projectId);
    }

    /// @notice The entry under a key and the hash that its verifier's code must have.
    /// @dev Reverts with VerifierNotRegistered or VerifierIsRevoked.
    function verifierOf(bytes32 key) external view returns (Verifier memory entry, bytes32 codeHash) {
        Record storage record = _active(key);
        return (record.verifier, record.codeHash);
    }

    /// @notice keccak256(abi.encode(projectId, configHash, keccak256(bytes(version)))).
    function verifierKey(uint64 projectId, bytes32 configHash, string calldata version) public pure returns (bytes32) {
        return keccak256(abi.encode(projectId, configHash, keccak256(bytes(version))));
    }

    function _active(bytes32 key) private view returns (Record storage record) {
        record = _records[key];
        if (record.verifier.verifier == address(0)) revert VerifierNotRegistered(key);
        if (record.codeHash == 0) revert VerifierIsRevoked(key);
    }

    function _check(Verifier calldata entry) private view {
        if (entry.verifier.code.length == 0) revert VerifierWithoutCode(entry.verifier);
        if (entry.kind != VerifierKind.HALO2 && entry.kind != VerifierKind.RISC0) revert InvalidVerifier("kind");
        if (entry.verifyGas == 0 || entry.verifyGas > MAX_VERIFY_GAS) revert InvalidVerifier("verifyGas");
        if (entry.kind == VerifierKind.HALO2) {
            if (entry.proofBytes == 0) revert InvalidVerifier("proofBytes");
            if (entry.imageId != 0) revert InvalidVerifier("imageId");
            if (entry.selector != 0) revert InvalidVerifier("selector");
        } else {
            if (entry.proofBytes != RiscZeroVerification.SEAL_BYTES) revert InvalidVerifier("proofBytes");
            if (entry.imageId == 0) revert InvalidVerifier("imageId");
            if (entry.selector == 0) revert InvalidVerifier("selector");
            RiscZeroSelector.refuse(entry.selector);
        }
    }
}
