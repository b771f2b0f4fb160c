// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FleetManager} from "../FleetManager.sol";
import {ProjectRegistrar} from "../ProjectRegistrar.sol";
import {IReceiver} from "../interfaces/IReceiver.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {RevertReason} from "../libraries/RevertReason.sol";

/// @title W3bstreamRouter
/// @notice The older sandbox's router: hands raw data from an allowed operator to a registered receiver, and reports in
/// an event whether the receiver took it. New projects use W3bstreamSettlement, which checks the proof itself.
/// @dev Whatever the receiver reverts with, `submit` succeeds and DataReceived says why.
contract W3bstreamRouter {
    event ReceiverRegistered(uint256 indexed projectId, address indexed receiver);
    event ReceiverUnregistered(uint256 indexed projectId, address indexed receiver);
    /// `revertReason` is the receiver's text, or its revert data in hexadecimal.
    event DataReceived(address indexed operator, bool success, string revertReason);

    error NotProjectOwner();
    error NotOperator();
    error AlreadyRegistered();
    error ReceiverUnregister();
    error ReceiverWithoutCode(address receiver);
    error ProjectPaused(uint256 projectId);

    uint256 private constant MAX_REASON_BYTES = 512;
    /// Kept back for reporting a receiver that burns all it gets.
    uint256 private constant REPORT_GAS = 60_000;

    FleetManager public immutable fleetManager;
    ProjectRegistrar public immutable projectRegistry;

    mapping(uint256 projectId => mapping(address receiver => bool)) public isReceiver;

    modifier onlyProjectOwner(uint256 projectId) {
        if (projectRegistry.ownerOf(projectId) != msg.sender) revert NotProjectOwner();
        _;
    }

    constructor(FleetManager fleetManager_, ProjectRegistrar projectRegistry_) {
        fleetManager = fleetManager_;
        projectRegistry = projectRegistry_;
    }

    function register(uint256 projectId, address receiver) external onlyProjectOwner(projectId) {
        if (receiver.code.length == 0) revert ReceiverWithoutCode(receiver);
        if (isReceiver[projectId][receiver]) revert AlreadyRegistered();
        isReceiver[projectId][receiver] = true;
        emit ReceiverRegistered(projectId, receiver);
    }

    function unregister(uint256 projectId, address receiver) external onlyProjectOwner(projectId) {
        if (!isReceiver[projectId][receiver]) revert ReceiverUnregister();
        delete isReceiver[projectId][receiver];
        emit ReceiverUnregistered(projectId, receiver);
    }

    /// @notice Hands `data` to the receiver. The caller must operate a node that is allowed for the project.
    function submit(uint256 projectId, address receiver, bytes calldata data) external {
        if (!isReceiver[projectId][receiver]) revert ReceiverUnregister();
        if (!fleetManager.isAllowed(msg.sender, projectId)) revert NotOperator();
        // Receivers are registered for registered projects only, whose ids have 64 bits.
        if (projectRegistry.isPaused(uint64(projectId))) revert ProjectPaused(projectId);
        if (receiver.code.length == 0) revert ReceiverWithoutCode(receiver);
        bytes memory call = abi.encodeCall(IReceiver.receiveData, (data));
        BoundedCall.requireGas(REPORT_GAS);
        (bool success, bytes memory reason) = BoundedCall.call(receiver, gasleft() - REPORT_GAS, call, MAX_REASON_BYTES);
        emit DataReceived(msg.sender, success, success ? "" : RevertReason.toText(reason));
    }
}
