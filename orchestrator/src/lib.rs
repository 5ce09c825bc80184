//! The orchestrator, primary Worker of the system: HTTP API, cron entry, and the Durable Object that drives a run.
//!
//! Three parts know nothing of the platform and run natively in tests: [`store`] (what is kept), [`coordinator`] (what is done next)
//! and [`api`] (what is asked and answered). `platform` joins them to Workers: it decodes, delegates, responds.
//!
//! Out of scope: timing calls (the caller-worker does) and statistics (crate `measurement`).

pub mod api;
pub mod coordinator;
#[cfg(target_arch = "wasm32")]
mod platform;
pub mod settings;
pub mod store;
