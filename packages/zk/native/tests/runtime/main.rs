//! The binary as its callers see it: over a socket, with clients of all three protocols.

#![cfg(target_os = "linux")]

mod command_line;
mod faults;
mod older;
mod proving;
mod server;
mod serving;
mod walls;
mod wire;
