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
mod tests;
