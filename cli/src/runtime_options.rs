//! `--runtime-config` and `--runtime-url`: where runtimes are configured, and answer, that are none of this project's.

use crate::api_options;
use anyhow::bail;
use cli::local::{RuntimeAddresses, RuntimeConfigurations};
use protocol::Runtime;
use std::{collections::BTreeMap, path::PathBuf};

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
    let names = |runtime: &Runtime| runtimes.contains(runtime);
    each_once("--runtime-config", given, "--runtimes", names)
}

/// Those that were given, each once, and each of a runtime that is configured elsewhere: where those of this project answer, their deployment says.
pub(crate) fn addresses(
    configured: &RuntimeConfigurations,
    given: &[(Runtime, String)],
) -> anyhow::Result<RuntimeAddresses> {
    let names = |runtime: &Runtime| configured.contains_key(runtime);
    each_once("--runtime-url", given, "--runtime-config", names)
}

/// What `option` gives, by runtimes that another option names.
fn each_once<T: Clone>(
    option: &str,
    given: &[(Runtime, T)],
    other: &str,
    names: impl Fn(&Runtime) -> bool,
) -> anyhow::Result<BTreeMap<Runtime, T>> {
    let mut all = BTreeMap::new();
    for (runtime, value) in given {
        if !names(runtime) {
            bail!("{option} {runtime} has no effect: {other} does not name {runtime}");
        }
        if all.insert(*runtime, value.clone()).is_some() {
            bail!("{option} {runtime} is given twice");
        }
    }
    Ok(all)
}
