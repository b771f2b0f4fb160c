// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IRiscZeroVerifier} from "./interfaces/IRiscZeroVerifier.sol";
import {RiscZeroSelector} from "./libraries/RiscZeroSelector.sol";
import {VerifierCall} from "./libraries/VerifierCall.sol";

/// @title RiscZeroVerifierRouter
/// @notice Hands each RISC Zero seal to the verifier of its selector. A selector's verifier is set once: it can be removed
/// for good, and all of them can be stopped for good, but none is ever replaced. So whoever relies on a selector that is
/// set here relies on the verifier that is set now, and on nobody for anything but its end.
/// @dev One who approves a selector before it is set lets this contract's owner choose its verifier. A verifier's own code
/// is pinned; a proxy's target is not, so look at the verifier before you approve its selector here.
contract RiscZeroVerifierRouter is IRiscZeroVerifier, Ownable2Step {
    event VerifierAdded(bytes4 indexed selector, address indexed verifier);
    event VerifierRemoved(bytes4 indexed selector, address indexed verifier);
    event Stopped(address indexed by);
    event GuardianChanged(address indexed guardian);

    error NotGuardian(address caller);
    /// The contract verifies receipts of another selector than the one that it is to be set for.
    error VerifierOfOtherSelector(address verifier, bytes4 actual, bytes4 expected);
    error SelectorInUse(bytes4 selector);
    error SelectorUnknown(bytes4 selector);
    error SelectorRemoved(bytes4 selector);
    error SealWithoutSelector();
    error IsStopped();
    error CannotRenounce();

    /// Where the verifier of a removed selector was.
    address private constant REMOVED = address(1);

    /// Who may stop everything, beside the owner.
    address public guardian;
    bool public stopped;

    mapping(bytes4 selector => address) private _verifiers;
    /// Hash of the verifier's code when it was set.
    mapping(bytes4 selector => bytes32) private _codeHashes;

    constructor(address owner_, address guardian_) Ownable(owner_) {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice Sets the verifier of a selector, once.
    function addVerifier(bytes4 selector, address verifier) external onlyOwner {
        RiscZeroSelector.refuse(selector);
        address known = _verifiers[selector];
        if (known == REMOVED) revert SelectorRemoved(selector);
        if (known != address(0)) revert SelectorInUse(selector);
        if (verifier.code.length == 0) revert VerifierCall.VerifierWithoutCode(verifier);
        bytes4 actual = ISelector(verifier).SELECTOR();
        if (actual != selector) revert VerifierOfOtherSelector(verifier, actual, selector);
        _verifiers[selector] = verifier;
        _codeHashes[selector] = verifier.codehash;
        emit VerifierAdded(selector, verifier);
    }

    /// @notice Ends a selector, for good.
    function removeVerifier(bytes4 selector) external onlyOwner {
        address verifier = _verifierOf(selector);
        _verifiers[selector] = REMOVED;
        emit VerifierRemoved(selector, verifier);
    }

    /// @notice Ends all verification by this contract, for good: for the day on which a proof system is found unsound.
    function stop() external {
        if (msg.sender != guardian && msg.sender != owner()) revert NotGuardian(msg.sender);
        if (stopped) revert IsStopped();
        stopped = true;
        emit Stopped(msg.sender);
    }

    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice Refused: without an owner, nobody could remove a selector.
    function renounceOwnership() public pure override {
        revert CannotRenounce();
    }

    /// @inheritdoc IRiscZeroVerifier
    function verify(bytes calldata seal, bytes32 imageId, bytes32 journalDigest) external view {
        if (stopped) revert IsStopped();
        if (seal.length < 4) revert SealWithoutSelector();
        bytes4 selector = bytes4(seal[:4]);
        address verifier = _verifierOf(selector);
        bytes32 codeHash = _codeHashes[selector];
        if (verifier.codehash != codeHash) {
            revert VerifierCall.VerifierCodeChanged(verifier, verifier.codehash, codeHash);
        }
        IRiscZeroVerifier(verifier).verify(seal, imageId, journalDigest);
        // Only silence counts as a yes: a verifier that answers might have said no.
        uint256 answered;
        assembly ("memory-safe") {
            answered := returndatasize()
        }
        if (answered != 0) revert VerifierCall.VerifierAnswered(verifier, answered);
    }

    /// @notice The verifier of a selector.
    /// @dev Reverts with the reason for which there is none.
    function getVerifier(bytes4 selector) external view returns (address) {
        if (stopped) revert IsStopped();
        return _verifierOf(selector);
    }

    function _verifierOf(bytes4 selector) private view returns (address verifier) {
        verifier = _verifiers[selector];
        if (verifier == REMOVED) revert SelectorRemoved(selector);
        if (verifier != address(0)) return verifier;
        RiscZeroSelector.refuse(selector);
        revert SelectorUnknown(selector);
    }
}

interface ISelector {
    function SELECTOR() external view returns (bytes4);
}
