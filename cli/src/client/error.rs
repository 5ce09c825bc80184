//! Why the API did not answer with what was asked for.

use core::fmt::Write as _;
use protocol::Problem;

/// Why the API did not answer with what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No answer.
    #[error("{request}: no answer ({reason}); is the address right, and is it being served?")]
    Unreachable {
        /// Method and URL.
        request: String,
        /// Why.
        reason: String,
    },
    /// The environment names a proxy that cannot be used.
    #[error("the proxy in the environment variable {variable} cannot be used ({reason})")]
    Proxy {
        /// Which variable.
        variable: String,
        /// Why.
        reason: String,
    },
    /// The token is none.
    #[error("the token holds a character that a header cannot carry")]
    Token,
    /// The answer is at another address, which gets neither request nor token.
    #[error(
        "{request} is redirected to {location}; if that is the orchestrator, name it with --url or RPC_LATENCY_URL"
    )]
    Redirected {
        /// Method and URL.
        request: String,
        /// Where to.
        location: String,
    },
    /// A problem document.
    #[error("{request} was refused: {}", describe(.problem))]
    Refused {
        /// Method and URL.
        request: String,
        /// What the orchestrator says.
        problem: Box<Problem>,
    },
    /// Something that no orchestrator of this version answers.
    #[error("{request} answered {status} with something else than expected ({reason}): {start}")]
    Unexpected {
        /// Method and URL.
        request: String,
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: String,
        /// How it begins.
        start: String,
    },
}

impl ClientError {
    /// The HTTP status, where there was an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Unreachable { .. }
            | Self::Proxy { .. }
            | Self::Token
            | Self::Redirected { .. } => None,
            Self::Refused { problem, .. } => Some(problem.status),
            Self::Unexpected { status, .. } => Some(*status),
        }
    }
}

/// A problem document for people: each bad field on a line of its own.
fn describe(problem: &Problem) -> String {
    let mut text = format!("{} ({} {})", problem.detail, problem.status, problem.title);
    for error in &problem.errors {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {}: {}", error.field, error.detail);
    }
    if problem.status == 401 {
        text.push_str(
            "\n  pass the token with --token, or in the environment variable API_TOKEN beside the RPC_LATENCY_URL that it belongs to",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::problem::FieldError;

    #[test]
    fn a_refusal_shows_each_bad_field_on_its_own_line() {
        let problem = Problem::new(400, "the plan has 2 bad field(s)").with_errors(vec![
            FieldError {
                field: "payload_bytes[0]".to_owned(),
                detail: "is -1".to_owned(),
            },
            FieldError {
                field: "seed".to_owned(),
                detail: "is a string".to_owned(),
            },
        ]);
        let error = ClientError::Refused {
            request: "POST http://x/runs".to_owned(),
            problem: Box::new(problem),
        };
        assert_eq!(
            error.to_string(),
            "POST http://x/runs was refused: the plan has 2 bad field(s) (400 Bad Request)\n  payload_bytes[0]: is -1\n  seed: is a string"
        );
    }
}
