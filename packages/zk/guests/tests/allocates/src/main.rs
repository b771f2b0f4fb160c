//! Takes memory without end, and writes to each page of it.
#![no_std]
#![no_main]
extern crate alloc;

use alloc::vec::Vec;

guest_kit::entry!(main);

const BLOCK: usize = 1 << 20;
const PAGE: usize = 1 << 10;

fn main() {
    loop {
        let mut block: Vec<u8> = Vec::with_capacity(BLOCK);
        for page in block.spare_capacity_mut().chunks_mut(PAGE) {
            page[0].write(1);
        }
        core::hint::black_box(&block);
        core::mem::forget(block);
    }
}
