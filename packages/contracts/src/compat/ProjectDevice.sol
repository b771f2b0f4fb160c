// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ProjectRegistrar} from "../ProjectRegistrar.sol";

/// @title ProjectDevice
/// @notice Devices that a project's owner has approved.
contract ProjectDevice {
    event Approve(uint256 projectId, address indexed device);
    event Unapprove(uint256 projectId, address indexed device);

    error NotProjectOwner();
    error AlreadyApproved(address device);
    error NotApproved(address device);

    ProjectRegistrar public immutable projectRegistrar;

    mapping(uint256 projectId => mapping(address device => bool)) public approved;

    modifier onlyProjectOwner(uint256 projectId) {
        if (projectRegistrar.ownerOf(projectId) != msg.sender) revert NotProjectOwner();
        _;
    }

    constructor(ProjectRegistrar projectRegistrar_) {
        projectRegistrar = projectRegistrar_;
    }

    function approve(uint256 projectId, address[] calldata devices) external onlyProjectOwner(projectId) {
        for (uint256 i; i < devices.length; ++i) {
            if (approved[projectId][devices[i]]) revert AlreadyApproved(devices[i]);
            approved[projectId][devices[i]] = true;
            emit Approve(projectId, devices[i]);
        }
    }

    function unapprove(uint256 projectId, address[] calldata devices) external onlyProjectOwner(projectId) {
        for (uint256 i; i < devices.length; ++i) {
            if (!approved[projectId][devices[i]]) revert NotApproved(devices[i]);
            delete approved[projectId][devices[i]];
            emit Unapprove(projectId, devices[i]);
        }
    }
}
