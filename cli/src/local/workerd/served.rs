//! What plain workerd needs to know of a Worker, from its wrangler configuration.

use super::{
    ServingError, file_error,
    modules::{self, Module},
};
use crate::local::{driven::configuration::Configuration, staging::Variables};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The file beside a staged configuration with variables that override its own, a JSON object of texts.
pub(in crate::local) const VARIABLES: &str = "variables.json";

/// Fields that bind what plain workerd does not have.
const NOT_SERVED: [&str; 22] = [
    "ai",
    "analytics_engine_datasets",
    "browser",
    "containers",
    "d1_databases",
    "data_blobs",
    "dispatch_namespaces",
    "hyperdrive",
    "images",
    "kv_namespaces",
    "mtls_certificates",
    "pipelines",
    "queues",
    "r2_buckets",
    "ratelimits",
    "secrets_store_secrets",
    "send_email",
    "site",
    "text_blobs",
    "vectorize",
    "wasm_modules",
    "workflows",
];

/// A Worker that can be served.
#[derive(Debug)]
pub(in crate::local) struct ServedWorker {
    pub(super) name: String,
    pub(super) compatibility_date: String,
    pub(super) compatibility_flags: Vec<String>,
    pub(super) modules: Vec<Module>,
    pub(super) bindings: Vec<(String, Binding)>,
    pub(super) classes: Vec<Class>,
    /// The folder of its static assets.
    pub(super) assets: Option<PathBuf>,
}

/// What a name in a Worker's `env` is.
#[derive(Debug, PartialEq)]
pub(super) enum Binding {
    Text(String),
    Json(Value),
    Service {
        worker: String,
        entrypoint: Option<String>,
    },
    /// Durable Objects of a class, of another Worker if one is named.
    Class {
        class: String,
        worker: Option<String>,
    },
    Assets,
    Loader,
}

/// A class of Durable Objects.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) has_sqlite: bool,
}

/// The fields of a configuration that are looked at.
#[derive(Deserialize)]
struct Fields {
    compatibility_date: String,
    #[serde(default)]
    compatibility_flags: Vec<String>,
    #[serde(default)]
    vars: BTreeMap<String, Value>,
    #[serde(default)]
    services: Vec<ServiceField>,
    #[serde(default)]
    durable_objects: DurableObjectsField,
    #[serde(default)]
    migrations: Vec<MigrationField>,
    assets: Option<AssetsField>,
    version_metadata: Option<NamedField>,
    #[serde(default)]
    worker_loaders: Vec<NamedField>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct ServiceField {
    binding: String,
    service: String,
    entrypoint: Option<String>,
}

#[derive(Default, Deserialize)]
struct DurableObjectsField {
    #[serde(default)]
    bindings: Vec<ClassField>,
}

#[derive(Deserialize)]
struct ClassField {
    name: String,
    class_name: String,
    script_name: Option<String>,
}

#[derive(Deserialize)]
struct MigrationField {
    #[serde(default)]
    new_sqlite_classes: Vec<String>,
}

#[derive(Deserialize)]
struct AssetsField {
    directory: PathBuf,
    binding: Option<String>,
    run_worker_first: Option<Value>,
}

#[derive(Deserialize)]
struct NamedField {
    binding: String,
}

impl ServedWorker {
    /// Reads the configuration `file` below `directory`, and [`VARIABLES`] beside it.
    pub(super) fn read(directory: &Path, file: &str) -> Result<Self, ServingError> {
        let path = directory.join(file);
        let configuration = Configuration::read(&path)?;
        let fields: Fields = serde_json::from_value(configuration.to_value()).map_err(|error| {
            ServingError::Field {
                path: path.clone(),
                why: error.to_string(),
            }
        })?;
        refuse_what_is_not_served(&fields, &path)?;
        let overrides = variables_beside(&path)?;
        let modules = modules::around(Path::new(configuration.text("main")), directory)?;
        Ok(Self {
            name: configuration.text("name").to_owned(),
            bindings: bindings(&fields, overrides),
            classes: classes(&fields),
            assets: fields.assets.map(|assets| assets.directory),
            compatibility_date: fields.compatibility_date,
            compatibility_flags: fields.compatibility_flags,
            modules,
        })
    }
}

fn refuse_what_is_not_served(fields: &Fields, path: &Path) -> Result<(), ServingError> {
    let refuse = |field: &str| {
        Err(ServingError::NotServed {
            path: path.to_owned(),
            field: field.to_owned(),
        })
    };
    // An empty list binds nothing.
    let binds = |field: &&&str| {
        fields.others.get(**field).is_some_and(|value| {
            !value.as_array().is_some_and(Vec::is_empty)
                && !value.as_object().is_some_and(Map::is_empty)
        })
    };
    if let Some(field) = NOT_SERVED.iter().find(binds) {
        return refuse(field);
    }
    match &fields.assets {
        Some(assets) if assets.run_worker_first != Some(Value::Bool(true)) => {
            refuse("assets without run_worker_first = true")
        }
        _ => Ok(()),
    }
}

fn bindings(fields: &Fields, overrides: Variables) -> Vec<(String, Binding)> {
    let own = fields.vars.iter().map(|(name, value)| {
        let binding = match value {
            Value::String(text) => Binding::Text(text.clone()),
            other => Binding::Json(other.clone()),
        };
        (name.clone(), binding)
    });
    let overriding = overrides
        .into_iter()
        .map(|(name, value)| (name, Binding::Text(value)));
    let variables: BTreeMap<String, Binding> = own.chain(overriding).collect();
    let services = fields.services.iter().map(|field| {
        let binding = Binding::Service {
            worker: field.service.clone(),
            entrypoint: field.entrypoint.clone(),
        };
        (field.binding.clone(), binding)
    });
    let objects = fields.durable_objects.bindings.iter().map(|field| {
        let binding = Binding::Class {
            class: field.class_name.clone(),
            worker: field.script_name.clone(),
        };
        (field.name.clone(), binding)
    });
    let assets = fields.assets.iter();
    let assets = assets.filter_map(|assets| Some((assets.binding.clone()?, Binding::Assets)));
    // What is served here has not been deployed.
    let version = fields.version_metadata.iter().map(|field| {
        let metadata = json!({"id": "local", "tag": "", "timestamp": ""});
        (field.binding.clone(), Binding::Json(metadata))
    });
    let loaders = fields
        .worker_loaders
        .iter()
        .map(|field| (field.binding.clone(), Binding::Loader));
    let variables = variables.into_iter();
    let all = variables.chain(services).chain(objects);
    all.chain(assets).chain(version).chain(loaders).collect()
}

/// The classes that the Worker's own bindings name.
fn classes(fields: &Fields) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    for field in &fields.durable_objects.bindings {
        let is_known = classes.iter().any(|class| class.name == field.class_name);
        if field.script_name.is_none() && !is_known {
            let has = |migration: &MigrationField| {
                migration.new_sqlite_classes.contains(&field.class_name)
            };
            classes.push(Class {
                name: field.class_name.clone(),
                has_sqlite: fields.migrations.iter().any(has),
            });
        }
    }
    classes
}

fn variables_beside(path: &Path) -> Result<Variables, ServingError> {
    let path = path.with_file_name(VARIABLES);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Variables::new()),
        Err(source) => return Err(file_error(&path, source)),
    };
    serde_json::from_str(&text).map_err(|error| ServingError::Field {
        path,
        why: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
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
}
