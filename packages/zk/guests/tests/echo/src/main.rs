//! Commits the bytes of its first string and reads no second: a guest of the older shape, which binds nothing.
#![no_std]
#![no_main]

guest_kit::entry!(main);

fn main() {
    guest_kit::commit(&guest_kit::read_bytes());
}
