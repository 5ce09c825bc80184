//! The monolith: the caller-worker with Python inside, so that `direct` executes the functions that the pyodide-runtime executes for others.
//!
//! All of it is the caller-worker's, whose entry for requests is exported from here; `js/entry.js` starts Python before the first one. A crate of its
//! own, so that building it does not unbuild the caller-worker: cargo keeps one library of a package.
//!
//! Out of scope: delegating to Python, which the caller-worker measures without carrying it.

pub use caller_worker::fetch;
