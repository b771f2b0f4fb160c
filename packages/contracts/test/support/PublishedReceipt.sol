// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RiscZeroGroth16Verifier} from "@w3bstream/contracts/src/RiscZeroGroth16Verifier.sol";
import {Bn254} from "@w3bstream/contracts/src/libraries/Bn254.sol";
import {vm} from "./Vm.sol";

/// The receipt that RISC Zero published for its release 3.0.
struct Receipt {
    bytes seal;
    bytes32 imageId;
    bytes journal;
    bytes32 controlRoot;
    bytes32 bn254ControlId;
}

function publishedReceipt() view returns (Receipt memory receipt) {
    string memory json = vm.readFile("packages/contracts/test/fixtures/risc0-receipt.json");
    receipt.seal = vm.parseJsonBytes(json, ".seal");
    receipt.imageId = vm.parseJsonBytes32(json, ".imageId");
    receipt.journal = vm.parseJsonBytes(json, ".journal");
    receipt.controlRoot = vm.parseJsonBytes32(json, ".controlRoot");
    receipt.bn254ControlId = vm.parseJsonBytes32(json, ".bn254ControlId");
}

function deployRiscZeroVerifier() returns (RiscZeroGroth16Verifier) {
    Receipt memory receipt = publishedReceipt();
    return new RiscZeroGroth16Verifier(receipt.controlRoot, receipt.bn254ControlId);
}

/// Another valid proof of the same statement, as anyone can make it: (-a, -b, c).
function malleated(bytes memory seal) pure returns (bytes memory) {
    (bytes4 selector, uint256[8] memory proof) = openSeal(seal);
    proof[1] = Bn254.P - proof[1];
    proof[4] = Bn254.P - proof[4];
    proof[5] = Bn254.P - proof[5];
    return closeSeal(selector, proof);
}

function openSeal(bytes memory seal) pure returns (bytes4 selector, uint256[8] memory proof) {
    assembly {
        selector := mload(add(seal, 0x20))
        mcopy(proof, add(seal, 0x24), 0x100)
    }
}

function closeSeal(bytes4 selector, uint256[8] memory proof) pure returns (bytes memory) {
    return abi.encodePacked(selector, proof);
}
