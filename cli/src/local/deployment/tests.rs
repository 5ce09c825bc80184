use super::*;
use serde_json::{Value, json};

fn checkout() -> Project {
    Project::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn chosen(names: &[&str]) -> Chosen {
    Chosen {
        runtimes: names.iter().map(|name| name.parse().unwrap()).collect(),
        ..Chosen::default()
    }
}

fn written(deployed: &[Deployed], role: Role) -> Value {
    let file = &deployed.iter().find(|one| one.role == role).unwrap().file;
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn the_native_runtime_alone_is_deployed_by_the_committed_files() {
    let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
    let deployed = configure(&project, &chosen(&["native"]), folder.path()).unwrap();
    let files: Vec<&Path> = deployed
        .iter()
        .map(|one| one.file.strip_prefix(project.root()).unwrap())
        .collect();
    assert_eq!(
        files,
        [
            "runtime-worker/wrangler.toml",
            "caller-worker/wrangler.toml",
            "wrangler.toml"
        ]
        .map(Path::new)
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn python_is_bound_delegated_and_inlined_and_each_worker_comes_after_those_that_it_binds() {
    let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
    let deployed = configure(&project, &chosen(&["native", "pyodide"]), folder.path()).unwrap();
    let roles: Vec<String> = deployed.iter().map(|one| one.role.to_string()).collect();
    assert_eq!(
        roles,
        [
            "runtime RUNTIME_URL",
            "runtime PYODIDE_RUNTIME_URL",
            "caller -",
            "inlining CALLER_PYODIDE",
            "orchestrator -"
        ]
    );
    let caller = written(&deployed, Role::Caller);
    assert_eq!(
        caller["main"],
        json!(project.root().join("caller-worker/build/index.js"))
    );
    let bound = json!({"binding": "RUNTIME_PYODIDE", "service": "worker-rpc-latency-pyodide", "entrypoint": "Runtime"});
    assert!(
        caller["services"].as_array().unwrap().contains(&bound),
        "{caller}"
    );
    let orchestrator = written(&deployed, Role::Orchestrator);
    let bound =
        json!({"binding": "CALLER_PYODIDE", "service": "worker-rpc-latency-pyodide-caller"});
    assert!(
        orchestrator["services"]
            .as_array()
            .unwrap()
            .contains(&bound),
        "{orchestrator}"
    );
    assert_eq!(
        orchestrator["triggers"]["crons"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        orchestrator["assets"]["directory"],
        json!(project.root().join("dashboard/build"))
    );
}

#[test]
fn cold_starts_are_deployed_before_the_orchestrator_which_binds_them() {
    let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
    let chosen = Chosen {
        cold_starts: true,
        ..chosen(&["native"])
    };
    let deployed = configure(&project, &chosen, folder.path()).unwrap();
    let roles: Vec<String> = deployed.iter().map(|one| one.role.to_string()).collect();
    assert_eq!(
        roles,
        [
            "runtime RUNTIME_URL",
            "caller -",
            "cold-starts COLD",
            "orchestrator -"
        ]
    );
    let orchestrator = written(&deployed, Role::Orchestrator);
    let bound = json!({"binding": "COLD", "service": "worker-rpc-latency-cold"});
    let services = orchestrator["services"].as_array().unwrap();
    assert!(services.contains(&bound), "{orchestrator}");
}

#[test]
fn a_runtime_of_others_is_bound_and_not_deployed_and_an_unknown_one_is_refused_with_the_way_out() {
    let (folder, project) = (tempfile::tempdir().unwrap(), checkout());
    let none = configure(&project, &chosen(&["other"]), folder.path());
    let none = none.unwrap_err().to_string();
    assert!(none.contains("--runtime-config other="), "{none}");
    let file = project
        .root()
        .join("e2e/workers/foreign-runtime/wrangler.toml");
    let (other, address) = ("other".parse().unwrap(), "https://other.example.com");
    let chosen = Chosen {
        others: RuntimeConfigurations::from([(other, file)]),
        addresses: RuntimeAddresses::from([(other, address.to_owned())]),
        ..chosen(&["other"])
    };
    let deployed = configure(&project, &chosen, folder.path()).unwrap();
    assert_eq!(deployed.len(), 3, "{deployed:?}");
    let caller = written(&deployed, Role::Caller);
    assert_eq!(
        caller["services"][1]["service"], "foreign-runtime",
        "{caller}"
    );
    assert_eq!(caller["vars"]["OTHER_RUNTIME_URL"], address, "{caller}");
}
