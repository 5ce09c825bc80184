use super::*;

const CONFIGURATION: &str = r#"
name = "w"
main = "index.js"
compatibility_date = "2026-07-01"
compatibility_flags = ["a_flag"]
workers_dev = false
kv_namespaces = []

[assets]
directory = "page"
binding = "ASSETS"
run_worker_first = true

[[services]]
binding = "OTHER"
service = "other"
entrypoint = "Runtime"

[[durable_objects.bindings]]
name = "OBJECTS"
class_name = "Coordinator"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["Coordinator"]

[version_metadata]
binding = "VERSION"

[[worker_loaders]]
binding = "LOADER"

[vars]
A = "a"
B = "b"
N = 12
"#;

fn read(configuration: &str) -> Result<ServedWorker, ServingError> {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("index.js", "");
    write("wrangler.toml", configuration);
    write(
        VARIABLES,
        r#"{"B": "from outside", "TOKEN": "both ' and `"}"#,
    );
    ServedWorker::read(directory.path(), "wrangler.toml")
}

#[test]
fn a_configuration_is_served_with_the_variables_beside_it() {
    let worker = read(CONFIGURATION).unwrap();
    let text = |text: &str| Binding::Text(text.to_owned());
    let expected = [
        ("A", text("a")),
        ("B", text("from outside")),
        ("N", Binding::Json(json!(12))),
        ("TOKEN", text("both ' and `")),
        (
            "OTHER",
            Binding::Service {
                worker: "other".to_owned(),
                entrypoint: Some("Runtime".to_owned()),
            },
        ),
        (
            "OBJECTS",
            Binding::Class {
                class: "Coordinator".to_owned(),
                worker: None,
            },
        ),
        ("ASSETS", Binding::Assets),
        (
            "VERSION",
            Binding::Json(json!({"id": "local", "tag": "", "timestamp": ""})),
        ),
        ("LOADER", Binding::Loader),
    ];
    let expected: Vec<(String, Binding)> = expected
        .into_iter()
        .map(|(name, binding)| (name.to_owned(), binding))
        .collect();
    assert_eq!(worker.bindings, expected);
    let class = Class {
        name: "Coordinator".to_owned(),
        has_sqlite: true,
    };
    assert_eq!(worker.classes, [class]);
    assert!(worker.assets.unwrap().ends_with("page"));
    assert_eq!(worker.compatibility_flags, ["a_flag"]);
}

#[test]
fn what_workerd_does_not_have_is_refused_by_its_name() {
    for (wanted, replacement, named) in [
        (
            "kv_namespaces = []",
            "kv_namespaces = [{ binding = \"KV\", id = \"1\" }]",
            "`kv_namespaces` is not served",
        ),
        (
            "kv_namespaces = []",
            "browser = { binding = \"BROWSER\" }",
            "`browser` is not served",
        ),
        (
            "run_worker_first = true",
            "run_worker_first = false",
            "`assets without run_worker_first = true` is not served",
        ),
        (
            "compatibility_date = \"2026-07-01\"",
            "",
            "missing field `compatibility_date`",
        ),
    ] {
        let configuration = CONFIGURATION.replace(wanted, replacement);
        let error = read(&configuration).unwrap_err().to_string();
        assert!(
            error.contains("wrangler.toml") && error.contains(named),
            "{error}"
        );
    }
}
