//! The modules of a Worker that lies anywhere, in a folder of the served directory.

use super::{ServingError, VARIABLES, file_error, modules, write};
use crate::local::{
    StartError,
    driven::configuration::Configuration,
    environment,
    process_group::{ProcessGroup, Server},
    project::Project,
    readiness,
    staging::Variables,
};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Pause between two looks at wrangler.
const PAUSE: Duration = Duration::from_millis(50);

/// Lays out the Worker of `configuration` in `folder` of `directory`: its modules, bundled by wrangler as they are for a deployment unless `no_bundle` is set, its
/// `variables`, and a configuration that serves it, whose path below `directory` is returned.
///
/// # Errors
/// [`StartError`]: a file cannot be read or written, or wrangler cannot bundle it before the time `expires`.
pub(in crate::local) fn bundle(
    project: &Project,
    directory: &Path,
    folder: &str,
    mut configuration: Configuration,
    variables: &Variables,
    expires: Instant,
) -> Result<String, StartError> {
    let place = directory.join(folder);
    let modules = place.join("modules");
    fs::create_dir_all(&modules).map_err(|source| file_error(&modules, source))?;
    let main = PathBuf::from(configuration.text("main"));
    let main = if configuration.is_bundled() {
        by_wrangler(project, directory, &place, &configuration, expires)?;
        main.with_extension("js")
    } else {
        copy_modules(&main, &modules)?;
        main
    };
    let name = main.file_name().unwrap_or_default();
    configuration.set_main(&modules.join(name));
    let file = format!("{folder}/wrangler.json");
    write(&directory.join(&file), &configuration.to_json())?;
    let variables = serde_json::json!(variables).to_string();
    write(&place.join(VARIABLES), &variables)?;
    Ok(file)
}

fn copy_modules(main: &Path, to: &Path) -> Result<(), ServingError> {
    let from = main.parent().unwrap_or(main);
    for file in modules::files(from)? {
        let copy = to.join(file.strip_prefix(from).unwrap_or(&file));
        let copied = match copy.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::copy(&file, &copy)),
            None => Err(io::ErrorKind::InvalidInput.into()),
        };
        copied.map_err(|source| file_error(&file, source))?;
    }
    Ok(())
}

/// `wrangler deploy --dry-run` writes what it would deploy.
fn by_wrangler(
    project: &Project,
    directory: &Path,
    place: &Path,
    configuration: &Configuration,
    expires: Instant,
) -> Result<(), StartError> {
    let file = place.join("original.json");
    write(&file, &configuration.to_json())?;
    let mut wrangler = ProcessGroup::start(Server {
        name: "wrangler deploy --dry-run",
        program: &project.tool("wrangler")?,
        arguments: vec![
            "deploy".into(),
            "--dry-run".into(),
            "--outdir".into(),
            place.join("modules").into(),
            "--config".into(),
            file.into(),
        ],
        directory,
        environment: environment::of_servers(directory, project, |name| env::var_os(name))?,
        log: place.join("bundle.log"),
    })?;
    loop {
        match wrangler.ended() {
            Some(status) if status.success() => return Ok(()),
            None if Instant::now() < expires => thread::sleep(PAUSE),
            _ => {
                return Err(ServingError::Bundle {
                    path: configuration.file().to_owned(),
                    tail: readiness::tail(&wrangler.log()),
                }
                .into());
            }
        }
    }
}
