//! A server in a process group of its own, which never outlives this process.
//!
//! Servers may start others. All of a group's processes are killed together when the
//! [`ProcessGroup`] is dropped. When this process ends without dropping it (kill -9, a crash), a watchdog in the
//! group does it: a shell that reads from a pipe whose only writer is this process, sees its end, removes the temporary
//! directory, and kills the group and itself. That needs neither `prctl`, which would cover one child of one thread, nor
//! an operating system that has it.

use super::{environment::Environment, start_error::StartError};
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// Starts the watchdog, then becomes the server. `$0` is the temporary directory, the rest is the server's command line.
/// Removing may fail where a server writes a new file meanwhile; then it is tried once more, and that is all.
const WATCHDOG_THEN_SERVER: &str = r#"exec 3<&0 </dev/null
{ cat <&3 >/dev/null; rm -rf "$0" || rm -rf "$0"; kill -KILL 0; } &
exec "$@" 3<&-"#;

/// A server and every process it starts. Dropping it kills them all.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    name: &'static str,
    // Its standard input is the watchdog's pipe: it stays open for as long as this is not dropped.
    leader: Child,
    log: PathBuf,
}

/// A server to be started.
pub(super) struct Server<'a> {
    /// What to call it in errors.
    pub(super) name: &'static str,
    pub(super) program: &'a Path,
    pub(super) arguments: Vec<OsString>,
    /// The temporary directory: the server runs in it, and the watchdog removes it.
    pub(super) directory: &'a Path,
    /// Its whole environment.
    pub(super) environment: Environment,
    /// Where both its outputs go.
    pub(super) log: PathBuf,
}

impl ProcessGroup {
    pub(super) fn start(server: Server<'_>) -> Result<Self, StartError> {
        let failed = |source| StartError::NotStarted {
            name: server.name,
            program: server.program.to_owned(),
            source,
        };
        let log = File::create(&server.log).map_err(failed)?;
        let leader = Command::new("/bin/sh")
            .args(["-c", WATCHDOG_THEN_SERVER])
            .args([server.directory, server.program])
            .args(&server.arguments)
            .current_dir(server.directory)
            .env_clear()
            .envs(server.environment)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Self {
            name: server.name,
            leader,
            log: server.log,
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// The file that it writes to.
    pub(super) fn log_file(&self) -> &Path {
        &self.log
    }

    /// Everything it has written so far.
    pub(super) fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.leader.try_wait().ok().flatten()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // The group exists until the last of its processes, the watchdog, is gone, so its number cannot be another's.
        if let Ok(id) = i32::try_from(self.leader.id()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
        let _ = self.leader.wait();
    }
}
