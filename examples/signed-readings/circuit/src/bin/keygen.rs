//! `keygen-signed-readings FOLDER`: writes the circuit's keys and Solidity verifier. `W3B_SRS` and `W3B_SRS_SHA256` name
//! a ceremony's SRS; without them it is the insecure one for tests.
use halo2_kit::keygen::{Srs, write_artifacts};
use signed_readings_circuit::SignedReadings;
use std::{env, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(out) = env::args().nth(1) else {
        eprintln!("usage: keygen-signed-readings FOLDER");
        return ExitCode::from(2);
    };
    match Srs::from_env().and_then(|srs| write_artifacts::<SignedReadings>(Path::new(&out), &srs)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
