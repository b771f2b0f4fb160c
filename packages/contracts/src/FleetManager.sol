// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {NodeRegistry} from "./NodeRegistry.sol";
import {ProjectRegistrar} from "./ProjectRegistrar.sol";

/// @title FleetManager
/// @notice Which nodes may prove for a project, and, apart from that, which accounts may sequence for it: a prover must
/// not be able to assign work to itself.
contract FleetManager {
    event NodeAllowed(uint256 indexed projectId, uint256 indexed nodeId);
    event NodeDisallowed(uint256 indexed projectId, uint256 indexed nodeId);
    event SequencerAllowed(uint256 indexed projectId, address indexed sequencer);
    event SequencerDisallowed(uint256 indexed projectId, address indexed sequencer);

    error NotProjectOwner(uint256 projectId, address caller);
    error NodeAlreadyAllowed(uint256 projectId, uint256 nodeId);
    error NodeNotAllowed(uint256 projectId, uint256 nodeId);
    error SequencerAlreadyAllowed(uint256 projectId, address sequencer);
    error SequencerNotAllowed(uint256 projectId, address sequencer);
    error InvalidSequencer();

    ProjectRegistrar public immutable projectRegistrar;
    NodeRegistry public immutable nodeRegistry;

    mapping(uint256 projectId => mapping(uint256 nodeId => bool)) private _nodes;
    mapping(uint256 projectId => mapping(address sequencer => bool)) private _sequencers;

    modifier onlyProjectOwner(uint256 projectId) {
        if (projectRegistrar.ownerOf(projectId) != msg.sender) revert NotProjectOwner(projectId, msg.sender);
        _;
    }

    constructor(ProjectRegistrar projectRegistrar_, NodeRegistry nodeRegistry_) {
        projectRegistrar = projectRegistrar_;
        nodeRegistry = nodeRegistry_;
    }

    /// @notice Lets a registered node prove for the project.
    function allow(uint256 projectId, uint256 nodeId) external onlyProjectOwner(projectId) {
        nodeRegistry.ownerOf(nodeId);
        if (_nodes[projectId][nodeId]) revert NodeAlreadyAllowed(projectId, nodeId);
        _nodes[projectId][nodeId] = true;
        emit NodeAllowed(projectId, nodeId);
    }

    function disallow(uint256 projectId, uint256 nodeId) external onlyProjectOwner(projectId) {
        if (!_nodes[projectId][nodeId]) revert NodeNotAllowed(projectId, nodeId);
        delete _nodes[projectId][nodeId];
        emit NodeDisallowed(projectId, nodeId);
    }

    /// @notice Lets an account sign the project's tasks and assignments. It chooses who proves, and is credited for
    /// nothing by that.
    function allowSequencer(uint256 projectId, address sequencer) external onlyProjectOwner(projectId) {
        if (sequencer == address(0)) revert InvalidSequencer();
        if (_sequencers[projectId][sequencer]) revert SequencerAlreadyAllowed(projectId, sequencer);
        _sequencers[projectId][sequencer] = true;
        emit SequencerAllowed(projectId, sequencer);
    }

    function disallowSequencer(uint256 projectId, address sequencer) external onlyProjectOwner(projectId) {
        if (!_sequencers[projectId][sequencer]) revert SequencerNotAllowed(projectId, sequencer);
        delete _sequencers[projectId][sequencer];
        emit SequencerDisallowed(projectId, sequencer);
    }

    /// @notice Whether `operator` serves a node that may prove for the project; false for an unknown operator.
    function isAllowed(address operator, uint256 projectId) external view returns (bool) {
        uint256 nodeId = nodeRegistry.nodeOf(operator);
        return nodeId != 0 && _nodes[projectId][nodeId];
    }

    function isSequencerAllowed(address sequencer, uint256 projectId) external view returns (bool) {
        return _sequencers[projectId][sequencer];
    }
}
