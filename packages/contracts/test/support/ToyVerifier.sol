// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Halo2Verification} from "@w3bstream/contracts/src/libraries/Halo2Verification.sol";

/// Stands for a generated verifier, with its faults: it takes public inputs modulo r and ignores trailing calldata. Its
/// proof is the hash of the reduced inputs, so that a proof fits one set of inputs only.
contract ToyVerifier {
    uint256 private immutable _inputs;

    constructor(uint256 inputs) {
        _inputs = inputs;
    }

    fallback() external {
        uint256[] memory words = new uint256[](_inputs);
        for (uint256 i; i < words.length; ++i) {
            words[i] = uint256(bytes32(msg.data[32 * i:32 * i + 32])) % Halo2Verification.R;
        }
        bytes32 proof = bytes32(msg.data[32 * words.length:32 * words.length + 32]);
        require(proof == keccak256(abi.encodePacked(words)));
    }

    /// The proof of these public inputs: 64 bytes, of which the second half is idle.
    function prove(bytes32 binding, bytes32 inputCommitment, bytes memory outputs)
        external
        pure
        returns (bytes memory)
    {
        return abi.encode(
            keccak256(
                abi.encodePacked(uint256(binding) >> 128, uint256(uint128(uint256(binding))), inputCommitment, outputs)
            ),
            uint256(0)
        );
    }
}

/// Answers false instead of reverting.
contract FalseVerifier {
    fallback(bytes calldata) external returns (bytes memory) {
        return abi.encode(false);
    }
}

/// Burns all gas, as a verifier does for a point off the curve.
contract BurningVerifier {
    fallback() external {
        assembly {
            invalid()
        }
    }
}
