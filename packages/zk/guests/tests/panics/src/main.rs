//! Panics with a message.
#![no_std]
#![no_main]

guest_kit::entry!(main);

fn main() {
    panic!("this guest panics");
}
