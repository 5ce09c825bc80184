use super::*;

fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.js"), "").unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn a_configuration_means_the_same_in_another_folder() {
    for (name, text) in [
        (
            "wrangler.toml",
            "name = \"w\"\nmain = \"index.js\"\n[vars]\nA = 1\n",
        ),
        (
            "wrangler.json",
            "{\"name\":\"w\",\"main\":\"index.js\",\"vars\":{\"A\":1}}",
        ),
    ] {
        let (folder, path) = written(name, text);
        let json: Value =
            serde_json::from_str(&Configuration::read(&path).unwrap().to_json()).unwrap();
        assert_eq!(
            json["main"],
            json!(folder.path().join("index.js")),
            "{name}"
        );
        assert_eq!(
            (&json["name"], &json["vars"]),
            (&json!("w"), &json!({"A": 1}))
        );
    }
}

#[test]
fn a_binding_is_added_once_and_never_to_two_workers() {
    let (_folder, path) = written(
        "wrangler.toml",
        "name = \"w\"\nmain = \"index.js\"\n[[services]]\nbinding = \"A\"\nservice = \"a\"\n",
    );
    let mut configuration = Configuration::read(&path).unwrap();
    configuration.bind("A", "a", None).unwrap();
    configuration.bind("B", "b", Some("Entry")).unwrap();
    configuration.bind("B", "b", Some("Entry")).unwrap();
    let json: Value = serde_json::from_str(&configuration.to_json()).unwrap();
    assert_eq!(
        json["services"],
        json!([{"binding": "A", "service": "a"}, {"binding": "B", "service": "b", "entrypoint": "Entry"}])
    );
    let error = configuration
        .bind("A", "other", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("w: the service binding A is bound to a already"),
        "{error}"
    );
}

#[test]
fn secrets_are_kept_but_for_the_token() {
    let (folder, path) = written("wrangler.toml", "name = \"w\"\nmain = \"index.js\"\n");
    fs::write(
        folder.path().join(".dev.vars"),
        "# a comment\nKEY=1\nexport QUOTED=\"a b\"\nRUNTIME_TOKEN=old\n",
    )
    .unwrap();
    let secrets = Configuration::read(&path).unwrap().secrets("new").unwrap();
    let expected = [("KEY", "1"), ("QUOTED", "a b"), ("RUNTIME_TOKEN", "new")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(secrets, Variables::from(expected));
    fs::write(folder.path().join(".dev.vars"), "KEY='1\n").unwrap();
    let error = Configuration::read(&path).unwrap().secrets("new");
    let error = error.unwrap_err().to_string();
    assert!(error.contains(".dev.vars"), "{error}");
}

#[test]
fn what_is_wrong_with_a_configuration_names_the_file_and_the_field() {
    let error = |name: &str, text: &str| {
        let (_folder, path) = written(name, text);
        let error = Configuration::read(&path).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        error
    };
    assert!(error("wrangler.toml", "name = ").contains("line 1"));
    assert!(error("wrangler.toml", "main = \"index.js\"").contains("`name`"));
    assert!(error("wrangler.toml", "name = \"w\"").contains("`main`"));
    assert!(error("wrangler.json", "// {}").contains("comments"));
    assert!(error("worker.yaml", "").contains("neither"));
    assert!(
        error("wrangler.toml", "name = \"w\"\nmain = \"build/x.js\"")
            .contains("build the Worker first")
    );
    let missing = Configuration::read(Path::new("no-such/wrangler.toml")).unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
}
