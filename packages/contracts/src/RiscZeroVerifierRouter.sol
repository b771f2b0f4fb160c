// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IRiscZeroVerifier} from "./interfaces/IRiscZeroVerifier.sol";

/// @title RiscZeroVerifierRouter
/// @notice Hands each RISC Zero seal to the verifier of its selector. A selector's verifier is set once: it can be removed
/// for good, and all of them can be stopped for good, but none is ever replaced. So whoever relies on a selector that is
/// set here relies on the verifier that is set now, and on nobody for anything but its end.
/// @dev One who approves a selector before it is set lets this contract's owner choose its verifier.
contract RiscZeroVerifierRouter is IRiscZeroVerifier, Ownable2Step {
    event VerifierAdded(bytes4 indexed selector, address indexed verifier);
    event VerifierRemoved(bytes4 indexed selector, address indexed verifier);
    event Stopped(address indexed by);
    event GuardianChanged(address indexed guardian);

    error NotGuardian(address caller);
    error VerifierWithoutCode(address verifier);
    /// The contract verifies receipts of another selector than the one that it is to be set for.
    error VerifierOfOtherSelector(address verifier, bytes4 actual, bytes4 expected);
    error SelectorInUse(bytes4 selector);
    error SelectorUnknown(bytes4 selector);
    error SelectorRemoved(bytes4 selector);
    /// Receipts of RISC Zero's development mode prove nothing.
    error FakeReceipt(bytes4 selector);
    /// The seal shows that a claim is in a set of claims, and not the claim itself.
    error SetInclusionSeal(bytes4 selector);
    error SealWithoutSelector();
    error IsStopped();
    error CannotRenounce();

    /// Where the verifier of a removed selector was.
    address private constant REMOVED = address(1);

    /// Who may stop everything, beside the owner.
    address public guardian;
    bool public stopped;

    mapping(bytes4 selector => address) private _verifiers;

    constructor(address owner_, address guardian_) Ownable(owner_) {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice Sets the verifier of a selector, once.
    function addVerifier(bytes4 selector, address verifier) external onlyOwner {
        _refuseKind(selector);
        address known = _verifiers[selector];
        if (known == REMOVED) revert SelectorRemoved(selector);
        if (known != address(0)) revert SelectorInUse(selector);
        if (verifier.code.length == 0) revert VerifierWithoutCode(verifier);
        bytes4 actual = ISelector(verifier).SELECTOR();
        if (actual != selector) revert VerifierOfOtherSelector(verifier, actual, selector);
        _verifiers[selector] = verifier;
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
        IRiscZeroVerifier(_verifierOf(bytes4(seal[:4]))).verify(seal, imageId, journalDigest);
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
        _refuseKind(selector);
        revert SelectorUnknown(selector);
    }

    /// Selectors that are known and never served. Set verifiers' are those of RISC Zero's releases 0.1 to 0.9; later ones
    /// are unknown selectors, which only the owner could make known.
    function _refuseKind(bytes4 selector) private pure {
        if (selector == 0xffffffff || selector == 0xffff0000) revert FakeReceipt(selector);
        if (
            selector == 0xbfca9ccb || selector == 0x16a15cc8 || selector == 0xf443ad7b || selector == 0xf2e6e6dc
                || selector == 0x80479d24 || selector == 0x0f63ffd5 || selector == 0x242f9d5b
        ) revert SetInclusionSeal(selector);
    }
}

interface ISelector {
    function SELECTOR() external view returns (bytes4);
}
