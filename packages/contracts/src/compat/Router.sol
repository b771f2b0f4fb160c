// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FleetManager} from "../FleetManager.sol";
import {NodeRegistry} from "../NodeRegistry.sol";
import {ProjectRegistrar} from "../ProjectRegistrar.sol";
import {IDapp} from "../interfaces/IDapp.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {RevertReason} from "../libraries/RevertReason.sol";

/// @title Router
/// @notice The later W3bstream's router: hands raw data from an allowed prover to the project's dApp, and reports in an
/// event whether the dApp took it. New projects use W3bstreamSettlement, which checks the proof itself.
/// @dev A prover's id is its node's. Whatever the dApp reverts with, `route` succeeds and DataProcessed says why.
contract Router {
    event DappBound(uint256 indexed projectId, address indexed operator, address dapp);
    event DappUnbound(uint256 indexed projectId, address indexed operator);
    /// `router` is the prover's id; `revertReason` the dApp's text, or its revert data in hexadecimal.
    event DataProcessed(
        uint256 indexed projectId, uint256 indexed router, address indexed operator, bool success, string revertReason
    );

    error NotProjectOwner();
    error NotOperator();
    error ProjectPaused(uint256 projectId);
    error DappNotBound(uint256 projectId);
    error DappWithoutCode(address dapp);

    uint256 private constant MAX_REASON_BYTES = 512;
    /// Kept back for reporting a dApp that burns all it gets.
    uint256 private constant REPORT_GAS = 60_000;

    FleetManager public immutable fleetManager;
    NodeRegistry public immutable nodeRegistry;
    ProjectRegistrar public immutable projectRegistry;

    mapping(uint256 projectId => address) public dapp;

    modifier onlyProjectOwner(uint256 projectId) {
        if (projectRegistry.ownerOf(projectId) != msg.sender) revert NotProjectOwner();
        _;
    }

    constructor(FleetManager fleetManager_) {
        fleetManager = fleetManager_;
        nodeRegistry = fleetManager_.nodeRegistry();
        projectRegistry = fleetManager_.projectRegistrar();
    }

    function bindDapp(uint256 projectId, address target) external onlyProjectOwner(projectId) {
        if (target.code.length == 0) revert DappWithoutCode(target);
        dapp[projectId] = target;
        emit DappBound(projectId, msg.sender, target);
    }

    function unbindDapp(uint256 projectId) external onlyProjectOwner(projectId) {
        if (dapp[projectId] == address(0)) revert DappNotBound(projectId);
        delete dapp[projectId];
        emit DappUnbound(projectId, msg.sender);
    }

    /// @notice Hands `data` to the project's dApp. The caller must operate node `proverId`, allowed for the project.
    function route(uint256 projectId, uint256 proverId, string calldata clientId, bytes calldata data) external {
        address target = dapp[projectId];
        if (target == address(0)) revert DappNotBound(projectId);
        if (nodeRegistry.nodeOf(msg.sender) != proverId || !fleetManager.isAllowed(msg.sender, projectId)) {
            revert NotOperator();
        }
        // Projects are registered with 64 bit ids only, and a dApp is bound only to a registered one.
        if (projectRegistry.isPaused(uint64(projectId))) revert ProjectPaused(projectId);
        if (target.code.length == 0) revert DappWithoutCode(target);
        bytes memory call = abi.encodeCall(IDapp.process, (projectId, proverId, clientId, data));
        BoundedCall.requireGas(REPORT_GAS);
        (bool success, bytes memory reason) = BoundedCall.call(target, gasleft() - REPORT_GAS, call, MAX_REASON_BYTES);
        emit DataProcessed(projectId, proverId, msg.sender, success, success ? "" : RevertReason.toText(reason));
    }
}
