//! The registry through its smallest circuit.
use halo2_kit::{
    Field, Readings, Schema, VerifyingKey,
    halo2_base::halo2_proofs::{
        SerdeFormat,
        halo2curves::bn256::{Bn256, Fr},
        poly::kzg::commitment::ParamsKZG,
    },
    hex_word,
    keygen::insecure_test_srs,
};
use halo2_native::{Error, Halo2Proof, Registry, Srs};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process, thread,
};
use tempfile::{TempDir, tempdir};

const TEST_KEY: &[u8] = include_bytes!("../../../../examples/halo2-weather/artifacts/verifying.key");

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn task(temperatures: &[&str]) -> String {
    let schema = Schema::new(16, vec![Field::new("temperature", 1, -400, 600)]).unwrap();
    let data: Vec<_> = temperatures.iter().map(|t| format!(r#"{{"date":"2012-01-01","temperature":{t}}}"#)).collect();
    let commitment = Readings::parse(&schema, &data).unwrap().commitment(&schema, Fr::from(7));
    let binding = format!("0x{}", "ab".repeat(32));
    json!({
        "task": { "inputCommitment": hex_word(&commitment) },
        "binding": binding,
        "data": data,
        "salt": hex_word(&Fr::from(7)),
    })
    .to_string()
}

fn number(n: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&n.to_be_bytes());
    word
}

/// A folder that keeps keys, and a registry on it.
fn registry() -> (TempDir, Registry) {
    let folder = tempdir().unwrap();
    let registry = Registry::open(folder.path().join("keys"), Srs::InsecureTest);
    (folder, registry)
}

fn proves(registry: &Registry) -> Halo2Proof {
    registry.load("weather", &hash(TEST_KEY)).unwrap().prove(&task(&["12.8", "10.6"])).unwrap()
}

fn key_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder.join("keys")).unwrap().map(|entry| entry.unwrap().path());
    let mut keys: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "key")).collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

#[test]
fn proves_a_task_and_verifies_it_by_the_key() {
    let (_folder, registry) = registry();
    let loaded = registry.load("weather", &hash(TEST_KEY)).unwrap();
    assert_eq!(loaded.warning(), None);
    let proof = loaded.prove(&task(&["12.8", "10.6", "-3"])).unwrap();
    assert_eq!(proof.proof.len(), 1984);
    assert_eq!(proof.public_inputs[3..], [number(3), number(528 + 506 + 370), number(370), number(528)]);
    assert_eq!(loaded.execute(&task(&["12.8", "10.6", "-3"])).unwrap(), proof.public_inputs);

    let verify = |proof: &[u8], inputs: &[[u8; 32]]| registry.verify(&hash(TEST_KEY), proof, inputs);
    verify(&proof.proof, &proof.public_inputs).unwrap();
    let mut other = proof.public_inputs.clone();
    other[4] = number(1405);
    assert_eq!(verify(&proof.proof, &other), Err("the proof does not hold".into()));
    let mut bytes = proof.proof.clone();
    bytes[100] ^= 1;
    assert_eq!(verify(&bytes, &proof.public_inputs), Err("the proof does not hold".into()));
    bytes = [proof.proof.as_slice(), &[0]].concat();
    assert_eq!(verify(&bytes, &proof.public_inputs), Err("the proof does not hold".into()));
    assert_eq!(verify(&[], &proof.public_inputs), Err("the proof does not hold".into()));
    assert!(verify(&proof.proof, &other[1..]).unwrap_err().contains("6 public inputs"));
    other[4] = [0xff; 32];
    assert!(verify(&proof.proof, &other).unwrap_err().contains("public input 4 is not below"));
}

#[test]
fn says_what_is_wrong_with_a_task() {
    let (_folder, registry) = registry();
    let loaded = registry.load("weather", &hash(TEST_KEY)).unwrap();
    for (input, part) in [
        ("{", "not a task's JSON"),
        (&task(&["1"]).replace("temperature", "pressure"), "temperature: is missing"),
        (&task(&["1"]).replace(":1}", ":2}"), "do not open the task's input commitment"),
    ] {
        let Err(Error::Program(why)) = loaded.prove(input) else { panic!("{input} was proved") };
        assert!(why.contains(part), "{why}");
        assert!(loaded.execute(input).is_err());
    }
}

#[test]
fn a_circuit_or_key_that_is_not_there_is_refused_with_what_is() {
    let (_folder, registry) = registry();
    let known = format!("weather 0x{}", hex::encode(hash(TEST_KEY)));
    assert_eq!(registry.circuits()[0].verifying_key, Some(hash(TEST_KEY)));
    let Err(Error::Lacking(why)) = registry.load("wether", &hash(TEST_KEY)) else { panic!() };
    assert!(why.contains("no built-in circuit wether; there are: weather"), "{why}");
    let Err(Error::Lacking(why)) = registry.load("weather", &[7; 32]) else { panic!() };
    assert!(why.contains(&known) && why.contains("0x0707"), "{why}");
    assert!(registry.verify(&[7; 32], &[], &[]).unwrap_err().contains(&known));
}

#[test]
fn a_key_is_made_once_and_then_read() {
    let (folder, registry) = registry();
    proves(&registry);
    let written = fs::metadata(key_file(folder.path())).unwrap().modified().unwrap();
    proves(&Registry::open(folder.path().join("keys"), Srs::InsecureTest));
    assert_eq!(fs::metadata(key_file(folder.path())).unwrap().modified().unwrap(), written);
}

#[test]
fn a_spoilt_or_half_written_key_is_made_again() {
    let (folder, registry) = registry();
    proves(&registry);
    let path = key_file(folder.path());
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for spoilt in [&flipped[..], &good[..good.len() / 2], &[]] {
        fs::write(&path, spoilt).unwrap();
        proves(&registry);
        assert!(fs::read(&path).unwrap() == good);
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_costs_no_proof() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    let registry = Registry::open(file.join("keys"), Srs::InsecureTest);
    let loaded = registry.load("weather", &hash(TEST_KEY)).unwrap();
    assert!(loaded.warning().unwrap().starts_with("key not kept: "));
    loaded.prove(&task(&["1"])).unwrap();
}

#[test]
fn a_full_disk_costs_no_proof_and_leaves_nothing_behind() {
    let (folder, registry) = registry();
    proves(&registry);
    let path = key_file(folder.path());
    fs::remove_file(&path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let unfinished = path.with_file_name(format!("{name}.{}.part", process::id()));
    symlink("/dev/full", &unfinished).unwrap();
    let loaded = registry.load("weather", &hash(TEST_KEY)).unwrap();
    assert!(loaded.warning().unwrap().contains("No space left"), "{:?}", loaded.warning());
    loaded.prove(&task(&["1"])).unwrap();
    assert!(!path.exists() && fs::symlink_metadata(&unfinished).is_err());
}

/// A ceremony's SRS in a file.
fn ceremony(folder: &Path) -> Srs {
    let mut bytes = vec![];
    let srs = ParamsKZG::<Bn256>::setup(11, ChaCha20Rng::from_seed([9; 32]));
    srs.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    let path = folder.join("ceremony.srs");
    fs::write(&path, &bytes).unwrap();
    Srs::Ceremony { path, sha256: hash(&bytes) }
}

/// Proves with a key that the folder does not keep, and verifies by what was loaded alone.
fn proves_unkept(registry: &Registry, key: &[u8; 32]) {
    let loaded = registry.load("weather", key).unwrap();
    assert!(loaded.warning().unwrap().starts_with("key not kept: "));
    let proof = loaded.prove(&task(&["1"])).unwrap();
    assert_eq!(registry.circuits()[0].verifying_key, None);
    assert_eq!(hash(loaded.verifying_key_bytes()), *key);
    let verify =
        |inputs: &[[u8; 32]]| registry.verify_by("weather", loaded.verifying_key_bytes(), &proof.proof, inputs);
    verify(&proof.public_inputs).unwrap();
    let mut other = proof.public_inputs.clone();
    other[4] = number(1405);
    assert_eq!(verify(&other), Err("the proof does not hold".into()));
}

#[test]
fn a_folder_that_cannot_be_written_to_costs_no_proof_with_a_ceremony() {
    let folder = tempdir().unwrap();
    let srs = ceremony(folder.path());
    let key = Registry::open(folder.path().join("keys"), srs.clone()).keygen("weather", folder.path()).unwrap();
    let file = folder.path().join("file");
    File::create(&file).unwrap();
    proves_unkept(&Registry::open(file.join("keys"), srs), &key);
}

#[test]
fn a_full_disk_costs_no_proof_with_a_ceremony() {
    let folder = tempdir().unwrap();
    let keys = folder.path().join("keys");
    let registry = Registry::open(&keys, ceremony(folder.path()));
    let key = registry.keygen("weather", folder.path()).unwrap();
    for kept in fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>() {
        fs::remove_file(&kept).unwrap();
        let name = kept.file_name().unwrap().to_str().unwrap();
        symlink("/dev/full", keys.join(format!("{name}.{}.part", process::id()))).unwrap();
    }
    proves_unkept(&registry, &key);
}

#[test]
fn many_at_once_share_a_folder() {
    let (folder, _) = registry();
    let keys = folder.path().join("keys");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| proves(&Registry::open(&keys, Srs::InsecureTest)));
        }
    });
    key_file(folder.path());
}

#[test]
fn a_ceremony_has_keys_of_its_own() {
    let folder = tempdir().unwrap();
    let Srs::Ceremony { path, sha256 } = ceremony(folder.path()) else { panic!() };
    let open = |sha256| Registry::open(folder.path().join("keys"), Srs::Ceremony { path: path.clone(), sha256 });

    let Err(Error::Lacking(why)) = open([0; 32]).load("weather", &[0; 32]) else { panic!() };
    assert!(why.contains("its sha256 is not the expected one"), "{why}");

    let registry = open(sha256);
    assert_eq!(registry.circuits()[0].verifying_key, None);
    assert!(!registry.circuits()[0].insecure_srs);
    // Made, and then found to be another.
    let Err(Error::Lacking(why)) = registry.load("weather", &hash(TEST_KEY)) else { panic!() };
    let ours = registry.circuits()[0].verifying_key.unwrap();
    assert!(why.contains(&hex::encode(ours)), "{why}");

    let artifacts = tempdir().unwrap();
    assert_eq!(registry.keygen("weather", artifacts.path()).unwrap(), ours);
    assert_eq!(hash(&fs::read(artifacts.path().join("verifying.key")).unwrap()), ours);
    let proof = registry.load("weather", &ours).unwrap().prove(&task(&["1"])).unwrap();
    registry.verify(&ours, &proof.proof, &proof.public_inputs).unwrap();

    let tests = Registry::open(folder.path().join("keys"), Srs::InsecureTest);
    let for_tests = proves(&tests);
    assert!(tests.verify(&ours, &proof.proof, &proof.public_inputs).is_err());
    assert!(tests.verify(&hash(TEST_KEY), &proof.proof, &proof.public_inputs).is_err());
    assert!(registry.verify(&ours, &for_tests.proof, &for_tests.public_inputs).is_err());
}

#[test]
fn a_ceremony_with_the_secret_for_tests_is_told() {
    let folder = tempdir().unwrap();
    let mut bytes = vec![];
    insecure_test_srs(11).write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    let path = folder.path().join("ceremony.srs");
    fs::write(&path, &bytes).unwrap();
    let registry = Registry::open(folder.path().join("keys"), Srs::Ceremony { path, sha256: hash(&bytes) });
    registry.load("weather", &hash(TEST_KEY)).unwrap();
    assert!(registry.circuits()[0].insecure_srs);
}

#[test]
fn a_verifying_key_that_is_cut_short_or_goes_on_is_refused() {
    let params = || {
        use halo2_kit::TaskCircuit;
        weather_circuit::Weather::params()
    };
    assert!(VerifyingKey::decode(TEST_KEY, params()).is_ok());
    assert!(VerifyingKey::decode(&TEST_KEY[..100], params()).is_err());
    assert!(VerifyingKey::decode(&[TEST_KEY, &[0]].concat(), params()).is_err());
    assert!(VerifyingKey::decode(&[], params()).is_err());
}
