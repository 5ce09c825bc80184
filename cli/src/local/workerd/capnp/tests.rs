use super::{super::modules, *};
use serde_json::json;

fn worker(name: &str, bindings: Vec<(&str, Binding)>) -> ServedWorker {
    let directory = tempfile::tempdir().unwrap();
    let build = directory.path().join("w");
    std::fs::create_dir(&build).unwrap();
    for file in ["index.js", "index_bg.wasm", "library.bin", "sources.txt"] {
        std::fs::write(build.join(file), "").unwrap();
    }
    ServedWorker {
        name: name.to_owned(),
        compatibility_date: "2026-07-01".to_owned(),
        compatibility_flags: vec!["a_flag".to_owned()],
        modules: modules::around(&build.join("index.js"), directory.path()).unwrap(),
        bindings: bindings
            .into_iter()
            .map(|(name, binding)| (name.to_owned(), binding))
            .collect(),
        classes: Vec::new(),
        assets: None,
    }
}

fn service(worker: &str, entrypoint: Option<&str>) -> Binding {
    Binding::Service {
        worker: worker.to_owned(),
        entrypoint: entrypoint.map(str::to_owned),
    }
}

#[test]
fn workerd_gets_every_module_binding_class_and_socket() {
    let mut first = worker(
        "first",
        vec![
            ("TEXT", Binding::Text("\u{fc} \"q\"\n\\".to_owned())),
            ("NUMBER", Binding::Json(json!(12))),
            ("SECOND", service("second", Some("Runtime"))),
            ("GONE", service("third", Some("Runtime"))),
            (
                "OBJECTS",
                Binding::Class {
                    class: "Coordinator".to_owned(),
                    worker: None,
                },
            ),
            ("ASSETS", Binding::Assets),
            ("LOADER", Binding::Loader),
        ],
    );
    first.classes.push(Class {
        name: "Coordinator".to_owned(),
        has_sqlite: true,
    });
    first.assets = Some("/the page".into());
    let workers = [first, worker("second", Vec::new())];
    let text = text(&Layout {
        front: Some("first"),
        sockets: vec![Socket {
            name: "front",
            port: 8787,
            service: FRONT.to_owned(),
            reached: Reached::ByAnyone,
        }],
        workers: &workers,
        elsewhere: &[Elsewhere {
            name: "native-runtime-apart".to_owned(),
            url: "http://127.0.0.1:4567".to_owned(),
        }],
        storage: Some(Path::new("/state")),
        v8_flags: &["--expose-gc"],
        trusted: vec!["PEM".to_owned()],
    });
    for part in [
        r#"(name = "index.js", esModule = embed "w/index.js"), (name = "index_bg.wasm", wasm = embed "w/index_bg.wasm")"#,
        r#"(name = "library.bin", data = embed "w/library.bin"), (name = "sources.txt", text = embed "w/sources.txt")"#,
        r#"(name = "TEXT", text = "\xc3\xbc \"q\"\x0a\\")"#,
        r#"(name = "NUMBER", json = "12")"#,
        r#"(name = "SECOND", service = (name = "worker:second", entrypoint = "Runtime"))"#,
        r#"(name = "worker:third", worker = .missing0)"#,
        r#"(name = "worker:native-runtime-apart", external = (address = "127.0.0.1:4567", http = (capnpConnectHost = "rpc.internal")))"#,
        r#"export { Missing as \"Runtime\" };"#,
        r#"(name = "OBJECTS", durableObjectNamespace = "Coordinator")"#,
        r#"(className = "Coordinator", uniqueKey = "first-Coordinator", enableSql = true)"#,
        r#"durableObjectStorage = (localDisk = "storage")"#,
        r#"(name = "storage", disk = (path = "/state", writable = true))"#,
        r#"(name = "ASSETS", service = "assets:first")"#,
        r#"(name = "files:first", disk = (path = "/the page", writable = false))"#,
        r#"(name = "LOADER", workerLoader = ())"#,
        r#"(name = "front", address = "127.0.0.1:8787", http = (), service = "front")"#,
        r#"(name = "WORKER", service = "worker:first")"#,
        r#"trustedCertificates = ["PEM"]"#,
        r#"compatibilityFlags = ["a_flag"]"#,
        r#"v8Flags = ["--expose-gc"]"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_socket_of_a_named_entrypoint_takes_calls_by_rpc_from_other_processes() {
    let text = text(&Layout {
        front: None,
        sockets: vec![Socket {
            name: "runtime-worker/wrangler.toml",
            port: 0,
            service: service_of("runtime-worker"),
            reached: Reached::ByBindings(Some("Runtime")),
        }],
        workers: &[],
        elsewhere: &[],
        storage: None,
        v8_flags: &[],
        trusted: Vec::new(),
    });
    let socket = r#"(name = "runtime-worker/wrangler.toml", address = "127.0.0.1:0", http = (capnpConnectHost = "rpc.internal"), service = (name = "worker:runtime-worker", entrypoint = "Runtime"))"#;
    assert!(text.contains(socket), "{text}");
}
