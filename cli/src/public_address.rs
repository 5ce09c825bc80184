//! `public-address`: where a Worker answers. For `scripts/deploy`, which asks before it deploys anything and again afterwards.
//!
//! Before: the Worker's `wrangler.toml` says whether there will be an address that a client can use at all. Afterwards: what wrangler wrote
//! to `WRANGLER_OUTPUT_FILE_PATH` says which. Formats: <https://developers.cloudflare.com/workers/wrangler/configuration/#types-of-routes>.

use crate::{exit::Exit, output};
use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(crate) struct PublicAddressOptions {
    /// The Worker's wrangler.toml or wrangler.json
    config: PathBuf,
    /// What wrangler wrote about its deployment; without it, only whether there will be an address is looked at
    #[arg(long, value_name = "NDJSON")]
    deployed: Option<PathBuf>,
}

/// What of a Worker's configuration decides where it answers.
#[derive(Deserialize)]
struct Configuration {
    workers_dev: Option<bool>,
    route: Option<Route>,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Route {
    Pattern(String),
    Detailed {
        pattern: String,
        #[serde(default)]
        custom_domain: bool,
        enabled: Option<bool>,
    },
}

/// An entry of wrangler's output file.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    targets: Option<Vec<String>>,
}

/// `rpc-latency public-address`
pub(crate) fn public_address(options: &PublicAddressOptions) -> anyhow::Result<Exit> {
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("{}", path.display()));
    let config = options.config.display();
    let text = read(&options.config)?;
    let is_json = options
        .config
        .extension()
        .is_some_and(|kind| kind == "json");
    let configuration = if is_json {
        serde_json::from_str(&text).with_context(|| format!("{config}"))?
    } else {
        toml::from_str(&text).with_context(|| format!("{config}"))?
    };
    let configured = expected(&configuration).with_context(|| format!("{config}"))?;
    if let Some(file) = &options.deployed {
        // Wrangler lists nine routes at most.
        let address = deployed(&read(file)?)
            .or_else(|error| configured.ok_or(error))
            .with_context(|| format!("{}", file.display()))?;
        output::result(&(address + "\n"))?;
    }
    Ok(Exit::Pass)
}

/// The address of which every path is the Worker's own; `None` for one on workers.dev, which only a deployment tells. Fails where the
/// configuration gives it neither.
fn expected(configuration: &Configuration) -> anyhow::Result<Option<String>> {
    let routes: Vec<&Route> = configuration
        .routes
        .iter()
        .chain(&configuration.route)
        .collect();
    // Wrangler's own default.
    if configuration.workers_dev.unwrap_or(routes.is_empty()) {
        return Ok(None);
    }
    let mut reasons = Vec::new();
    for route in routes {
        match route.address() {
            Ok(address) => return Ok(Some(address)),
            Err(reason) => reasons.push(reason),
        }
    }
    let why = match reasons.as_slice() {
        [] => "it has neither workers_dev nor a route".to_owned(),
        reasons => reasons.join("; "),
    };
    bail!(
        "the Worker would have no address to be asked at: {why}. Set workers_dev = true, a custom domain, or a route for all of a host"
    )
}

impl Route {
    fn address(&self) -> Result<String, String> {
        match self {
            Self::Pattern(pattern) => address(pattern, false),
            Self::Detailed {
                pattern,
                enabled: Some(false),
                ..
            } => Err(format!("the custom domain {pattern} is not enabled")),
            Self::Detailed {
                pattern,
                custom_domain,
                ..
            } => address(pattern, *custom_domain),
        }
    }
}

/// The address that a route or a custom domain stands for.
fn address(pattern: &str, is_custom_domain: bool) -> Result<String, String> {
    let without_scheme = pattern
        .strip_prefix("https://")
        .or_else(|| pattern.strip_prefix("http://"))
        .unwrap_or(pattern);
    let (host, path) = match without_scheme.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (without_scheme, None),
    };
    // `*example.com` is the host and those below it; `*.example.com` is only these, and which of them exist is not known.
    let host = match host.strip_prefix('*') {
        Some(rest) if !rest.starts_with('.') => rest,
        _ => host,
    };
    if host.is_empty() || host.contains('*') {
        return Err(format!("the route {pattern} names no single host"));
    }
    let takes_every_path = match path {
        None => is_custom_domain,
        Some(path) => path == "*" || is_custom_domain && path.is_empty(),
    };
    if takes_every_path {
        Ok(format!("https://{host}"))
    } else {
        Err(format!(
            "the route {pattern} is not for every path of its host, as {host}/* would be"
        ))
    }
}

/// The address among the targets of a deployment: that on workers.dev, else the first that can be used.
fn deployed(ndjson: &str) -> anyhow::Result<String> {
    let mut targets = Vec::new();
    for line in ndjson.lines().filter(|line| !line.trim().is_empty()) {
        let entry: Entry = serde_json::from_str(line).context("is not wrangler's output")?;
        if entry.kind == "deploy" {
            targets = entry.targets.unwrap_or_default();
        }
    }
    let addresses: Vec<String> = targets
        .iter()
        .filter_map(|target| printed(target))
        .collect();
    let on_workers_dev = addresses
        .iter()
        .find(|address| address.ends_with(".workers.dev"));
    match on_workers_dev.or(addresses.first()) {
        Some(address) => Ok(address.clone()),
        None => bail!("wrangler deployed to no address that can be asked: {targets:?}"),
    }
}

/// The address in a line of wrangler's: `https://host`, `host (custom domain - zone id: x) [enabled]`, `host/* (zone name: x)`, `host/*`.
fn printed(target: &str) -> Option<String> {
    if target.starts_with("schedule: ") {
        return None;
    }
    let (pattern, remarks) = target.split_once(' ').unwrap_or((target, ""));
    let is_off = remarks
        .split_once('[')
        .is_some_and(|(_, flags)| flags.starts_with("disabled"));
    if is_off {
        return None;
    }
    let is_whole = remarks.starts_with("(custom domain") || pattern.ends_with(".workers.dev");
    address(pattern, is_whole).ok()
}

#[cfg(test)]
mod tests;
