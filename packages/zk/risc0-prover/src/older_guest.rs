//! Guests built for RISC Zero before 2.0, which the kernel of today does not run: recognised, so that their owner hears
//! what to do.

use std::collections::HashMap;

use risc0_binfmt::{Digestible, SystemState};
use risc0_zkvm::sha;
use sha2::digest::generic_array::GenericArray;

use crate::RunError;
use crate::program::GuestElf;

const PAGE: usize = 1024;
/// Where the page table began, above the guest's memory.
const PAGE_TABLE: usize = 0x0d00_0000;
const DIGEST: usize = 32;
/// First 32 bits of the fractional parts of the square roots of the first eight primes (FIPS 180-4).
const SHA256_INIT: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// The image id that RISC Zero gave a guest up to 1.2: a Merkle tree of SHA-256 over pages of 1 KiB, its nodes laid out
/// as pages above the guest's memory, and the entry point.
///
/// @see risc0-binfmt 1.2, `MemoryImage`
pub(crate) fn older_image_id(elf: &GuestElf<'_>) -> [u8; 32] {
    let mut pages: HashMap<usize, [u8; PAGE]> = HashMap::new();
    for (address, word) in elf.words() {
        let address = address as usize;
        let page = pages.entry(address / PAGE).or_insert([0; PAGE]);
        page[address % PAGE..][..4].copy_from_slice(&word.to_le_bytes());
    }
    let zero_page = hash_page(&[0; PAGE]);
    let mut layer = PAGE_TABLE;
    let mut table_bytes = 0;
    while layer >= PAGE {
        layer = layer / PAGE * DIGEST;
        table_bytes += layer;
    }
    let root_index = (PAGE_TABLE + table_bytes) / PAGE;
    for index in 0..root_index {
        let digest = pages.get(&index).map_or(zero_page, |page| hash_page(page));
        let entry = PAGE_TABLE + index * DIGEST;
        pages.entry(entry / PAGE).or_insert([0; PAGE])[entry % PAGE..][..DIGEST].copy_from_slice(&digest);
    }
    let root_page = pages.get(&root_index).copied().unwrap_or([0; PAGE]);
    let root_bytes = (PAGE_TABLE + table_bytes).next_multiple_of(64) - root_index * PAGE;
    let merkle_root = hash_page(&root_page[..root_bytes]).into();
    SystemState { pc: elf.entry, merkle_root }.digest::<sha::Impl>().into()
}

/// SHA-256 over whole blocks without its padding.
fn hash_page(page: &[u8]) -> [u8; DIGEST] {
    let mut state = SHA256_INIT;
    for block in page.chunks_exact(64) {
        sha2::compress256(&mut state, &[*GenericArray::from_slice(block)]);
    }
    let mut digest = [0; DIGEST];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// Whether a guest calls its host as guests did before 2.0: without the call's number in register t6.
pub(crate) fn calls_as_before_2_0(elf: &GuestElf<'_>) -> bool {
    const ECALL: u32 = 0x0000_0073;
    /// `li t0, 2`: a call that the host answers.
    const SOFTWARE: u32 = 0x0020_0293;
    /// How far apart the compiler puts an ecall and what loads its registers.
    const WINDOW: usize = 24;
    let mut recent: Vec<u32> = Vec::new();
    let mut calls = 0;
    for code in elf.code() {
        recent.clear();
        for insn in code {
            if insn == ECALL {
                let window = &recent[recent.len().saturating_sub(WINDOW)..];
                if window.contains(&SOFTWARE) {
                    calls += 1;
                    if window.iter().any(|&insn| writes_t6(insn)) {
                        return false;
                    }
                }
            }
            recent.push(insn);
        }
    }
    calls > 0
}

fn writes_t6(insn: u32) -> bool {
    /// Instructions that write their `rd`: LOAD, OP-IMM, AUIPC, OP, LUI.
    const WRITES: [u32; 5] = [0x03, 0x13, 0x17, 0x33, 0x37];
    WRITES.contains(&(insn & 0x7f)) && (insn >> 7) & 0x1f == 31
}

/// The refusal of such a guest.
pub(crate) fn refusal(why: &str) -> RunError {
    RunError::Program(format!(
        "The guest was built for RISC Zero before 2.0 ({why}), which risc0-zkvm 3.0 does not run. Rebuild it: set \
         risc0-zkvm = \"3.0\" in the guest's Cargo.toml, run `cargo risczero build --manifest-path \
         methods/guest/Cargo.toml`, and register the project with the new program and image id."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Program;
    use crate::bench::tiny_elf;

    const ECALL: u32 = 0x73;
    const LI_T0_2: u32 = 0x0020_0293;
    const LI_T6_14: u32 = 0x00e0_0f93;
    const NOP: u32 = 0x13;

    fn spinning() -> Vec<u8> {
        let data: Vec<u8> = (0..200).cycle().take(4000).collect();
        tiny_elf(&[0x6f], &data)
    }

    #[test]
    fn image_ids_are_those_of_risc0_1_2() {
        // From risc0-binfmt 1.2.6's `compute_image_id`.
        let known = "0ab3637eba32d7a7b25247c6e8c4a06207b30912e7cdd5986d9c2a683d137b11";
        let elf = spinning();
        assert_eq!(hex::encode(older_image_id(&GuestElf::parse(&elf).unwrap())), known);
    }

    #[test]
    fn a_guest_whose_claimed_id_is_of_the_older_kind_is_refused_with_what_to_do() {
        let elf = spinning();
        let id = hex::encode(older_image_id(&GuestElf::parse(&elf).unwrap()));
        let error = Program::read(&elf, &format!(r#"{{"image_id":"0x{id}"}}"#)).unwrap_err().to_string();
        assert!(error.contains("before 2.0 (its image id is of the older kind)"), "{error}");
        assert!(error.contains("cargo risczero build"), "{error}");
    }

    #[test]
    fn a_guest_that_calls_without_numbers_is_of_before_2_0() {
        let calls = |code: &[u32]| {
            let elf = tiny_elf(code, &[]);
            calls_as_before_2_0(&GuestElf::parse(&elf).unwrap())
        };
        assert!(calls(&[LI_T0_2, NOP, ECALL]));
        assert!(!calls(&[LI_T0_2, LI_T6_14, ECALL]));
        // It halts only: that call has had the same form ever since.
        assert!(!calls(&[0x0000_0293, ECALL]));
        let error = Program::read(&tiny_elf(&[LI_T0_2, NOP, ECALL], &[]), "").unwrap_err().to_string();
        assert!(error.contains("it calls its host in the older way"), "{error}");
    }
}
