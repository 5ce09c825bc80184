//! `--runtime-config` and `--runtime-url`: where runtimes are configured, and answer, that are none of this project's.

use crate::api_options;
use anyhow::bail;
use cli::local::{RuntimeAddresses, RuntimeConfigurations};
use protocol::Runtime;
use std::path::PathBuf;

/// Reads `NAME=FILE`.
pub(crate) fn runtime_configuration(text: &str) -> Result<(Runtime, PathBuf), String> {
    let (runtime, file) = named(text, "NAME=FILE, as in other=path/to/wrangler.toml")?;
    Ok((runtime, PathBuf::from(file)))
}

/// Reads `NAME=URL`.
pub(crate) fn runtime_address(text: &str) -> Result<(Runtime, String), String> {
    let (runtime, url) = named(text, "NAME=URL, as in other=https://other.example.com")?;
    Ok((runtime, api_options::address(url)?))
}

fn named<'a>(text: &'a str, form: &str) -> Result<(Runtime, &'a str), String> {
    let parts = text.split_once('=').filter(|(_, value)| !value.is_empty());
    let (name, value) = parts.ok_or_else(|| format!("reads {form}"))?;
    let runtime: Runtime = name.parse().map_err(|error| format!("{error}"))?;
    if runtime.is_native() {
        return Err("the native runtime is this project's own".to_owned());
    }
    Ok((runtime, value))
}

/// Those that were given, each once, and each of a runtime that `--runtimes` names.
pub(crate) fn configurations(
    runtimes: &[Runtime],
    given: &[(Runtime, PathBuf)],
) -> anyhow::Result<RuntimeConfigurations> {
    let mut configurations = RuntimeConfigurations::new();
    for (runtime, file) in given {
        if !runtimes.contains(runtime) {
            bail!("--runtime-config {runtime} has no effect: --runtimes does not name {runtime}");
        }
        if configurations.insert(*runtime, file.clone()).is_some() {
            bail!("--runtime-config {runtime} is given twice");
        }
    }
    Ok(configurations)
}

/// Those that were given, each once, and each of a runtime that is configured elsewhere: where those of this project answer, their deployment says.
pub(crate) fn addresses(
    configured: &RuntimeConfigurations,
    given: &[(Runtime, String)],
) -> anyhow::Result<RuntimeAddresses> {
    let mut addresses = RuntimeAddresses::new();
    for (runtime, url) in given {
        if !configured.contains_key(runtime) {
            bail!(
                "--runtime-url {runtime} has no effect: --runtime-config does not name {runtime}"
            );
        }
        if addresses.insert(*runtime, url.clone()).is_some() {
            bail!("--runtime-url {runtime} is given twice");
        }
    }
    Ok(addresses)
}
