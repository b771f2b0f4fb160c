//! Never ends.
#![no_std]
#![no_main]

guest_kit::entry!(main);

fn main() {
    let mut turn = 0u32;
    loop {
        turn = core::hint::black_box(turn.wrapping_add(1));
    }
}
