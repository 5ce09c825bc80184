//! What executes: the part in which runtimes differ.

use protocol::{Function, Problem, problem::FieldError, routes::Refusal};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The functions of a runtime, and how they are executed. A handle: what it needs to keep is kept by the Worker.
pub trait Functions: Copy + 'static {
    /// A function that there is.
    type Function: Copy;

    /// The Worker's name, as `/health` states it.
    const WORKER: &'static str;

    /// Why nothing can be executed at present, if that is so.
    fn unavailable(self) -> Option<String> {
        None
    }

    /// All that there are.
    fn known(self) -> Vec<Function>;

    /// The function of a request's `functionId`.
    ///
    /// # Errors
    /// 400 with the names that there are ([`unknown_function`]).
    fn find(self, name: &str) -> Result<Self::Function, Refusal>;

    /// Whether the function never returns, so that no answer is ever to be sent. Functions that only tests call may not.
    fn never_returns(self, _: Self::Function) -> bool {
        false
    }

    /// Executes a function on a JSON payload.
    ///
    /// # Errors
    /// 400 when the function cannot make sense of the payload, 500 when it failed.
    fn execute(
        self,
        function: Self::Function,
        payload: &RawValue,
    ) -> Result<Cow<'_, RawValue>, Refusal>;

    /// Executes a function on a payload in `MessagePack`.
    ///
    /// # Errors
    /// As [`Functions::execute`].
    fn execute_msgpack(
        self,
        function: Self::Function,
        payload: &[u8],
    ) -> Result<Cow<'_, [u8]>, Refusal>;
}

/// Status 400 for one bad field of a request.
#[must_use]
pub fn bad_field(field: &str, detail: impl Into<String>) -> Refusal {
    let detail = detail.into();
    Problem::new(400, detail.clone())
        .with_errors(vec![FieldError {
            field: field.to_owned(),
            detail,
        }])
        .into()
}

/// Status 400 for a function that there is not.
#[must_use]
pub fn unknown_function(name: &str, known: &[Function]) -> Refusal {
    let name: String = name.chars().take(64).collect();
    let known: Vec<&str> = known.iter().map(Function::as_str).collect();
    let known = known.join(", ");
    bad_field(
        "functionId",
        format!("unknown function \"{name}\"; expected one of: {known}"),
    )
}
