//! Runtimes a second time, in a process of their own: what slices with a neighbour call.
//!
//! All Workers of one `wrangler dev` share a thread. While a runtime works there, the stub that measures cannot call, so that no call would ever meet a
//! busy runtime. A second `wrangler dev` serves the same builds under other names, and the two find each other by the registry in the run's own
//! directory. That way costs a call over a millisecond, so ordinary cells do not take it.

use super::{
    driven::configuration::Configuration,
    environment,
    process_group::{ProcessGroup, Server},
    project::{CALLER, Project},
    readiness,
    runtimes::{RuntimeConfigurations, bind},
    staging::{Staging, StagingError, create_folder, write_file},
    start_error::StartError,
};
use protocol::{Runtime, routes::runtime::ENTRYPOINT};
use std::{env, time::Instant};

/// Ends the name of each Worker.
const SUFFIX: &str = "-apart";

/// Lays the runtimes out again and binds them to the staged caller. Returns their configuration files.
///
/// # Errors
/// A configuration cannot be read.
pub(super) fn lay_out(
    staging: &Staging,
    runtimes: &[Runtime],
    others: &RuntimeConfigurations,
) -> Result<Vec<String>, StagingError> {
    let wrong = |error| StagingError::Runtime(Box::new(error));
    let mut all = vec![Runtime::NATIVE];
    all.extend(
        runtimes
            .iter()
            .copied()
            .filter(|runtime| !runtime.is_native()),
    );
    let mut files = Vec::new();
    for runtime in all {
        let staged = match (runtime.is_native(), others.contains_key(&runtime)) {
            (true, _) => "runtime-worker/wrangler.toml".to_owned(),
            (false, false) => format!("{runtime}-runtime/wrangler.toml"),
            (false, true) => format!("{runtime}-runtime/wrangler.json"),
        };
        let configuration = Configuration::read(&staging.path(&staged)).map_err(wrong)?;
        let name = format!("{}{SUFFIX}", configuration.text("name"));
        let folder = format!("apart/{runtime}");
        create_folder(&staging.path(&folder))?;
        let file = format!("{folder}/wrangler.json");
        write_file(&staging.path(&file), &configuration.named(&name).to_json())?;
        let caller = format!("{CALLER}/wrangler.toml");
        bind(
            staging,
            &caller,
            &runtime.apart_binding(),
            &name,
            Some(ENTRYPOINT),
        )?;
        files.push(file);
    }
    Ok(files)
}

/// Serves them, and returns when they are there to be found.
///
/// # Errors
/// [`StartError`] when the server ends or stays silent.
pub(super) fn serve(
    staging: &Staging,
    project: &Project,
    files: &[String],
    expires: Instant,
) -> Result<ProcessGroup, StartError> {
    let mut arguments = vec!["dev".into()];
    for file in files {
        arguments.extend(["--config".into(), file.into()]);
    }
    for option in [
        "--ip=127.0.0.1",
        "--port=0",
        "--inspector-port=0",
        "--persist-to=apart/state",
        "--show-interactive-dev-session=false",
    ] {
        arguments.push(option.into());
    }
    let mut wrangler = ProcessGroup::start(Server {
        name: "wrangler dev (the runtimes apart)",
        program: &project.tool("wrangler")?,
        arguments,
        directory: staging.directory(),
        environment: environment::of_servers(staging.directory(), project, |name| {
            env::var_os(name)
        })?,
        log: staging.path("apart.log"),
    })?;
    readiness::ready_url_of(&mut wrangler, expires)?;
    Ok(wrangler)
}
