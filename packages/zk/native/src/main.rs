//! `w3b-runtime`: RISC Zero and native Halo2 for W3bstream nodes, over gRPC and on the command line.

mod arguments;
mod begun;
mod child;
mod commands;
mod engine;
mod fault;
mod frames;
mod gate;
mod older;
mod pool;
mod process;
mod programs;
mod scratch;
mod serve;
mod service;
mod systems;
mod usage;
mod wire;

use std::process::ExitCode;

use arguments::{Arguments, UsageError};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    match commands::run(&name, Arguments::new(words)) {
        Ok(code) => code,
        Err(error) if error.is::<UsageError>() => {
            eprintln!("{error}\n\n{}", commands::usage(&name));
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
