//! Why a delegated call failed.

use protocol::ErrorKind;
use wasm_bindgen::{JsCast as _, JsValue};

/// A call that failed: of which kind, and in whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// What it is counted as.
    pub kind: ErrorKind,
    /// What happened, for people.
    pub detail: String,
}

impl CallError {
    /// A failure of `kind`.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// The runtime answered, but not as the transport's protocol wants it.
    pub fn bad_response(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadResponse, detail)
    }
}

/// An exception thrown by the platform, or a promise that it rejected.
impl From<JsValue> for CallError {
    fn from(thrown: JsValue) -> Self {
        let message = thrown.dyn_ref::<js_sys::Error>().map_or_else(
            || format!("{thrown:?}"),
            |error| String::from(error.message()),
        );
        Self::new(kind_of_exception(&message), message)
    }
}

/// What an exception of the platform means, by its message: there is nothing else to tell by.
///
/// The limits that a delegating stub runs into announce themselves as `Too many subrequests by single Worker invocation.`,
/// `Too many subrequests.` and `Subrequest depth limit exceeded. This request recursed through Workers too many times.` Their wording is not
/// documented, so anything that speaks of too many or of a limit, and of requests or invocations, is taken for one.
fn kind_of_exception(message: &str) -> ErrorKind {
    // Not `contains`, whose quick search through long texts would be a hundredth of a stub.
    let speaks_of = |word: &str| {
        let mut windows = message.as_bytes().windows(word.len());
        windows.any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    };
    let of_calls = ["subrequest", "invocation", "recursed"];
    let of_a_limit = ["too many", "limit"];
    if of_calls.into_iter().any(speaks_of) && of_a_limit.into_iter().any(speaks_of) {
        ErrorKind::LimitExceeded
    } else {
        ErrorKind::Transport
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_limits_are_told_from_other_exceptions() {
        for message in [
            "Too many subrequests.",
            "Too many subrequests by single Worker invocation. To configure this limit, refer to https://developers.cloudflare.com/workers/",
            "Subrequest depth limit exceeded. This request recursed through Workers too many times. This can happen e.g. if you have a Worker that calls other Workers recursively.",
            "Exceeded the limit of 32 Worker invocations",
        ] {
            assert_eq!(
                kind_of_exception(message),
                ErrorKind::LimitExceeded,
                "{message}"
            );
        }
        for message in [
            "Network connection lost.",
            "internal error; reference = abc",
            "The Workers runtime canceled this request because it detected that your Worker's code had hung.",
            "RuntimeError: unreachable",
            "Worker exceeded memory limit.",
        ] {
            assert_eq!(
                kind_of_exception(message),
                ErrorKind::Transport,
                "{message}"
            );
        }
    }
}
