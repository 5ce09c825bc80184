use super::*;

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn a_project_is_found_from_any_folder_in_it() {
    let project = Project::around(&checkout().join("cli/src/local")).unwrap();
    assert_eq!(project.root(), checkout());
}

#[test]
fn elsewhere_there_is_none_and_the_error_says_what_to_do() {
    let error = Project::around(Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("--project"), "{error}");
}

#[test]
fn a_function_that_was_edited_after_the_build_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    };
    for file in CONFIGURATIONS {
        write(file);
    }
    write("snake-runtime/functions/transform.py");
    write("snake-runtime/build/index.js");
    write("snake-runtime/build/.built-from");
    let (project, runtime) = (Project::at(root).unwrap(), "snake".parse().unwrap());
    let built = root.join("snake-runtime/build");
    project.is_fresh_runtime(&built, runtime).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let edited = fs::File::options()
        .append(true)
        .open(root.join("snake-runtime/functions/transform.py"))
        .unwrap();
    edited.set_modified(later).unwrap();
    let error = project.is_fresh_runtime(&built, runtime).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("transform.py is newer") && error.ends_with("--runtimes native,snake"),
        "{error}"
    );
}

#[test]
fn what_is_not_built_names_the_script_that_builds_it() {
    let project = Project::at(checkout()).unwrap();
    let error = project
        .built("caller-worker/no-such-build", Build::TestFunctions)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("run scripts/build --test-functions"),
        "{error}"
    );
}
