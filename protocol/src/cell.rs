//! Cells: one (transport, function, payload size) each.

use crate::{Function, Transport, named::UnknownName};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One (transport, function, payload size). Its id reads `service-binding.echo.100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// How the caller reaches the code.
    pub transport: Transport,
    /// What is executed.
    pub function: Function,
    /// Exact size of the payload's JSON text.
    pub payload_bytes: u32,
}

/// A [`Cell`] by its id; the same thing, named for its role in URLs and documents.
pub type CellId = Cell;

/// Why a text is not a cell id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellIdError {
    /// Not three parts.
    #[error("a cell id reads transport.function.payload_bytes, as in service-binding.echo.100")]
    Form,
    /// An unknown transport or function.
    #[error(transparent)]
    Name(#[from] UnknownName),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!(
            "{}.{}.{}",
            self.transport, self.function, self.payload_bytes
        ))
    }
}

impl FromStr for Cell {
    type Err = CellIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let (Some(transport), Some(function), Some(bytes), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CellIdError::Form);
        };
        let canonical = bytes.bytes().all(|b| b.is_ascii_digit()) && !bytes.starts_with('0');
        let payload_bytes = bytes
            .parse()
            .ok()
            .filter(|_| canonical)
            .ok_or(CellIdError::Form)?;
        Ok(Self {
            transport: transport.parse()?,
            function: function.parse()?,
            payload_bytes,
        })
    }
}

#[cfg(feature = "openapi")]
crate::named::text_schema!(Cell, id_pattern(), "service-binding.echo.100");

/// What [`Cell::from_str`] accepts of payload sizes that a plan may have.
#[cfg(feature = "openapi")]
fn id_pattern() -> String {
    let (transports, functions) = (Transport::expected(), Function::expected());
    let any_of = |names: String| names.replace(", ", "|");
    format!(
        "^({})\\.({})\\.[1-9][0-9]{{0,6}}$",
        any_of(transports),
        any_of(functions)
    )
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_pinned_and_reads_back() {
        let cell = Cell {
            transport: Transport::ServiceBinding,
            function: Function::Echo,
            payload_bytes: 100,
        };
        assert_eq!(cell.to_string(), "service-binding.echo.100");
        assert_eq!("service-binding.echo.100".parse(), Ok(cell));
        assert_eq!(
            serde_json::to_string(&cell).unwrap(),
            "\"service-binding.echo.100\""
        );
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
            "direct.walk.100",
        ] {
            assert!(text.parse::<Cell>().is_err(), "{text}");
        }
    }
}
