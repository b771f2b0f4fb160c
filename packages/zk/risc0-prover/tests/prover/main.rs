//! What the crate does with real guests, real proofs and a real HTTP server.

mod compression;
mod guests;
mod programs;
mod proofs;
mod runs;
mod server;
