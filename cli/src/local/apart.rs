//! Runtimes a second time, in a process of their own: what slices with a neighbour call.
//!
//! All Workers of one workerd share a thread. While a runtime works there, the stub that measures cannot call, so that no call would ever meet a
//! busy runtime. A second workerd serves the same Workers, and the first reaches them by its ports of this machine. That way costs more than a binding
//! within one process, so ordinary cells do not take it.

use super::{
    process_group::ProcessGroup,
    project::{CALLER, Project},
    readiness,
    runtimes::bind,
    staging::Staging,
    start_error::StartError,
    workerd::{self, Elsewhere, Process, Reached},
};
use protocol::{Runtime, routes::runtime::ENTRYPOINT};
use std::time::Instant;

/// Serves the runtimes of `files`, binds them to the staged caller, and returns where they are.
///
/// # Errors
/// [`StartError`] when the server ends or stays silent.
pub(super) fn serve(
    staging: &Staging,
    project: &Project,
    files: &[(Runtime, String)],
    expires: Instant,
) -> Result<(ProcessGroup, Vec<Elsewhere>), StartError> {
    let own: Vec<String> = files.iter().map(|(_, file)| file.clone()).collect();
    let process = Process {
        names: ("workerd (the runtimes apart)", "apart"),
        reached: Reached::ByBindings(Some(ENTRYPOINT)),
        v8_flags: &[],
    };
    let mut server = workerd::serve_each(project, staging.directory(), &own, &process)?;
    let mut elsewhere = Vec::new();
    for (runtime, file) in files {
        let url = readiness::socket_url(&mut server, file, expires)?;
        let name = format!("{runtime}-runtime-apart");
        let caller = format!("{CALLER}/wrangler.toml");
        // The port is already that of the named entrypoint.
        bind(staging, &caller, &runtime.apart_binding(), &name, None)?;
        elsewhere.push(Elsewhere { name, url });
    }
    Ok((server, elsewhere))
}
