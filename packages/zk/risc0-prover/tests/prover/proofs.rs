use std::sync::OnceLock;

use risc0_prover::{Composite, Kind, Limits, Phase, SELECTOR, memory_of_segment, older_json, prove, verify};
use risc0_zkvm::{FakeReceipt, Groth16ReceiptVerifierParameters, InnerReceipt, Receipt, ReceiptClaim, sha};

use crate::guests::{LIMITS, program};

/// One proof for all tests of this file: some seconds of all cores.
fn echo() -> &'static Composite {
    static PROOF: OnceLock<Composite> = OnceLock::new();
    PROOF.get_or_init(|| {
        let mut events = Vec::new();
        let limits = Limits { memory_bytes: memory_of_segment(16), ..LIMITS };
        let proof = prove(&program("echo"), &["hello".into()], &limits, &mut |phase, done, planned| {
            events.push((phase, done, planned));
        });
        let expected =
            [(Phase::Executing, 0, 1), (Phase::Proving, 0, 1), (Phase::Proving, 1, 1), (Phase::Verifying, 0, 1)];
        assert_eq!(events, expected);
        proof.unwrap()
    })
}

fn receipt() -> Receipt {
    bincode::deserialize(&echo().receipt).unwrap()
}

fn check(receipt: &Receipt) -> Result<Vec<u8>, String> {
    let bytes = bincode::serialize(receipt).unwrap();
    verify(Kind::Composite, &bytes, &program("echo").image_id, None).map(|verified| verified.journal)
}

/// The published receipt of RISC Zero 3.0: proof, journal and image id.
pub fn published() -> (Vec<u8>, Vec<u8>, [u8; 32]) {
    let text = include_str!("../../../../contracts/test/fixtures/risc0-receipt.json");
    let vector: serde_json::Value = serde_json::from_str(text).unwrap();
    let bytes = |name: &str| hex::decode(&vector[name].as_str().unwrap()[2..]).unwrap();
    (bytes("seal"), bytes("journal"), bytes("imageId").try_into().unwrap())
}

#[test]
fn a_composite_proof_holds_for_its_program_and_journal_alone() {
    let proof = echo();
    assert_eq!(proof.journal, b"hello");
    let id = program("echo").image_id;
    let verified = |journal| verify(Kind::Composite, &proof.receipt, &id, journal);
    assert_eq!(verified(None).unwrap().journal, b"hello");
    assert_eq!(verified(Some(b"hello")).unwrap().journal, b"hello");
    assert_eq!(verified(Some(b"hullo")).unwrap_err(), "it is of another journal");
    let other = verify(Kind::Composite, &proof.receipt, &program("silent").image_id, None).unwrap_err();
    assert_eq!(other, format!("it is of another program: its image id is 0x{}", hex::encode(id)));
}

#[test]
fn a_tampered_receipt_is_refused() {
    let mut journal = receipt();
    journal.journal.bytes[0] ^= 1;
    assert!(check(&journal).is_err());
    let mut seal = receipt();
    let InnerReceipt::Composite(inner) = &mut seal.inner else { panic!("another kind of receipt") };
    let middle = inner.segments[0].seal.len() / 2;
    inner.segments[0].seal[middle] ^= 1;
    assert!(check(&seal).is_err());
    let mut none = receipt();
    let InnerReceipt::Composite(inner) = &mut none.inner else { panic!("another kind of receipt") };
    inner.segments.clear();
    assert!(check(&none).is_err());
}

#[test]
fn a_receipt_of_dev_mode_is_refused_whatever_the_environment_says() {
    let id = program("echo").image_id;
    let claim = ReceiptClaim::ok(id, b"hello".to_vec());
    let fake = Receipt::new(InnerReceipt::Fake(FakeReceipt::new(claim)), b"hello".to_vec());
    let bytes = bincode::serialize(&fake).unwrap();
    // In a process of its own: changing the environment of this one would not be sound.
    let test = std::env::current_exe().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (fake_file, real_file) = (folder.path().join("fake"), folder.path().join("real"));
    std::fs::write(&fake_file, bytes).unwrap();
    std::fs::write(&real_file, &echo().receipt).unwrap();
    let status = std::process::Command::new(test)
        .args(["--exact", "proofs::in_dev_mode", "--nocapture"])
        .envs([("RISC0_DEV_MODE", "1")])
        .envs([("FAKE_RECEIPT", &fake_file), ("REAL_RECEIPT", &real_file)])
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    assert!(String::from_utf8_lossy(&status.stdout).contains("1 passed"));
}

/// What the test above runs with `RISC0_DEV_MODE=1`; without its receipts there is nothing to look at.
#[test]
fn in_dev_mode() {
    let (Some(fake), Some(real)) = (std::env::var_os("FAKE_RECEIPT"), std::env::var_os("REAL_RECEIPT")) else { return };
    let verified = |path| verify(Kind::Composite, &std::fs::read(path).unwrap(), &program("echo").image_id, None);
    assert_eq!(verified(fake).unwrap_err(), "it is a receipt of dev mode, which proves nothing");
    assert_eq!(verified(real).unwrap().journal, b"hello");
    let (seal, journal, id) = published();
    assert!(verify(Kind::Groth16, &seal, &id, Some(&journal)).is_ok());
    let error = prove(&program("echo"), &["hello".into()], &LIMITS, &mut |_, _, _| ()).unwrap_err();
    assert!(error.to_string().contains("RISC0_DEV_MODE is set"), "{error}");
}

#[test]
fn what_is_no_receipt_is_refused_within_bounds() {
    let id = program("echo").image_id;
    let said = |bytes: &[u8]| verify(Kind::Composite, bytes, &id, None).unwrap_err();
    assert!(said(b"").contains("not a receipt"));
    assert!(said(&[0xff; 1000]).contains("not a receipt"));
    // A list said to have 2^60 segments.
    let mut long = vec![0; 4];
    long.extend((1u64 << 60).to_le_bytes());
    assert!(said(&long).contains("not a receipt"));
    let mut trailing = echo().receipt.clone();
    trailing.push(0);
    assert!(said(&trailing).contains("not a receipt"));
}

#[test]
fn receipts_inside_receipts_do_not_overflow_the_stack() {
    // 200,000 levels, each a composite receipt without segments and with one assumption: built as bytes, for the type's
    // own destructor would overflow the stack.
    let verifier_parameters = receipt().inner.verifier_parameters();
    let mut bytes = vec![0u8; 4];
    for _ in 0..200_000 {
        bytes.extend(0u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.extend(0u32.to_le_bytes());
    }
    bytes.extend(bincode::serialize(&verifier_parameters).unwrap());
    let error = verify(Kind::Composite, &bytes, &[0; 32], None).unwrap_err();
    assert!(error.contains("inside composite receipts"), "{error}");
}

#[test]
fn the_published_groth16_proof_holds_and_no_change_of_it_does() {
    let (seal, journal, id) = published();
    assert_eq!(seal[..4], SELECTOR);
    let parameters = Groth16ReceiptVerifierParameters::default();
    let digest = risc0_binfmt::Digestible::digest::<sha::Impl>(&parameters);
    assert_eq!(digest.as_bytes()[..4], SELECTOR);
    assert_eq!(verify(Kind::Groth16, &seal, &id, Some(&journal)).unwrap().journal, journal);

    let refused = |seal: &[u8], id: &[u8; 32], journal: &[u8]| {
        verify(Kind::Groth16, seal, id, Some(journal)).expect_err("a changed proof must not hold")
    };
    for at in (4..seal.len()).step_by(21) {
        let mut changed = seal.clone();
        changed[at] ^= 1;
        refused(&changed, &id, &journal);
    }
    let mut other_id = id;
    other_id[31] ^= 1;
    refused(&seal, &other_id, &journal);
    refused(&seal, &id, b"another journal");
    refused(&seal, &id, b"");
    assert!(refused(&seal[..259], &id, &journal).contains("260 bytes"));
    assert!(refused(&[&seal[..], &[0]].concat(), &id, &journal).contains("260 bytes"));
    assert!(refused(&[&[0xff; 4], &seal[4..]].concat(), &id, &journal).contains("fake"));
    assert!(refused(&[&[0; 4], &seal[4..]].concat(), &id, &journal).contains("its selector is 0x00000000"));
    assert!(verify(Kind::Groth16, &seal, &id, None).unwrap_err().contains("does not carry its journal"));
}

#[test]
fn older_json_is_what_older_receivers_read() {
    let (seal, journal, id) = published();
    let snark: serde_json::Value = serde_json::from_str(&older_json(Kind::Groth16, &seal, &id, &journal)).unwrap();
    let bytes = |value: &serde_json::Value| serde_json::from_value::<Vec<u8>>(value.clone()).unwrap();
    let points = &snark["Snark"]["snark"];
    let order = [&points["a"][0], &points["a"][1], &points["b"][0][0], &points["b"][0][1], &points["b"][1][0]];
    let order = order.into_iter().chain([&points["b"][1][1], &points["c"][0], &points["c"][1]]);
    assert_eq!(order.flat_map(bytes).collect::<Vec<_>>(), seal[4..]);
    assert_eq!(bytes(&snark["Snark"]["journal"]), journal);
    // The state of every guest that ended: known from RISC Zero's own contracts.
    let ended = "a3acc27117418996340b84e5a90f3ef4c49d22c79e44aad822ec9c313e1eb8e2";
    assert_eq!(hex::encode(bytes(&snark["Snark"]["post_state_digest"])), ended);

    let stark: serde_json::Value = serde_json::from_str(&older_json(Kind::Composite, &[1, 2, 3], &id, b"j")).unwrap();
    assert_eq!(stark["Stark"]["receipt"], "AQID");
    assert_eq!(stark["Stark"]["imageId"], format!("0x{}", hex::encode(id)));
    assert_eq!(stark["Stark"]["journal"], "0x6a");
}

#[test]
fn a_benchmark_proves_a_program_of_its_own() {
    let program = risc0_prover::spin_program(1_000);
    let bench = risc0_prover::bench(&program, &[], &LIMITS).unwrap();
    assert!(bench.execution.user_cycles > 1_000 && bench.execution.journal.is_empty());
    assert!(bench.user_khz > 0.0 && bench.total_khz >= bench.user_khz);
}
