// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Assignment, Message, Result, Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {vm} from "./support/Vm.sol";

interface Eip712 {
    function eip712HashTypedData(string calldata json) external pure returns (bytes32);
    function toString(address value) external pure returns (string memory);
    function toString(bytes32 value) external pure returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
}

/// Digests against forge's own implementation of EIP-712.
contract TypedDataTest is SettlementFixture {
    Eip712 private constant eip712 = Eip712(address(vm));

    function testFuzz_task(bytes32 configHash, bytes32 root, uint64 count, bytes32 commitment, uint64 number)
        public
        view
    {
        Task memory task = Task(project, "0.1-beta", configHash, root, count, commitment, sequencer, number);
        string memory message = string.concat(
            '{"projectId":"',
            eip712.toString(uint256(project)),
            '","version":"0.1-beta","configHash":"',
            eip712.toString(configHash),
            '","messagesRoot":"',
            eip712.toString(root),
            '","messageCount":"',
            eip712.toString(uint256(count)),
            '","inputCommitment":"',
            eip712.toString(commitment)
        );
        message = string.concat(
            message,
            '","sequencer":"',
            eip712.toString(sequencer),
            '","number":"',
            eip712.toString(uint256(number)),
            '"}'
        );
        vm.assertEq(
            router.taskDigest(task),
            digestOf(
                "Task",
                "uint64 projectId,string version,bytes32 configHash,bytes32 messagesRoot,uint64 messageCount,bytes32 inputCommitment,address sequencer,uint64 number",
                message
            )
        );
    }

    function testFuzz_assignment(bytes32 task, address prover_, uint64 deadline, uint64 attempt) public view {
        vm.assertEq(
            router.assignmentDigest(Assignment(task, prover_, deadline, attempt)),
            digestOf(
                "Assignment",
                "bytes32 task,address prover,uint64 deadline,uint64 attempt",
                string.concat(
                    '{"task":"',
                    eip712.toString(task),
                    '","prover":"',
                    eip712.toString(prover_),
                    '","deadline":"',
                    eip712.toString(uint256(deadline)),
                    '","attempt":"',
                    eip712.toString(uint256(attempt)),
                    '"}'
                )
            )
        );
    }

    function testFuzz_result(bytes32 task, bytes32 proofHash, bytes32 outputsHash, uint256 chainId) public view {
        string memory message = string.concat(
            '{"task":"',
            eip712.toString(task),
            '","prover":"',
            eip712.toString(prover),
            '","proofHash":"',
            eip712.toString(proofHash),
            '","outputsHash":"',
            eip712.toString(outputsHash),
            '","chainId":"',
            eip712.toString(chainId),
            '","router":"',
            eip712.toString(address(router)),
            '"}'
        );
        vm.assertEq(
            router.resultDigest(Result(task, prover, proofHash, outputsHash, chainId, address(router))),
            digestOf(
                "Result",
                "bytes32 task,address prover,bytes32 proofHash,bytes32 outputsHash,uint256 chainId,address router",
                message
            )
        );
    }

    function testFuzz_message(uint64 nonce, bytes32 payloadHash) public view {
        string memory message = string.concat(
            '{"projectId":"',
            eip712.toString(uint256(project)),
            '","version":"","device":"did:key:z6Mk","nonce":"',
            eip712.toString(uint256(nonce)),
            '","payloadHash":"',
            eip712.toString(payloadHash),
            '"}'
        );
        vm.assertEq(
            router.messageDigest(Message(project, "", "did:key:z6Mk", nonce, payloadHash)),
            digestOf(
                "Message", "uint64 projectId,string version,string device,uint64 nonce,bytes32 payloadHash", message
            )
        );
    }

    function test_theDomainFollowsTheChain() public {
        bytes32 here = router.domainSeparator();
        vm.chainId(block.chainid + 1);
        vm.assertFalse(router.domainSeparator() == here);
    }

    /// The digest of a message of one type in the deployment's domain.
    function digestOf(string memory name, string memory fields, string memory message) private view returns (bytes32) {
        string memory domain = string.concat(
            '"domain":{"name":"W3bstream","version":"1","chainId":"',
            eip712.toString(block.chainid),
            '","verifyingContract":"',
            eip712.toString(address(registrar)),
            '"}'
        );
        string memory types = string.concat(
            '"types":{"EIP712Domain":',
            typeOf("string name,string version,uint256 chainId,address verifyingContract"),
            ',"',
            name,
            '":',
            typeOf(fields),
            "}"
        );
        return eip712.eip712HashTypedData(
            string.concat("{", types, ',"primaryType":"', name, '",', domain, ',"message":', message, "}")
        );
    }

    /// `uint64 a,string b` as the JSON that describes a type.
    function typeOf(string memory fields) private pure returns (string memory json) {
        bytes memory text = bytes(fields);
        json = '[{"type":"';
        for (uint256 i; i < text.length; ++i) {
            if (text[i] == " ") json = string.concat(json, '","name":"');
            else if (text[i] == ",") json = string.concat(json, '"},{"type":"');
            else json = string.concat(json, string(abi.encodePacked(text[i])));
        }
        return string.concat(json, '"}]');
    }
}
