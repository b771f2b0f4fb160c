// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title RevertReason
/// @notice Revert data as text, for events that carry a string.
library RevertReason {
    bytes16 private constant HEX_DIGITS = "0123456789abcdef";

    /// @notice The text of an `Error(string)`; anything else (a custom error, a panic, a cut answer) in hexadecimal
    /// with 0x; the empty string for no data.
    function toText(bytes memory reason) internal pure returns (string memory) {
        if (reason.length == 0) return "";
        (bool isText, string memory text) = _errorText(reason);
        return isText ? text : _toHex(reason);
    }

    /// Reads by hand what `abi.decode` would revert on: the answer is a stranger's.
    function _errorText(bytes memory reason) private pure returns (bool, string memory text) {
        if (reason.length < 68 || bytes4(reason) != bytes4(keccak256("Error(string)"))) return (false, "");
        uint256 offset;
        uint256 length;
        assembly ("memory-safe") {
            offset := mload(add(reason, 0x24))
            length := mload(add(reason, 0x44))
        }
        if (offset != 32 || length > reason.length - 68) return (false, "");
        text = new string(length);
        assembly ("memory-safe") {
            mcopy(add(text, 0x20), add(reason, 0x64), length)
        }
        return (true, text);
    }

    function _toHex(bytes memory data) private pure returns (string memory) {
        bytes memory text = new bytes(2 + 2 * data.length);
        text[0] = "0";
        text[1] = "x";
        for (uint256 i; i < data.length; ++i) {
            text[2 + 2 * i] = HEX_DIGITS[uint8(data[i]) >> 4];
            text[3 + 2 * i] = HEX_DIGITS[uint8(data[i]) & 0x0f];
        }
        return string(text);
    }
}
