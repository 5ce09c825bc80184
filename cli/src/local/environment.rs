//! The environment that the servers are started in.
//!
//! workerd, and wrangler and Node.js where a Worker is bundled, read some hundred variables and several files of the user's home. Any of them could change
//! what is measured. So they get none of the user's variables but those in [`HONOURED`], a home of their own, and every path of wrangler's inside
//! the run's directory. docs/operations.md has the table.

use super::project::{Project, ProjectError};
use std::{
    env,
    ffi::{OsStr, OsString},
    path::Path,
};

/// Variables of the user's that the servers see: what else to trust, and what programs need in order to start on some systems.
const HONOURED: [&str; 7] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "NIX_LD",
    "NIX_LD_LIBRARY_PATH",
];

/// Where programs are found when the user's `PATH` is not set.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A whole environment: nothing else is passed on.
pub(super) type Environment = Vec<(&'static str, OsString)>;

/// The environment of servers whose files are in `directory`, given the user's.
///
/// # Errors
/// [`ProjectError::ColonInPath`] where `PATH` cannot hold the folder of the tools.
pub(super) fn of_servers(
    directory: &Path,
    project: &Project,
    user: impl Fn(&str) -> Option<OsString>,
) -> Result<Environment, ProjectError> {
    let inside = |path: &str| directory.join(path).into_os_string();
    let set = |value: &str| OsString::from(value);
    let mut environment = vec![
        ("PATH", path(project, user("PATH"))?),
        // wrangler prefers ~/.wrangler, where there is one, to XDG_CONFIG_HOME.
        ("HOME", inside("home")),
        ("TMPDIR", inside("tmp")),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_CACHE_HOME", inside("cache")),
        ("WRANGLER_REGISTRY_PATH", inside("registry")),
        ("MINIFLARE_REGISTRY_PATH", inside("registry")),
        ("WRANGLER_CACHE_DIR", inside("cache")),
        ("WRANGLER_LOG_PATH", inside("logs")),
        ("WRANGLER_LOG", set("log")),
        ("WRANGLER_SEND_METRICS", set("false")),
        ("WRANGLER_SEND_ERROR_REPORTS", set("false")),
        // Nothing here looks at where a request came from, and asking takes a network.
        ("CLOUDFLARE_CF_FETCH_ENABLED", set("false")),
        // The banner asks the registry for updates.
        ("WRANGLER_HIDE_BANNER", set("true")),
        ("NO_COLOR", set("1")),
        ("LC_ALL", set("C")),
    ];
    environment.extend(
        HONOURED
            .into_iter()
            .filter_map(|name| Some((name, user(name)?))),
    );
    Ok(environment)
}

/// The tools of the project first: a Node.js that is new enough is among them.
fn path(project: &Project, users: Option<OsString>) -> Result<OsString, ProjectError> {
    let users = users.filter(|path| !path.is_empty());
    let users = users.as_deref().unwrap_or_else(|| OsStr::new(USUAL_PATH));
    env::join_paths([project.tools()].into_iter().chain(env::split_paths(users))).map_err(|_| {
        ProjectError::ColonInPath {
            root: project.root().to_owned(),
        }
    })
}
