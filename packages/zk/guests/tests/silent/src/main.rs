//! Ends well and commits nothing.
#![no_std]
#![no_main]

guest_kit::entry!(main);

fn main() {}
