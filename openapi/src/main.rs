//! Prints the document: `cargo run -p openapi > orchestrator/openapi.json`.

use std::{
    error::Error,
    io::{Write as _, stdout},
};

fn main() -> Result<(), Box<dyn Error>> {
    let document = serde_json::to_string_pretty(&openapi::document()?)?;
    writeln!(stdout(), "{document}")?;
    Ok(())
}
