// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "./Vm.sol";

/// A proof of the signed-readings circuit, made by the native runtime (script/fixture.ts), and its generated verifier,
/// deployed. It is of two readings, of 21.4 and -3.5 degrees, a minute apart.
struct SignedReadingsProof {
    address verifier;
    bytes32 binding;
    bytes32 inputCommitment;
    bytes32 keysRoot;
    bytes outputs;
    bytes proof;
}

// The registry, on chain 31337, for whose project 1 the readings were signed.
address constant SIGNED_FOR = 0x5a5A5a5a5A5a5a5a5a5A5a5A5A5a5a5A5A5A5A5A;

function signedReadingsProof() returns (SignedReadingsProof memory made) {
    string memory json = vm.readFile("packages/contracts/test/fixtures/signed-readings-proof.json");
    made.binding = vm.parseJsonBytes32(json, ".binding");
    made.inputCommitment = vm.parseJsonBytes32(json, ".inputCommitment");
    made.keysRoot = vm.parseJsonBytes32(json, ".keysRoot");
    made.outputs = vm.parseJsonBytes(json, ".outputs");
    made.proof = vm.parseJsonBytes(json, ".proof");
    bytes memory code = vm.parseJsonBytes(json, ".verifierBytecode");
    address verifier;
    assembly ("memory-safe") {
        verifier := create(0, add(code, 0x20), mload(code))
    }
    made.verifier = verifier;
}
