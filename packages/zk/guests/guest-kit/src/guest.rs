use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use risc0_zkvm_platform::fileno::{JOURNAL, STDIN};
use risc0_zkvm_platform::memory::STACK_TOP;
use risc0_zkvm_platform::syscall::{sys_halt, sys_rand, sys_read_words, sys_write};

use crate::sha256::{Sha256, sha256};

core::arch::global_asm!(
    ".section .text._start",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "li sp, {stack}",
    "call {start}",
    stack = const STACK_TOP,
    start = sym start,
);

unsafe extern "C" {
    fn guest_main();
}

/// Random bytes in the guest's memory: the state after the last cycle is hashed into the receipt, and must not tell the inputs.
static mut ENTROPY: [u32; 4] = [0; 4];
static mut JOURNALED: Vec<u8> = Vec::new();

unsafe extern "C" fn start() -> ! {
    // SAFETY: the only thread, before anything is allocated.
    unsafe {
        risc0_zkvm_platform::heap::init();
        sys_rand((&raw mut ENTROPY).cast(), 4);
        guest_main();
    }
    halt()
}

/// Ends with the digest that RISC Zero calls `Output`: of the journal, and of no assumptions.
fn halt() -> ! {
    // SAFETY: the only thread.
    let journal = sha256(unsafe { &*(&raw const JOURNALED) });
    let mut output = Sha256::with_capacity(98);
    output.append(&sha256(b"risc0.Output")).append(&journal).append(&[0; 32]).append(&2u16.to_le_bytes());
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(output.digest().chunks_exact(4)) {
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    sys_halt(0, &words)
}

/// Appends to the journal, which is public.
pub fn commit(bytes: &[u8]) {
    // SAFETY: the only thread; the host reads as many bytes as it is told.
    unsafe {
        (*(&raw mut JOURNALED)).extend_from_slice(bytes);
        sys_write(JOURNAL, bytes.as_ptr(), bytes.len());
    }
}

/// Reads a string as the host's `env.write(&String)` wrote it: its length in bytes, then its bytes, filled up to a word.
pub fn read_string() -> String {
    let mut length = [0];
    read_words(&mut length);
    let bytes = length[0] as usize;
    let mut words = vec![0; bytes.div_ceil(4)];
    read_words(&mut words);
    let mut words = core::mem::ManuallyDrop::new(words);
    // SAFETY: the words are as many initialized bytes; the allocator never frees, so their alignment is of no concern to it.
    let text = unsafe { Vec::from_raw_parts(words.as_mut_ptr().cast::<u8>(), bytes, 4 * words.capacity()) };
    String::from_utf8(text).unwrap_or_else(|_| panic!("the input is not UTF-8"))
}

fn read_words(words: &mut [u32]) {
    // SAFETY: the host writes as many words as there are.
    let read = unsafe { sys_read_words(STDIN, words.as_mut_ptr(), words.len()) };
    assert!(read == 4 * words.len(), "the input ends early");
}
