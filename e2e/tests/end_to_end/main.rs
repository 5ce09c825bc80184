//! End-to-end tests; `e2e/src/lib.rs` has the annotated index.

mod api_errors;
mod lifecycle;
mod local_profile;
mod small_run;
