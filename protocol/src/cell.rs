//! Cells: one (runtime, transport, function, payload size) each.

use crate::{Function, Runtime, Transport, named::UnknownName};
use core::{fmt, str::FromStr};

/// One (runtime, transport, function, payload size). Its id reads `service-binding.echo.100`, or `pyodide.service-binding.echo.100` with a
/// runtime other than the native one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Whose function it is.
    pub runtime: Runtime,
    /// How the caller reaches the code.
    pub transport: Transport,
    /// What is executed.
    pub function: Function,
    /// Exact size of the payload's JSON text.
    pub payload_bytes: u32,
}

impl Cell {
    /// A cell of the native runtime.
    #[must_use]
    pub const fn native(transport: Transport, function: Function, payload_bytes: u32) -> Self {
        Self {
            runtime: Runtime::NATIVE,
            transport,
            function,
            payload_bytes,
        }
    }
}

/// A [`Cell`] by its id; the same thing, named for its role in URLs and documents.
pub type CellId = Cell;

/// Why a text is not a cell id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellIdError {
    /// Neither three parts nor four.
    #[error(
        "a cell id reads transport.function.payload_bytes, as in service-binding.echo.100, with the name of the runtime before it where that is not the native one"
    )]
    Form,
    /// An unknown transport.
    #[error(transparent)]
    Transport(#[from] UnknownName),
    /// A runtime or function of a name that none can have.
    #[error("{part} \"{name}\": {why}")]
    Name {
        /// `runtime` or `function`.
        part: &'static str,
        /// What was given, cut to 64 characters.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runtime,
            transport,
            function,
            payload_bytes,
        } = self;
        f.pad(&if runtime.is_native() {
            format!("{transport}.{function}.{payload_bytes}")
        } else {
            format!("{runtime}.{transport}.{function}.{payload_bytes}")
        })
    }
}

impl FromStr for Cell {
    type Err = CellIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('.').collect();
        let (runtime, transport, function, bytes) = match parts[..] {
            [transport, function, bytes] => (Runtime::NATIVE, transport, function, bytes),
            [runtime, transport, function, bytes] => {
                (named("runtime", runtime)?, transport, function, bytes)
            }
            _ => return Err(CellIdError::Form),
        };
        let canonical = bytes.bytes().all(|b| b.is_ascii_digit()) && !bytes.starts_with('0');
        let payload_bytes = bytes
            .parse()
            .ok()
            .filter(|_| canonical)
            .ok_or(CellIdError::Form)?;
        Ok(Self {
            runtime,
            transport: transport.parse()?,
            function: named("function", function)?,
            payload_bytes,
        })
    }
}

fn named<T: FromStr<Err: fmt::Display>>(part: &'static str, name: &str) -> Result<T, CellIdError> {
    name.parse().map_err(|error: T::Err| CellIdError::Name {
        part,
        name: name.chars().take(64).collect(),
        why: error.to_string(),
    })
}

#[cfg(feature = "openapi")]
crate::named::text_schema!(Cell, id_pattern(), "service-binding.echo.100");

/// What [`Cell::from_str`] accepts of payload sizes that a plan may have.
#[cfg(feature = "openapi")]
fn id_pattern() -> String {
    let transports = Transport::expected().replace(", ", "|");
    let name = format!("[a-z0-9-]{{1,{}}}", crate::name::MAX_NAME);
    format!("^({name}\\.)?({transports})\\.{name}\\.[1-9][0-9]{{0,6}}$")
}

crate::named::serde_as_text!(Cell);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_pinned_and_reads_back() {
        let cell = Cell::native(Transport::ServiceBinding, Function::Echo, 100);
        assert_eq!(cell.to_string(), "service-binding.echo.100");
        assert_eq!("service-binding.echo.100".parse(), Ok(cell));
        assert_eq!(
            serde_json::to_string(&cell).unwrap(),
            "\"service-binding.echo.100\""
        );
    }

    #[test]
    fn a_runtime_and_a_function_of_others_have_their_names_in_it() {
        let cell: Cell = "pyodide.rpc.word-count.1000".parse().unwrap();
        assert_eq!(cell.runtime.as_str(), "pyodide");
        assert_eq!(cell.function.as_str(), "word-count");
        assert_eq!(cell.to_string(), "pyodide.rpc.word-count.1000");
        let native: Cell = "native.rpc.echo.100".parse().unwrap();
        assert_eq!(native, Cell::native(Transport::Rpc, Function::Echo, 100));
        assert_eq!(native.to_string(), "rpc.echo.100");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "direct.echo",
            "direct.echo.100.1",
            "direct.echo.x",
            "direct.echo.-1",
            "direct.echo.+1",
            "direct.echo.0100",
            "direct.walk_on.100",
            "direct..100",
            "Pyodide.direct.echo.100",
            "a.b.direct.echo.100",
        ] {
            assert!(text.parse::<Cell>().is_err(), "{text}");
        }
    }
}
