// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {MerkleVerifier} from "@w3bstream/contracts/src/MerkleVerifier.sol";
import {bound, vm} from "./support/Vm.sol";

contract MerkleProofTest {
    MerkleVerifier private merkle = new MerkleVerifier();

    function testFuzz_provesEachLeaf(uint256 count, uint256 index, bytes32 seed) public view {
        count = bound(count, 1, 70);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = leavesOf(count, seed);
        bytes32 root = rootOf(leaves, 0, count);
        bytes32[] memory path = pathOf(leaves, index);
        vm.assertTrue(merkle.verify(root, leaves[index], index, count, path));
    }

    function testFuzz_refusesAnotherIndexLeafOrRoot(uint256 count, uint256 index, uint256 another, bytes32 seed)
        public
        view
    {
        count = bound(count, 2, 70);
        index = bound(index, 0, count - 1);
        another = bound(another, 0, count - 1);
        vm.assume(another != index);
        bytes32[] memory leaves = leavesOf(count, seed);
        bytes32 root = rootOf(leaves, 0, count);
        bytes32[] memory path = pathOf(leaves, index);
        vm.assertFalse(merkle.verify(root, leaves[index], another, count, path));
        vm.assertFalse(merkle.verify(root, leaves[another], index, count, path));
        vm.assertFalse(merkle.verify(keccak256(abi.encode(root)), leaves[index], index, count, path));
    }

    function testFuzz_refusesALongerOrShorterPath(uint256 count, uint256 index, bytes32 seed) public view {
        count = bound(count, 2, 70);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = leavesOf(count, seed);
        bytes32 root = rootOf(leaves, 0, count);
        bytes32[] memory path = pathOf(leaves, index);
        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i; i < path.length; ++i) {
            longer[i] = path[i];
            if (i < shorter.length) shorter[i] = path[i];
        }
        vm.assertFalse(merkle.verify(root, leaves[index], index, count, longer));
        vm.assertFalse(merkle.verify(root, leaves[index], index, count, shorter));
    }

    function testFuzz_refusesASmallerCount(uint256 count, uint256 index, uint256 claimed, bytes32 seed) public view {
        count = bound(count, 2, 70);
        index = bound(index, 0, count - 1);
        bytes32[] memory leaves = leavesOf(count, seed);
        bytes32[] memory path = pathOf(leaves, index);
        // A count whose paths are shorter.
        claimed = bound(claimed, 1, uint256(1) << (path.length - 1));
        vm.assertFalse(merkle.verify(rootOf(leaves, 0, count), leaves[index], index % claimed, claimed, path));
    }

    function test_refusesAProofFromABiggerTree() public view {
        bytes32[] memory leaves = leavesOf(2, 0);
        bytes32[] memory path = new bytes32[](1);
        path[0] = leaves[0];
        vm.assertTrue(merkle.verify(rootOf(leaves, 0, 2), leaves[1], 1, 2, path));
        vm.assertFalse(merkle.verify(rootOf(leaves, 0, 2), leaves[1], 0, 1, path));
    }

    function test_refusesAnIndexBeyondTheCount() public view {
        bytes32 leaf = merkle.leaf(bytes16(uint128(1)), bytes32(uint256(2)), bytes32(uint256(3)));
        bytes32[] memory none = new bytes32[](0);
        vm.assertTrue(merkle.verify(leaf, leaf, 0, 1, none));
        vm.assertFalse(merkle.verify(leaf, leaf, 1, 1, none));
        vm.assertFalse(merkle.verify(leaf, leaf, 0, 0, none));
    }

    function test_anInteriorNodeIsNoLeaf() public view {
        bytes32[] memory leaves = leavesOf(4, 0);
        bytes32 root = rootOf(leaves, 0, 4);
        bytes32[] memory path = new bytes32[](1);
        path[0] = rootOf(leaves, 2, 2);
        bytes32 interior = rootOf(leaves, 0, 2);
        vm.assertFalse(merkle.verify(root, interior, 0, 4, path));
        vm.assertEq(merkle.leaf(0, 0, 0), keccak256(new bytes(81)));
        vm.assertEq(merkle.node(0, 0), keccak256(bytes.concat(bytes1(0x01), new bytes(64))));
    }

    function leavesOf(uint256 count, bytes32 seed) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = merkle.leaf(bytes16(uint128(i)), keccak256(abi.encode(seed, i)), seed);
        }
    }

    /// The tree as RFC 6962 defines it, by recursion: split at the largest power of two below the size.
    function rootOf(bytes32[] memory leaves, uint256 from, uint256 size) private view returns (bytes32) {
        if (size == 1) return leaves[from];
        uint256 left = splitOf(size);
        return merkle.node(rootOf(leaves, from, left), rootOf(leaves, from + left, size - left));
    }

    function pathOf(bytes32[] memory leaves, uint256 index) private view returns (bytes32[] memory path) {
        bytes32[] memory down = new bytes32[](8);
        uint256 depth;
        (uint256 from, uint256 size) = (0, leaves.length);
        while (size > 1) {
            uint256 left = splitOf(size);
            if (index < from + left) {
                down[depth++] = rootOf(leaves, from + left, size - left);
                size = left;
            } else {
                down[depth++] = rootOf(leaves, from, left);
                (from, size) = (from + left, size - left);
            }
        }
        path = new bytes32[](depth);
        for (uint256 i; i < depth; ++i) {
            path[i] = down[depth - 1 - i];
        }
    }

    function splitOf(uint256 size) private pure returns (uint256 left) {
        left = 1;
        while (2 * left < size) left *= 2;
    }
}
