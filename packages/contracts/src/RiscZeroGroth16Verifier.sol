// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IRiscZeroVerifier} from "./interfaces/IRiscZeroVerifier.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {RiscZeroDigest} from "./libraries/RiscZeroDigest.sol";

/// @title RiscZeroGroth16Verifier
/// @notice Verifies Groth16 receipts of RISC Zero 3.x. It has no owner and cannot change.
/// @dev The verifying key is RISC Zero's published one (crate risc0-groth16 3.0). The proof shows that a chain of
/// recursion programs, all of the set `controlRoot`, ended in the program `bn254ControlId` with the claim's digest; so
/// these three are what makes a proof one of RISC Zero 3.x, and the first four bytes of their digest are the selector that
/// its receipts begin with.
contract RiscZeroGroth16Verifier is IRiscZeroVerifier {
    using Bn254 for Bn254.G1;

    /// The control root, control id and verifying key are not those of RISC Zero 3.x.
    error WrongParameters(bytes32 digest, bytes32 expected);
    error SealLengthMismatch(uint256 actual, uint256 expected);
    error SelectorMismatch(bytes4 actual, bytes4 expected);
    /// Coordinate `index` of the proof is not below the order of its field: another proof's bytes in disguise.
    error CoordinateNotInField(uint256 index, uint256 value);
    /// A point of the proof is the group's zero, which no proof has.
    error PointAtInfinity();
    error ProofInvalid();

    /// Digest of the parameters of RISC Zero 3.x, as crate risc0-zkvm 3.0 states it.
    bytes32 public constant PARAMETERS = 0x73c457ba541936f0d907daf0c7253a39a9c5c427c225ba7709e44702d3c6eedc;
    /// What receipts begin with.
    bytes4 public constant SELECTOR = bytes4(PARAMETERS);
    string public constant VERSION = "3.0";

    uint256 private constant SEAL_BYTES = 260;

    uint256 private constant ALPHA_X = 20491192805390485299153009773594534940189261866228447918068658471970481763042;
    uint256 private constant ALPHA_Y = 9383485363053290200918347156157836566562967994039712273449902621266178545958;
    // Of G2 points, the imaginary part of a coordinate is the first.
    uint256 private constant BETA_X1 = 4252822878758300859123897981450591353533073413197771768651442665752259397132;
    uint256 private constant BETA_X2 = 6375614351688725206403948262868962793625744043794305715222011528459656738731;
    uint256 private constant BETA_Y1 = 21847035105528745403288232691147584728191162732299865338377159692350059136679;
    uint256 private constant BETA_Y2 = 10505242626370262277552901082094356697409835680220590971873171140371331206856;
    uint256 private constant GAMMA_X1 = 11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 private constant GAMMA_X2 = 10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 private constant GAMMA_Y1 = 4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 private constant GAMMA_Y2 = 8495653923123431417604973247489272438418190587263600148770280649306958101930;
    uint256 private constant DELTA_X1 = 1668323501672964604911431804142266013250380587483576094566949227275849579036;
    uint256 private constant DELTA_X2 = 12043754404802191763554326994664886008979042643626290185762540825416902247219;
    uint256 private constant DELTA_Y1 = 7710631539206257456743780535472368339139328733484942210876916214502466455394;
    uint256 private constant DELTA_Y2 = 13740680757317479711909903993315946540841369848973133181051452051592786724563;
    // Of the public inputs: their constant part, the halves of the control root, those of the claim, the control id.
    uint256 private constant IC0_X = 8446592859352799428420270221449902464741693648963397251242447530457567083492;
    uint256 private constant IC0_Y = 1064796367193003797175961162477173481551615790032213185848276823815288302804;
    uint256 private constant IC1_X = 3179835575189816632597428042194253779818690147323192973511715175294048485951;
    uint256 private constant IC1_Y = 20895841676865356752879376687052266198216014795822152491318012491767775979074;
    uint256 private constant IC2_X = 5332723250224941161709478398807683311971555792614491788690328996478511465287;
    uint256 private constant IC2_Y = 21199491073419440416471372042641226693637837098357067793586556692319371762571;
    uint256 private constant IC3_X = 12457994489566736295787256452575216703923664299075106359829199968023158780583;
    uint256 private constant IC3_Y = 19706766271952591897761291684837117091856807401404423804318744964752784280790;
    uint256 private constant IC4_X = 19617808913178163826953378459323299110911217259216006187355745713323154132237;
    uint256 private constant IC4_Y = 21663537384585072695701846972542344484111393047775983928357046779215877070466;
    uint256 private constant IC5_X = 6834578911681792552110317589222010969491336870276623105249474534788043166867;
    uint256 private constant IC5_Y = 15060583660288623605191393599883223885678013570733629274538391874953353488393;

    /// Root of the set of recursion programs that a proof may have gone through.
    bytes32 public immutable CONTROL_ROOT;
    /// The program that wraps the last of them for this curve, as a number: the opposite byte order to the crates'.
    bytes32 public immutable BN254_CONTROL_ID;

    /// The public inputs' part that is the same for all proofs: IC0 + IC1 and IC2 by the control root, IC5 by the id.
    uint256 private immutable _fixedX;
    uint256 private immutable _fixedY;

    /// @param controlRoot as the crates write it
    /// @param bn254ControlId in the opposite byte order to the crates', as RISC Zero's own verifiers take it
    constructor(bytes32 controlRoot, bytes32 bn254ControlId) {
        bytes32 digest = _parameters(controlRoot, bn254ControlId);
        if (digest != PARAMETERS) revert WrongParameters(digest, PARAMETERS);
        CONTROL_ROOT = controlRoot;
        BN254_CONTROL_ID = bn254ControlId;
        (uint256 low, uint256 high) = RiscZeroDigest.halves(controlRoot);
        Bn254.G1 memory sum = Bn254.G1(IC0_X, IC0_Y).add(Bn254.G1(IC1_X, IC1_Y).multiply(low));
        sum = sum.add(Bn254.G1(IC2_X, IC2_Y).multiply(high));
        sum = sum.add(Bn254.G1(IC5_X, IC5_Y).multiply(uint256(bn254ControlId)));
        (_fixedX, _fixedY) = (sum.x, sum.y);
    }

    /// @inheritdoc IRiscZeroVerifier
    function verify(bytes calldata seal, bytes32 imageId, bytes32 journalDigest) external view {
        if (seal.length != SEAL_BYTES) revert SealLengthMismatch(seal.length, SEAL_BYTES);
        bytes4 selector = bytes4(seal[:4]);
        if (selector != SELECTOR) revert SelectorMismatch(selector, SELECTOR);
        uint256[8] memory proof = _proof(seal[4:]);
        Bn254.G1 memory inputs = _publicInputs(RiscZeroDigest.okClaim(imageId, journalDigest));
        if (!_holds(proof, inputs)) revert ProofInvalid();
    }

    /// The points a (2 words), b (4) and c (2) of a proof. Whether they are on their curves, the precompile says.
    function _proof(bytes calldata seal) private pure returns (uint256[8] memory proof) {
        proof = abi.decode(seal, (uint256[8]));
        for (uint256 i; i < 8; ++i) {
            if (proof[i] >= Bn254.P) revert CoordinateNotInField(i, proof[i]);
        }
        bool zero = (proof[0] | proof[1]) == 0 || (proof[2] | proof[3] | proof[4] | proof[5]) == 0;
        if (zero || (proof[6] | proof[7]) == 0) revert PointAtInfinity();
    }

    function _publicInputs(bytes32 claim) private view returns (Bn254.G1 memory) {
        (uint256 low, uint256 high) = RiscZeroDigest.halves(claim);
        Bn254.G1 memory sum = Bn254.G1(_fixedX, _fixedY).add(Bn254.G1(IC3_X, IC3_Y).multiply(low));
        return sum.add(Bn254.G1(IC4_X, IC4_Y).multiply(high));
    }

    /// Groth16's equation: e(-a, b) e(alpha, beta) e(inputs, gamma) e(c, delta) = 1.
    function _holds(uint256[8] memory proof, Bn254.G1 memory inputs) private view returns (bool) {
        return Bn254.pairing(
            bytes.concat(
                abi.encode(proof[0], (Bn254.P - proof[1]) % Bn254.P, proof[2], proof[3], proof[4], proof[5]),
                abi.encode(ALPHA_X, ALPHA_Y, BETA_X1, BETA_X2, BETA_Y1, BETA_Y2),
                abi.encode(inputs.x, inputs.y, GAMMA_X1, GAMMA_X2, GAMMA_Y1, GAMMA_Y2),
                abi.encode(proof[6], proof[7], DELTA_X1, DELTA_X2, DELTA_Y1, DELTA_Y2)
            )
        );
    }

    /// Digest of the structure Groth16ReceiptVerifierParameters.
    function _parameters(bytes32 controlRoot, bytes32 bn254ControlId) private pure returns (bytes32) {
        return sha256(
            abi.encodePacked(
                sha256("risc0.Groth16ReceiptVerifierParameters"),
                controlRoot,
                RiscZeroDigest.reverse(bn254ControlId),
                _verifyingKey(),
                hex"0300"
            )
        );
    }

    /// Digest of the structure VerifyingKey.
    function _verifyingKey() private pure returns (bytes32) {
        return sha256(
            abi.encodePacked(
                sha256("risc0_groth16.VerifyingKey"),
                sha256(abi.encode(ALPHA_X, ALPHA_Y)),
                sha256(abi.encode(BETA_X1, BETA_X2, BETA_Y1, BETA_Y2)),
                sha256(abi.encode(GAMMA_X1, GAMMA_X2, GAMMA_Y1, GAMMA_Y2)),
                sha256(abi.encode(DELTA_X1, DELTA_X2, DELTA_Y1, DELTA_Y2)),
                _inputPoints(),
                hex"0500"
            )
        );
    }

    /// Digest of the list of IC points, made from its end.
    function _inputPoints() private pure returns (bytes32 list) {
        list = _cons(IC5_X, IC5_Y, list);
        list = _cons(IC4_X, IC4_Y, list);
        list = _cons(IC3_X, IC3_Y, list);
        list = _cons(IC2_X, IC2_Y, list);
        list = _cons(IC1_X, IC1_Y, list);
        list = _cons(IC0_X, IC0_Y, list);
    }

    function _cons(uint256 x, uint256 y, bytes32 rest) private pure returns (bytes32) {
        return
            sha256(abi.encodePacked(sha256("risc0_groth16.VerifyingKey.IC"), sha256(abi.encode(x, y)), rest, hex"0200"));
    }
}
