//! End-to-end tests; `e2e/src/lib.rs` has the annotated index.

mod against;
mod alerts;
mod api_errors;
mod bad_requests;
mod command_line;
mod conformance;
mod contracts;
mod exports;
mod failures;
mod footprint;
mod interop;
mod invocations;
mod kills;
mod known_truth;
mod lifecycle;
mod local_profile;
mod misconfigured;
mod panics;
mod places;
mod python;
mod readers;
mod receiver;
mod settled;
mod small_run;
mod standing_clock;
mod thin_stubs;
