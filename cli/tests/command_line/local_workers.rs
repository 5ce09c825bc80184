//! Serving Workers on this machine: they answer, they see their variables, and no process of theirs outlives ours,
//! however ours ends. The Workers are a few lines of JavaScript in a project of its own, so that nothing need be built;
//! workerd is the real one (`scripts/setup` installs it).

use crate::fake_orchestrator;
use cli::local::{LocalOptions, LocalWorkers, Project};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use protocol::RunState;
use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Answers with its variables and with what the caller answers.
pub(crate) const ORCHESTRATOR: &str = "
export class Coordinator {}
export default { async fetch(request, env) {
  const caller = await (await env.CALLER.fetch('http://caller/')).json();
  return Response.json({ limits: env.LIMITS, locations: env.LOCATIONS, caller });
} }";

/// Answers with what the runtime answers over the binding and at its public port.
const CALLER: &str = "
export default { async fetch(request, env) {
  const bound = await (await env.RUNTIME.fetch('http://runtime/')).text();
  const open = await (await fetch(env.RUNTIME_URL)).text();
  return Response.json({ bound, open, token: env.RUNTIME_TOKEN });
} }";

/// Answers with its token, at either entrypoint.
const RUNTIME: &str = "
import { WorkerEntrypoint } from 'cloudflare:workers';
export class Runtime extends WorkerEntrypoint { fetch() { return new Response(this.env.RUNTIME_TOKEN); } }
export default Runtime;";

/// The smallest WebAssembly module.
const EMPTY_WASM: &[u8] = b"\0asm\x01\0\0\0";

/// A project laid out like this one, with these three Workers and this one's tools.
pub(crate) fn project(orchestrator: &str) -> (TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let project = project_in(folder.path(), orchestrator);
    (folder, project)
}

/// The same in a folder that is there.
pub(crate) fn project_in(path: &Path, orchestrator: &str) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(
        root.join("node_modules/.bin/workerd").exists(),
        "workerd is not installed; run scripts/setup"
    );
    symlink(root.join("node_modules"), path.join("node_modules")).unwrap();
    fs::create_dir_all(path.join("dashboard/build")).unwrap();
    for (name, code) in [
        ("orchestrator", orchestrator),
        ("caller-worker", CALLER),
        ("runtime-worker", RUNTIME),
    ] {
        let build = path.join(name).join("build");
        fs::create_dir_all(&build).unwrap();
        fs::write(build.join("index.js"), code).unwrap();
        fs::write(build.join("index_bg.wasm"), EMPTY_WASM).unwrap();
    }
    for file in [
        "wrangler.toml",
        "caller-worker/wrangler.toml",
        "runtime-worker/wrangler.toml",
    ] {
        fs::copy(root.join(file), path.join(file)).unwrap();
    }
    Project::at(path).unwrap()
}

/// Processes with `mark` in their environment; each server's has the name of its temporary directory there.
fn processes_with(mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let alive = entries.filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(mark)
    });
    alive
        .map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).replace('\0', " ")
        })
        .collect()
}

/// The schedule of a Worker, and what the platform does for it in production.
#[test]
fn the_schedule_fires_by_request_and_assets_are_served_by_their_names() {
    let orchestrator = "
let fired = [];
export class Coordinator {}
export default {
  scheduled({ cron, scheduledTime }) {
    if (cron === 'bad') throw new Error('no');
    fired.push([cron, Math.abs(Date.now() - scheduledTime) < 60_000]);
  },
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/fired') return Response.json(fired);
    if (pathname === '/health') return new Response('ok');
    return env.ASSETS.fetch(request.url, { redirect: 'manual' });
  },
};";
    let (folder, project) = project(orchestrator);
    let page = folder.path().join("dashboard/build");
    fs::write(page.join("index.html"), "<p>page").unwrap();
    fs::write(page.join("style.css"), "p {}").unwrap();
    fs::create_dir(page.join("icons")).unwrap();
    fs::write(page.join("icons/a.svg"), "<svg/>").unwrap();
    let local = LocalWorkers::start(&LocalOptions::new(project)).unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into();
    let get = |path: &str| {
        let mut answer = agent.get(format!("{}{path}", local.url())).call().unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let named = header("content-type").or(header("location"));
        let body = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), named.unwrap_or_default(), body)
    };
    let text = |status, named: &str, body: &str| (status, named.to_owned(), body.to_owned());
    assert_eq!(get("/"), text(200, "text/html; charset=utf-8", "<p>page"));
    assert_eq!(get("/index.html"), text(307, "/", ""));
    assert_eq!(
        get("/style.css"),
        text(200, "text/css; charset=utf-8", "p {}")
    );
    assert_eq!(get("/icons/a.svg"), text(200, "image/svg+xml", "<svg/>"));
    let long = format!("/{}.css", "a".repeat(2_000));
    for missing in [
        long.as_str(),
        "/no.css",
        "/icons",
        "/icons/",
        "/../wrangler.toml",
        "/%2e%2e/wrangler.toml",
    ] {
        assert_eq!(get(missing).0, 404, "{missing}");
    }
    assert_eq!(get("/cdn-cgi/handler/scheduled?cron=17+*/6+*+*+*").0, 200);
    assert_eq!(get("/cdn-cgi/handler/scheduled?cron=bad").0, 500);
    assert_eq!(get("/fired").2, r#"[["17 */6 * * *",true]]"#);
}

/// The status of the next answer on a connection; its body is as long as it says.
fn status(connection: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut status = String::new();
    connection.read_line(&mut status)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        connection.read_line(&mut header)?;
        let header = header.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    connection.read_exact(&mut vec![0; length])?;
    Ok(status)
}

#[test]
fn a_connection_is_kept_where_a_worker_answers_without_reading_the_body() {
    let orchestrator = "
export class Coordinator {}
export default { fetch: () => new Response('no', { headers: { 'content-length': '2' } }) };";
    let (_folder, project) = project(orchestrator);
    let local = LocalWorkers::start(&LocalOptions::new(project)).unwrap();
    let address = local.url().trim_start_matches("http://").to_owned();
    let mut connection = BufReader::new(TcpStream::connect(&address).unwrap());
    let methods = ["POST", "GET", "DELETE"].into_iter().cycle();
    for (round, method) in methods.take(21).enumerate() {
        let body = "x".repeat(1_000 * round + 1);
        let length = body.len();
        let request = format!(
            "{method} /runs HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let answered = connection
            .get_mut()
            .write_all(request.as_bytes())
            .and_then(|()| status(&mut connection));
        let answered = answered.unwrap_or_else(|error| panic!("request {round}: {error}"));
        assert_eq!(answered, "HTTP/1.1 200 OK\r\n", "request {round}");
    }
}

/// Waits until the kernel has taken killed processes away.
pub(crate) fn assert_none_left(mark: &str) {
    let expires = Instant::now() + Duration::from_secs(20);
    while Instant::now() < expires {
        if processes_with(mark).is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("left behind: {:#?}", processes_with(mark));
}

/// `rpc-latency serve` with temporary files in `temporary`, once it says its address.
fn serving(project: &Project, temporary: &Path) -> Child {
    started(&mut serve_command(project, temporary))
}

/// That command.
pub(crate) fn serve_command(project: &Project, temporary: &Path) -> Command {
    let mut serve = with_default_signals();
    serve
        .args(["serve", "--port", "0", "--project"])
        .arg(project.root())
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    serve
}

/// The command line, ended by the signals that end programs: what started the tests may ignore them, as `nohup` and the background jobs of a
/// shell do, and what is ignored stays ignored.
pub(crate) fn with_default_signals() -> Command {
    let mut command = Command::new("env");
    command
        .arg("--default-signal")
        .arg(env!("CARGO_BIN_EXE_rpc-latency"));
    command
}

/// Starts that command and waits until it says its address.
pub(crate) fn started(command: &mut Command) -> Child {
    let mut serve = command.spawn().unwrap();
    let lines = BufReader::new(serve.stdout.take().unwrap()).lines();
    let address = lines
        .map_while(Result::ok)
        .find(|line| line.contains(r#""event":"serving""#));
    assert!(address.is_some(), "it ended without saying its address");
    serve
}

#[test]
fn three_workers_answer_and_see_their_variables() {
    let (_folder, project) = project(ORCHESTRATOR);
    let mut options = LocalOptions::new(project);
    options
        .orchestrator_variables
        .insert("LOCATIONS".to_owned(), "wnam,weur".to_owned());
    let local = LocalWorkers::start(&options).unwrap();
    let mark = local.directory().display().to_string();
    assert!(
        processes_with(&mark).len() >= 4,
        "{:#?}",
        processes_with(&mark)
    );
    let mut answer = ureq::get(local.url()).call().unwrap();
    let answer: serde_json::Value = answer.body_mut().read_json().unwrap();
    assert_eq!(
        answer,
        serde_json::json!({"limits": "local", "locations": "wnam,weur", "caller": {
            "bound": local.runtime_token(), "open": local.runtime_token(), "token": local.runtime_token(),
        }})
    );
    let directory = local.directory().to_owned();
    drop(local);
    assert_none_left(&mark);
    assert!(!directory.exists());
}

#[test]
fn no_process_is_left_behind_however_the_command_ends() {
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGKILL,
    ] {
        let (_folder, project) = project(ORCHESTRATOR);
        let temporary = tempfile::tempdir().unwrap();
        let mark = temporary.path().display().to_string();
        let mut serve = serving(&project, temporary.path());
        let pid = Pid::from_raw(i32::try_from(serve.id()).unwrap());
        kill(pid, signal).unwrap();
        let status = serve.wait().unwrap();
        assert_none_left(&mark);
        if signal != Signal::SIGKILL {
            assert_eq!(status.code(), Some(0), "{signal}");
            let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
            assert!(left.is_empty(), "{signal}: {left:?}");
        }
    }
}

#[test]
fn an_interrupted_run_stops_its_workers_and_says_so() {
    // Its run never gets ahead.
    let running = fake_orchestrator::status(RunState::Running, 1);
    let orchestrator = format!(
        "export class Coordinator {{}}
        const running = {running:?};
        export default {{ fetch(request) {{
          if (!request.url.endsWith('/events')) return new Response(running, {{ status: 202 }});
          const {{ readable, writable }} = new TransformStream();
          writable.getWriter().write(new TextEncoder().encode(`data: ${{running}}\\n\\n`));
          return new Response(readable);
        }} }}"
    );
    let (_folder, project) = project(&orchestrator);
    let temporary = tempfile::tempdir().unwrap();
    let mark = temporary.path().display().to_string();
    let mut run = with_default_signals()
        .args(["run", "--local", "--project"])
        .arg(project.root())
        .env("TMPDIR", temporary.path())
        .env_remove("RPC_LATENCY_URL")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(i32::try_from(run.id()).unwrap());
    let mut errors = BufReader::new(run.stderr.take().unwrap()).lines();
    let following = errors.find(|line| {
        line.as_ref()
            .is_ok_and(|line| line.starts_with("1 %, round 1: all 36 cells"))
    });
    assert!(following.is_some(), "it ended without following the run");
    kill(pid, Signal::SIGINT).unwrap();
    let told: Vec<String> = errors.map_while(Result::ok).collect();
    assert_eq!(run.wait().unwrap().code(), Some(2), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("error: interrupted")),
        "{told:?}"
    );
    assert_none_left(&mark);
}

#[test]
fn workers_that_do_not_start_show_the_end_of_the_log() {
    let (_folder, project) = project("export default { fetch( { syntax error");
    let mut options = LocalOptions::new(project);
    options.deadline = Duration::from_secs(20);
    let error = LocalWorkers::start(&options).unwrap_err().to_string();
    assert!(error.starts_with("workerd ended by itself"), "{error}");
    assert!(
        error.contains("worker:worker-rpc-latency: Uncaught SyntaxError")
            && error.contains("index.js:1"),
        "{error}"
    );
}

#[test]
fn workers_that_answer_with_errors_show_what_they_answer() {
    let (_folder, project) = project(
        "export class Coordinator {} export default { fetch() { return new Response('no', { status: 503 }); } }",
    );
    let mut options = LocalOptions::new(project);
    options.deadline = Duration::from_secs(20);
    let error = LocalWorkers::start(&options).unwrap_err().to_string();
    assert!(
        error.contains("/health did not answer 200 (") && error.contains("503"),
        "{error}"
    );
}

#[test]
fn workers_that_say_what_is_wrong_with_them_are_not_waited_for() {
    let (_folder, project) = project(
        r#"const problem = { type: "about:blank", title: "Service Unavailable", status: 503, detail: "the variable KEEP_RUNS is wrong" };
        export class Coordinator {}
        export default { fetch: () => Response.json(problem, { status: 503 }) };"#,
    );
    // The deadline is a minute and a half: waited for, this would say so.
    let error = LocalWorkers::start(&LocalOptions::new(project)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Workers cannot be used: the variable KEEP_RUNS is wrong"
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (_folder, project) = project(ORCHESTRATOR);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = LocalOptions::new(project);
    options.port = Some(other.local_addr().unwrap().port());
    let error = LocalWorkers::start(&options).unwrap_err().to_string();
    assert!(
        error.contains("is taken") && error.contains("--port"),
        "{error}"
    );
}

#[test]
fn what_is_not_built_is_named_with_the_script_that_builds_it() {
    let (folder, project) = project(ORCHESTRATOR);
    fs::remove_dir_all(folder.path().join("caller-worker/build")).unwrap();
    let error = LocalWorkers::start(&LocalOptions::new(project))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("caller-worker/build is missing") && error.contains("run scripts/build"),
        "{error}"
    );
}
