// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {RiscZeroGroth16Verifier} from "@w3bstream/contracts/src/RiscZeroGroth16Verifier.sol";
import {RiscZeroVerifierRouter} from "@w3bstream/contracts/src/RiscZeroVerifierRouter.sol";
import {Verifier, VerifierKind} from "@w3bstream/contracts/src/VerifierRegistry.sol";
import {W3bstreamSettlement} from "@w3bstream/contracts/src/W3bstreamSettlement.sol";
import {Halo2VerifierWrapper} from "@w3bstream/contracts/src/compat/Halo2VerifierWrapper.sol";
import {IRiscZeroVerifier} from "@w3bstream/contracts/src/interfaces/IRiscZeroVerifier.sol";
import {Task} from "@w3bstream/contracts/src/libraries/TypedData.sol";
import {WeatherStats} from "halo2-weather/WeatherStats.sol";
import {Receipt, deployRiscZeroVerifier, publishedReceipt} from "./support/PublishedReceipt.sol";
import {SettlementFixture} from "./support/SettlementFixture.sol";
import {SignedReadingsDeployment} from "./support/SignedReadingsDeployment.sol";
import {WeatherProof, weatherProof} from "./support/WeatherProof.sol";
import {vm} from "./support/Vm.sol";

/// Takes as much gas as a generated verifier with two advice columns, and any proof.
contract SpinningVerifier {
    fallback() external {
        uint256 start = gasleft();
        while (start - gasleft() < 300_000) {}
    }
}

/// Has the real verifier check a seal, of the published receipt whatever it is asked: a receipt of a guest that settles
/// takes a prover that these tests do not have. It costs the call in between, about as the router does.
contract PublishedOnly is IRiscZeroVerifier {
    RiscZeroGroth16Verifier private immutable _verifier;
    bytes32 private immutable _imageId;
    bytes32 private immutable _journalDigest;

    constructor(RiscZeroGroth16Verifier verifier, bytes32 imageId, bytes32 journalDigest) {
        (_verifier, _imageId, _journalDigest) = (verifier, imageId, journalDigest);
    }

    function verify(bytes calldata seal, bytes32, bytes32) external view {
        _verifier.verify(seal, _imageId, _journalDigest);
    }
}

/// What settlement and each check cost, beside a transaction's own 21,000 and its calldata. Committed as .gas-snapshot.
contract Gas is SettlementFixture {
    string private constant REALISTIC = "realistic";
    string private constant GUEST = "guest";

    RiscZeroGroth16Verifier private riscZero;
    RiscZeroVerifierRouter private riscZeroRouter;
    Receipt private receipt;
    WeatherProof private weather;
    Halo2VerifierWrapper private wrapper;

    function setUp() public override {
        super.setUp();
        Verifier memory realistic = entry();
        realistic.verifier = address(new SpinningVerifier());
        realistic.proofBytes = 1984;
        realistic.verifyGas = 500_000;
        verifiers.registerVerifier(project, CONFIG, REALISTIC, realistic);
        WeatherStats stats = new WeatherStats(address(router), project);
        stats.allowVerifier(verifiers.verifierKey(project, CONFIG, REALISTIC));
        stats.allowVerifier(verifiers.verifierKey(project, CONFIG, GUEST));
        router.bindDapp(project, address(stats));

        riscZero = deployRiscZeroVerifier();
        riscZeroRouter = new RiscZeroVerifierRouter(address(this), other);
        riscZeroRouter.addVerifier(riscZero.SELECTOR(), address(riscZero));
        receipt = publishedReceipt();
        Verifier memory guest = realistic;
        guest.kind = VerifierKind.RISC0;
        guest.verifier = address(new PublishedOnly(riscZero, receipt.imageId, sha256(receipt.journal)));
        guest.proofBytes = 260;
        guest.imageId = receipt.imageId;
        guest.selector = riscZero.SELECTOR();
        verifiers.registerVerifier(project, CONFIG, GUEST, guest);

        weather = weatherProof();
        wrapper = new Halo2VerifierWrapper(weather.verifier, 7, weather.proof.length, 600_000);
    }

    function test_verifyRiscZero() public {
        verifyRiscZero(riscZero);
    }

    function test_verifyRiscZeroThroughRouter() public {
        verifyRiscZero(riscZeroRouter);
    }

    function test_verifyHalo2Weather() public {
        vm.pauseGasMetering();
        bytes memory data = abi.encodePacked(weatherInputs(), weather.proof);
        address verifier_ = weather.verifier;
        vm.resumeGasMetering();
        (bool success,) = verifier_.staticcall(data);
        vm.assertTrue(success);
    }

    function test_verifyHalo2WeatherThroughWrapper() public {
        vm.pauseGasMetering();
        (uint256[] memory inputs, bytes memory proof) = (weatherInputs(), weather.proof);
        vm.resumeGasMetering();
        wrapper.verify(inputs, proof);
    }

    function test_settleRiscZero() public {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item memory item = guestItem(0);
        vm.resumeGasMetering();
        settle(item);
    }

    function test_settleMany8RiscZero() public {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](8);
        for (uint64 i; i < 8; ++i) {
            items[i] = guestItem(i);
        }
        settleAll(items);
    }

    function test_settle() public {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item memory item = itemOf(0);
        vm.resumeGasMetering();
        settle(item);
    }

    function test_settleMany1() public {
        settleMany(1);
    }

    function test_settleMany4() public {
        settleMany(4);
    }

    function test_settleMany8() public {
        settleMany(8);
    }

    function settleMany(uint64 count) private {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item[] memory items = new W3bstreamSettlement.Item[](count);
        for (uint64 i; i < count; ++i) {
            items[i] = itemOf(i);
        }
        settleAll(items);
    }

    /// To be called with gas metering paused.
    function settleAll(W3bstreamSettlement.Item[] memory items) private {
        vm.resumeGasMetering();
        bool[] memory settled = router.settleMany(items);
        vm.pauseGasMetering();
        for (uint64 i; i < items.length; ++i) {
            vm.assertTrue(settled[i]);
        }
        vm.resumeGasMetering();
    }

    function verifyRiscZero(IRiscZeroVerifier verifier_) private {
        vm.pauseGasMetering();
        Receipt memory published = receipt;
        bytes32 digest = sha256(published.journal);
        vm.resumeGasMetering();
        verifier_.verify(published.seal, published.imageId, digest);
    }

    function weatherInputs() private view returns (uint256[] memory inputs) {
        uint256[4] memory outputs = abi.decode(weather.outputs, (uint256[4]));
        inputs = new uint256[](7);
        (inputs[0], inputs[1]) = (uint256(weather.binding) >> 128, uint128(uint256(weather.binding)));
        inputs[2] = uint256(weather.inputCommitment);
        for (uint256 i; i < 4; ++i) {
            inputs[3 + i] = outputs[i];
        }
    }

    function guestItem(uint64 number) private view returns (W3bstreamSettlement.Item memory item) {
        Task memory task = aTask(number);
        task.version = GUEST;
        item = make(task, SEQUENCER_KEY, PROVER_KEY);
        item.proof = receipt.seal;
        item.gasLimit = 1_000_000;
        signResult(item, PROVER_KEY);
    }

    function itemOf(uint64 number) private view returns (W3bstreamSettlement.Item memory item) {
        Task memory task = aTask(number);
        task.version = REALISTIC;
        item = make(task, SEQUENCER_KEY, PROVER_KEY);
        item.proof = new bytes(1984);
        item.gasLimit = 1_000_000;
        signResult(item, PROVER_KEY);
    }
}

/// What a proof of device signatures costs: two readings, one proof.
contract SignedReadingsGas is SignedReadingsDeployment {
    function test_verifySignedReadings() public {
        vm.pauseGasMetering();
        address verifier_ = made.verifier;
        bytes memory data = abi.encodePacked(
            uint256(made.binding) >> 128,
            uint256(uint128(uint256(made.binding))),
            made.inputCommitment,
            made.outputs,
            made.proof
        );
        vm.resumeGasMetering();
        (bool success,) = verifier_.staticcall(data);
        vm.assertTrue(success);
    }

    function test_settleSignedReadings() public {
        vm.pauseGasMetering();
        W3bstreamSettlement.Item memory item = provenItem();
        vm.resumeGasMetering();
        settle(item);
    }
}
