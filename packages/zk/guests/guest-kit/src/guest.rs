use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Display;
use core::mem::ManuallyDrop;

use risc0_zkvm_platform::fileno::{JOURNAL, STDIN};
use risc0_zkvm_platform::memory::STACK_TOP;
use risc0_zkvm_platform::syscall::{sys_halt, sys_panic, sys_rand, sys_read_words, sys_write};

use crate::{sha256, sha256_of};

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
    }
    #[cfg(feature = "std")]
    std::panic::set_hook(alloc::boxed::Box::new(|info| report(info)));
    // SAFETY: `entry` defines it.
    unsafe {
        guest_main();
    }
    halt()
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    report(info)
}

/// Fails the execution with a message that the prover sees.
fn report(info: &impl Display) -> ! {
    let message = format!("{info}");
    // SAFETY: the message has as many bytes.
    unsafe { sys_panic(message.as_ptr(), message.len()) }
}

/// Ends with the digest that RISC Zero calls `Output`: of the journal, and of no assumptions.
fn halt() -> ! {
    // SAFETY: the only thread.
    let journal = sha256_of(unsafe { &mut *(&raw mut JOURNALED) });
    let mut output = Vec::with_capacity(3 * 64);
    output.extend_from_slice(&sha256(b"risc0.Output"));
    output.extend_from_slice(&journal);
    output.extend_from_slice(&[0; 32]);
    output.extend_from_slice(&2u16.to_le_bytes());
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(sha256_of(&mut output).chunks_exact(4)) {
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

/// Reads what the host's `env.write(&String)` wrote: a length in bytes, then the bytes, filled up to a word.
pub fn read_bytes() -> Vec<u8> {
    let bytes = read_length();
    let mut words = ManuallyDrop::new(vec![0; bytes.div_ceil(4)]);
    read_words(&mut words);
    // SAFETY: the words are as many initialized bytes; the allocator never frees, so their alignment is of no concern to it.
    unsafe { Vec::from_raw_parts(words.as_mut_ptr().cast::<u8>(), bytes, 4 * words.capacity()) }
}

/// Reads over a string.
pub(crate) fn skip_bytes() {
    let mut left = read_length().div_ceil(4);
    let mut scratch = [0; 64];
    while left > 0 {
        let now = left.min(scratch.len());
        read_words(&mut scratch[..now]);
        left -= now;
    }
}

fn read_length() -> usize {
    let mut length = [0];
    read_words(&mut length);
    length[0] as usize
}

fn read_words(words: &mut [u32]) {
    // SAFETY: the host writes as many words as there are.
    let read = unsafe { sys_read_words(STDIN, words.as_mut_ptr(), words.len()) };
    assert!(read == 4 * words.len(), "the input ends early");
}
