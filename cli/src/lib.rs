//! What the command line `rpc-latency` is made of, as far as the end-to-end tests need it too.
//!
//! * [`local`] serves the built Workers on this machine and leaves no process behind.
//! * [`check`] asks a Worker for each point of its contract.
//! * [`client`] speaks the orchestrator's HTTP API, typed; [`events`] reads its streams.
//!
//! Out of scope: statistics and the wording of reports (crate `measurement`), names and documents (crate `protocol`).

#![warn(clippy::print_stderr, reason = "a closed pipe would end the program")]

pub mod check;
pub mod client;
pub mod events;
pub mod local;
