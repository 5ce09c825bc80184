//! Workers of this machine in a user's surroundings: variables that steer the tools, odd folders, ignored signals, old builds.

use crate::local_workers::{
    ORCHESTRATOR, assert_none_left, project, project_in, serve_command, started,
};
use cli::local::{LocalOptions, LocalWorkers};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    fs::File,
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, SystemTime},
};

fn signal(process: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(process.id()).unwrap()), signal).unwrap();
}

/// Ends what serves, and checks that it does so well.
fn assert_serves_until_told(mut serve: Child, mark: &Path) {
    signal(&serve, Signal::SIGTERM);
    assert_eq!(serve.wait().unwrap().code(), Some(0));
    assert_none_left(&mark.display().to_string());
}

/// Variables and files of the user's that would hide where wrangler listens, lead local calls astray, or break the tools.
fn hostile(serve: &mut Command, home: &Path, missing: &Path) {
    // wrangler prefers this folder to the one of XDG_CONFIG_HOME.
    fs::create_dir_all(home.join(".wrangler")).unwrap();
    for (name, value) in [
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("https_proxy", "http://127.0.0.1:9"),
        ("ALL_PROXY", "http://127.0.0.1:9"),
        ("NO_PROXY", "nothing.example"),
        ("WRANGLER_LOG", "none"),
        ("WRANGLER_HIDE_BANNER", "false"),
        ("CLOUDFLARE_ENV", "staging"),
        ("CLOUDFLARE_INCLUDE_PROCESS_ENV", "true"),
        ("CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV", "false"),
        ("WRANGLER_BUILD_CONDITIONS", "nonsense"),
        ("MINIFLARE_WORKERD_PATH", "/bin/false"),
        ("MINIFLARE_ASSERT_BODIES_CONSUMED", "true"),
        ("ESBUILD_BINARY_PATH", "/bin/false"),
        ("NODE_OPTIONS", "--require=/no/such/file.js"),
        ("NODE_ENV", "production"),
        ("NODE_PATH", "/no/such/folder"),
        ("FORCE_COLOR", "1"),
        ("CI", "true"),
        ("PORT", "1"),
        ("LIMITS", "free"),
        ("LOCATIONS", "apac"),
        ("API_TOKEN", ""),
        ("RPC_LATENCY_URL", "nonsense"),
        ("BASH_ENV", "/no/such/file"),
        ("ENV", "/no/such/file"),
        ("LC_ALL", "de_DE.UTF-8"),
    ] {
        serve.env(name, value);
    }
    serve
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", missing)
        .env("WRANGLER_REGISTRY_PATH", missing)
        .env("MINIFLARE_REGISTRY_PATH", missing);
}

#[test]
fn the_users_variables_and_files_do_not_reach_the_servers() {
    let (_folder, project) = project(ORCHESTRATOR);
    let temporary = tempfile::tempdir().unwrap();
    fs::write(temporary.path().join(".env"), "LIMITS=free\n").unwrap();
    let home = temporary.path().join("home");
    let missing = temporary.path().join("missing");
    let mut command = serve_command(&project, temporary.path());
    hostile(&mut command, &home, &missing);
    let serve = started(&mut command);
    let left: Vec<_> = fs::read_dir(home.join(".wrangler")).unwrap().collect();
    assert!(
        left.is_empty() && !missing.exists(),
        "{left:?}: other wranglers of the user's see these Workers"
    );
    assert_serves_until_told(serve, temporary.path());
}

#[test]
fn folders_may_have_blanks_and_other_letters_in_their_names() {
    let around = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = around.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    let project = project_in(&folder("t\u{e4}st dir/\u{fc} 'b'"), ORCHESTRATOR);
    let temporary = folder("t m\u{fc}\u{4e2d}");
    let state = folder("st \u{e4}te");
    let mut command = serve_command(&project, &temporary);
    command
        .args(["--state", "st \u{e4}te"])
        .current_dir(around.path())
        .env("HOME", folder("h \u{f6}me"));
    let serve = started(&mut command);
    assert!(
        fs::read_dir(&state).unwrap().next().is_some(),
        "the state is not in the folder that was named from the caller's"
    );
    assert_serves_until_told(serve, &temporary);
}

#[test]
fn a_project_may_be_named_from_the_folder_that_the_command_is_called_in() {
    let (folder, project) = project(ORCHESTRATOR);
    let temporary = tempfile::tempdir().unwrap();
    let absolute = serve_command(&project, temporary.path());
    let mut command = Command::new(absolute.get_program());
    command
        .args(absolute.get_args().filter(|one| *one != project.root()))
        .arg(".")
        .current_dir(folder.path())
        .env("TMPDIR", temporary.path())
        .stdout(std::process::Stdio::piped());
    let serve = started(&mut command);
    assert_serves_until_told(serve, temporary.path());
}

#[test]
fn an_ignored_hangup_stays_ignored_and_does_not_end_the_run() {
    let (_folder, project) = project(ORCHESTRATOR);
    let temporary = tempfile::tempdir().unwrap();
    let plain = serve_command(&project, temporary.path());
    let mut under_nohup = Command::new("/bin/sh");
    under_nohup
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh"])
        // without the program and the option that reset the signals
        .args(plain.get_args().skip(1))
        .env("TMPDIR", temporary.path())
        .stdout(std::process::Stdio::piped());
    let mut serve = started(&mut under_nohup);
    signal(&serve, Signal::SIGHUP);
    thread::sleep(Duration::from_millis(1_500));
    assert!(serve.try_wait().unwrap().is_none(), "SIGHUP ended it");
    assert_serves_until_told(serve, temporary.path());
}

#[test]
fn variables_reach_their_worker_as_they_are() {
    let (_folder, project) = project(ORCHESTRATOR);
    for value in [
        "it's",
        "a # b",
        "$HOME ${HOME}",
        "two\nlines",
        "`tick` \"quote\"",
        "\u{fc} \\ n",
        "both ' and `",
        "a line\r\n",
        "ends with \\",
    ] {
        let mut options = LocalOptions::new(project.clone());
        let variables = &mut options.orchestrator_variables;
        variables.insert("LOCATIONS".to_owned(), value.to_owned());
        let local = LocalWorkers::start(&options).unwrap();
        let mut answer = ureq::get(local.url()).call().unwrap();
        let answer: serde_json::Value = answer.body_mut().read_json().unwrap();
        assert_eq!(answer["locations"], value);
    }
}

#[test]
fn a_build_that_is_older_than_a_source_is_refused_with_the_script_that_makes_it_anew() {
    let (folder, project) = project(ORCHESTRATOR);
    let stamp = folder.path().join("caller-worker/build/.built-from");
    let stamped = |time: SystemTime| File::create(&stamp).unwrap().set_modified(time).unwrap();
    stamped(SystemTime::now() - Duration::from_secs(1));
    let sources = folder.path().join("protocol/src/deep");
    fs::create_dir_all(&sources).unwrap();
    fs::write(folder.path().join("protocol/Cargo.toml"), "").unwrap();
    fs::write(sources.join("plan.rs"), "").unwrap();
    let options = LocalOptions::new(project);
    let error = LocalWorkers::start(&options).unwrap_err().to_string();
    assert!(
        error.contains("plan.rs is newer than") && error.ends_with("run scripts/build"),
        "{error}"
    );
    stamped(SystemTime::now() + Duration::from_secs(1));
    drop(LocalWorkers::start(&options).unwrap());
}

#[test]
fn a_checkout_that_path_cannot_hold_is_refused() {
    let (folder, _project) = project(ORCHESTRATOR);
    let around = tempfile::tempdir().unwrap();
    let colon = around.path().join("a:b");
    symlink(folder.path(), &colon).unwrap();
    let options = LocalOptions::new(cli::local::Project::at(&colon).unwrap());
    let error = LocalWorkers::start(&options).unwrap_err().to_string();
    assert!(error.contains("has a colon in its name"), "{error}");
}
