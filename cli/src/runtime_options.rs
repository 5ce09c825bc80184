//! `--runtime-config`: where runtimes are configured that are none of this project's.

use anyhow::bail;
use cli::local::RuntimeConfigurations;
use protocol::Runtime;
use std::path::PathBuf;

/// Reads `NAME=FILE`.
pub(crate) fn runtime_configuration(text: &str) -> Result<(Runtime, PathBuf), String> {
    let (name, file) = text
        .split_once('=')
        .filter(|(_, file)| !file.is_empty())
        .ok_or("reads NAME=FILE, as in other=path/to/wrangler.toml")?;
    let runtime: Runtime = name.parse().map_err(|error| format!("{error}"))?;
    if runtime.is_native() {
        return Err("the native runtime is this project's own".to_owned());
    }
    Ok((runtime, PathBuf::from(file)))
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
