// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Bn254
/// @notice The curve's precompiles (EIP-196, EIP-197), each answer checked: whether the call succeeded, and how much it
/// returned. A call that fails burns what it was given, so each gets about twice what EIP-1108 asks and no more.
/// @dev The precompiles refuse coordinates that are not below P, points off the curve, and points of G2 outside the
/// subgroup. Points of G2 have the imaginary part of each coordinate first.
library Bn254 {
    /// Order of the field of coordinates.
    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// A precompile refused what it was given, or is not what EIP-196 and EIP-197 say.
    error PrecompileFailed(uint256 precompile);

    uint256 private constant ADD = 6;
    uint256 private constant MULTIPLY = 7;
    uint256 private constant PAIRING = 8;
    uint256 private constant ADD_GAS = 1_000;
    uint256 private constant MULTIPLY_GAS = 12_000;
    uint256 private constant PAIRING_GAS = 90_000;
    uint256 private constant GAS_PER_PAIR = 68_000;

    /// A point of the first group; (0, 0) is its zero.
    struct G1 {
        uint256 x;
        uint256 y;
    }

    function add(G1 memory a, G1 memory b) internal view returns (G1 memory) {
        return _point(ADD, ADD_GAS, abi.encode(a, b));
    }

    function multiply(G1 memory a, uint256 scalar) internal view returns (G1 memory) {
        return _point(MULTIPLY, MULTIPLY_GAS, abi.encode(a, scalar));
    }

    /// @notice Whether the product of these pairings is one.
    /// @param pairs 6 words a pair: a point of G1, a point of G2
    function pairing(bytes memory pairs) internal view returns (bool) {
        bytes memory answer = _call(PAIRING, PAIRING_GAS + GAS_PER_PAIR * (pairs.length / 192), pairs, 32);
        return abi.decode(answer, (uint256)) == 1;
    }

    function _point(uint256 precompile, uint256 gasLimit, bytes memory input) private view returns (G1 memory) {
        return abi.decode(_call(precompile, gasLimit, input, 64), (G1));
    }

    function _call(uint256 precompile, uint256 gasLimit, bytes memory input, uint256 length)
        private
        view
        returns (bytes memory answer)
    {
        (bool success, bytes memory returned) = address(uint160(precompile)).staticcall{gas: gasLimit}(input);
        if (!success || returned.length != length) revert PrecompileFailed(precompile);
        return returned;
    }
}
