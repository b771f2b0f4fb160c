// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "./Vm.sol";

/// A proof of the weather example by its own program (script/fixture.ts), and its generated verifier, deployed.
struct WeatherProof {
    address verifier;
    bytes32 binding;
    bytes32 inputCommitment;
    bytes outputs;
    bytes proof;
}

function weatherProof() returns (WeatherProof memory weather) {
    string memory json = vm.readFile("packages/contracts/test/fixtures/weather-proof.json");
    weather.binding = vm.parseJsonBytes32(json, ".binding");
    weather.inputCommitment = vm.parseJsonBytes32(json, ".inputCommitment");
    weather.outputs = vm.parseJsonBytes(json, ".outputs");
    weather.proof = vm.parseJsonBytes(json, ".proof");
    bytes memory code = vm.parseJsonBytes(json, ".verifierBytecode");
    address verifier;
    assembly ("memory-safe") {
        verifier := create(0, add(code, 0x20), mload(code))
    }
    weather.verifier = verifier;
}
