//! `keygen-weather FOLDER`: writes the weather circuit's proving key and Solidity verifier.
use halo2_kit::keygen::write_artifacts;
use std::{env, path::Path, process::ExitCode};
use weather_circuit::Weather;

fn main() -> ExitCode {
    let Some(out) = env::args().nth(1) else {
        eprintln!("usage: keygen-weather FOLDER");
        return ExitCode::from(2);
    };
    match write_artifacts::<Weather>(Path::new(&out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
