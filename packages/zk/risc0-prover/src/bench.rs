use std::time::{Duration, Instant};

use risc0_binfmt::{Digestible, ProgramBinary};
use risc0_zkos_v1compat::V1COMPAT_ELF;
use risc0_zkvm::{Digest, MaybePruned, Output, compute_image_id, sha};

use crate::verify::{Kind, verify};
use crate::{ACCELERATOR, Execution, Limits, Program, RunError, prove};

/// How fast a program was proven.
#[derive(Clone, Debug)]
pub struct Bench {
    pub execution: Execution,
    pub proving: Duration,
    pub verifying: Duration,
    pub receipt_bytes: usize,
    /// Thousand cycles a second, all that were proven: with paging and what fills the segments.
    pub total_khz: f64,
    /// Thousand cycles a second of the program's own.
    pub user_khz: f64,
    /// "cpu" or "cuda".
    pub prover: &'static str,
}

/// Proves a program once, against the clock.
///
/// # Errors
/// As [`prove`].
pub fn bench(program: &Program, inputs: &[String], limits: &Limits) -> Result<Bench, RunError> {
    let begun = Instant::now();
    let composite = prove(program, inputs, limits, &mut |_, _, _| ())?;
    let proving = begun.elapsed();
    let begun = Instant::now();
    verify(Kind::Composite, &composite.receipt, &program.image_id, None).map_err(RunError::Internal)?;
    let verifying = begun.elapsed();
    let khz = |cycles: u64| cycles as f64 / 1000.0 / proving.as_secs_f64();
    Ok(Bench {
        total_khz: khz(composite.execution.total_cycles),
        user_khz: khz(composite.execution.user_cycles),
        execution: composite.execution,
        proving,
        verifying,
        receipt_bytes: composite.receipt.len(),
        prover: ACCELERATOR.unwrap_or("cpu"),
    })
}

/// A program that counts down for about so many cycles and commits nothing: what a benchmark proves where no guest is at
/// hand.
pub fn spin_program(cycles: u32) -> Program {
    let rounds = (cycles / 2).max(1);
    let upper = rounds.wrapping_add(0x800) & 0xffff_f000;
    let code = [
        upper | 0x337,                                    // lui t1, upper
        (rounds.wrapping_sub(upper) << 20) | 0x0003_0313, // addi t1, t1, lower
        0xfff3_0313,                                      // addi t1, t1, -1
        0xfe03_1ee3,                                      // bne t1, x0, -4
        0x0000_0293,                                      // li t0, 0: halt
        0x0000_0513,                                      // li a0, 0: ended well
        0x0020_15b7,                                      // lui a1, 0x201
        0x8005_8593 | (36 << 20),                         // addi a1, a1, -0x800 + 36: the digest of what it commits
        0x0000_0073,                                      // ecall
    ];
    let nothing: Digest = *<sha::Impl as sha::Sha256>::hash_bytes(&[]);
    let output = Output { journal: MaybePruned::Pruned(nothing), assumptions: MaybePruned::Pruned(Digest::ZERO) };
    let digest = output.digest::<sha::Impl>();
    let binary = ProgramBinary::new(&tiny_elf(&code, digest.as_bytes()), V1COMPAT_ELF).encode();
    let image_id = compute_image_id(&binary).expect("an ELF made here").into();
    Program { binary, image_id }
}

/// An ELF of these instructions and the data behind them, at the address where guests begin.
pub(crate) fn tiny_elf(code: &[u32], data: &[u8]) -> Vec<u8> {
    const START: u32 = 0x0020_0800;
    const HEADERS: u32 = 52 + 32;
    let loaded: Vec<u8> = code.iter().flat_map(|insn| insn.to_le_bytes()).chain(data.iter().copied()).collect();
    let length = loaded.len() as u32;
    let mut elf = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    elf.extend([2u16, 243].iter().flat_map(|half| half.to_le_bytes()));
    elf.extend([1, START, 52, 0, 0].iter().flat_map(|word: &u32| word.to_le_bytes()));
    elf.extend([52u16, 32, 1, 40, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    elf.extend([1, HEADERS, START, START, length, length, 7, 4].iter().flat_map(|word: &u32| word.to_le_bytes()));
    elf.extend(loaded);
    elf
}
