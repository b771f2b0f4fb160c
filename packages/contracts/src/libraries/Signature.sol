// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signature
/// @notice secp256k1 signatures as 65 bytes (r, s, v) or 64 bytes (r, vs; EIP-2098), each with low s.
library Signature {
    /// @notice The signer of `digest`; never the zero address.
    /// @dev Reverts with ECDSAInvalidSignatureLength, ECDSAInvalidSignatureS (high s) or ECDSAInvalidSignature.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address) {
        if (signature.length == 65) {
            return ECDSA.recover(digest, uint8(signature[64]), bytes32(signature[0:32]), bytes32(signature[32:64]));
        }
        if (signature.length == 64) {
            return ECDSA.recover(digest, bytes32(signature[0:32]), bytes32(signature[32:64]));
        }
        revert ECDSA.ECDSAInvalidSignatureLength(signature.length);
    }
}
