//! A Worker's configuration file, read as wrangler reads it and written anew for another folder.

#[cfg(test)]
mod tests;

use super::super::staging::Variables;
use serde_json::{Map, Value, json};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why a configuration cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It could not be read.
    #[error(
        "{path} cannot be read; name the wrangler.toml or wrangler.json of a Worker, with --config where it is checked"
    )]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not in its format.
    #[error("{path}: {why}")]
    Format {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It lacks a field, or has one of another kind.
    #[error("{path}: `{field}` must be there, a text")]
    Field {
        /// Which file.
        path: PathBuf,
        /// Which field.
        field: &'static str,
    },
    /// The Worker is not there.
    #[error("{path}: `main` is {main}, and there is no such file; build the Worker first")]
    NotBuilt {
        /// Which file.
        path: PathBuf,
        /// Where the Worker should be.
        main: PathBuf,
    },
    /// `services` is no list.
    #[error("the Worker {name}: `services` must be a list of tables")]
    Services {
        /// Which Worker.
        name: String,
    },
    /// A binding is there already, to another Worker.
    #[error(
        "the Worker {name}: the service binding {binding} is bound to {bound} already, not to {service}: remove one of the two"
    )]
    Bound {
        /// Which Worker.
        name: String,
        /// The binding.
        binding: String,
        /// Where it leads.
        bound: String,
        /// Where it should.
        service: String,
    },
}

/// Fields that hold paths relative to the file.
const PATHS: [&str; 3] = ["main", "base_dir", "tsconfig"];

/// A configuration that was read.
#[derive(Clone, Debug)]
pub(in crate::local) struct Configuration {
    fields: Map<String, Value>,
    file: PathBuf,
    folder: PathBuf,
}

impl Configuration {
    /// Reads the file of a Worker that is built.
    pub(in crate::local) fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let read = Self::read_unbuilt(path)?;
        let main = PathBuf::from(read.text("main"));
        if main.is_file() {
            return Ok(read);
        }
        Err(ConfigurationError::NotBuilt {
            path: path.to_owned(),
            main,
        })
    }

    /// Reads a file, TOML or JSON by its name.
    pub(in crate::local) fn read_unbuilt(path: &Path) -> Result<Self, ConfigurationError> {
        let format = |why: String| ConfigurationError::Format {
            path: path.to_owned(),
            why,
        };
        let path_error = |source| ConfigurationError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let text = fs::read_to_string(path).map_err(path_error)?;
        let value: Value = match path.extension().and_then(|kind| kind.to_str()) {
            Some("toml") => toml::from_str(&text).map_err(|error| format(error.to_string()))?,
            Some("json" | "jsonc") => serde_json::from_str(&text).map_err(|error| {
                format(format!(
                    "{error} (comments are not read here; use wrangler.toml)"
                ))
            })?,
            _ => return Err(format("neither .toml nor .json".to_owned())),
        };
        let Value::Object(mut fields) = value else {
            return Err(format("not an object".to_owned()));
        };
        let whole = std::path::absolute(path).map_err(path_error)?;
        let folder = whole.parent().unwrap_or(&whole).to_owned();
        for field in ["name", "main"] {
            if !fields.get(field).is_some_and(Value::is_string) {
                return Err(ConfigurationError::Field {
                    path: path.to_owned(),
                    field,
                });
            }
        }
        for field in PATHS {
            if let Some(Value::String(relative)) = fields.get_mut(field) {
                *relative = folder.join(&*relative).to_string_lossy().into_owned();
            }
        }
        if let Some(Value::String(relative)) = fields
            .get_mut("assets")
            .and_then(|assets| assets.get_mut("directory"))
        {
            *relative = folder.join(&*relative).to_string_lossy().into_owned();
        }
        Ok(Self {
            fields,
            file: path.to_owned(),
            folder,
        })
    }

    /// Adds a service binding, to a named entrypoint if one is given.
    pub(in crate::local) fn bind(
        &mut self,
        binding: &str,
        service: &str,
        entrypoint: Option<&str>,
    ) -> Result<(), ConfigurationError> {
        let mut added = json!({"binding": binding, "service": service});
        if let Some(entrypoint) = entrypoint {
            added["entrypoint"] = entrypoint.into();
        }
        let services = self.fields.entry("services").or_insert_with(|| json!([]));
        let Some(services) = services.as_array_mut() else {
            return Err(ConfigurationError::Services {
                name: self.text("name").to_owned(),
            });
        };
        let Some(known) = services.iter().find(|known| known["binding"] == binding) else {
            services.push(added);
            return Ok(());
        };
        if *known == added {
            return Ok(());
        }
        let bound = known["service"].as_str().unwrap_or_default().to_owned();
        Err(ConfigurationError::Bound {
            name: self.text("name").to_owned(),
            binding: binding.to_owned(),
            bound,
            service: service.to_owned(),
        })
    }

    /// Sets a variable of the Worker.
    pub(in crate::local) fn set_variable(&mut self, name: &str, value: &str) {
        let variables = self.fields.entry("vars").or_insert_with(|| json!({}));
        if let Some(variables) = variables.as_object_mut() {
            variables.insert(name.to_owned(), value.into());
        }
    }

    /// As wrangler reads it in any folder.
    pub(in crate::local) fn to_json(&self) -> String {
        Value::Object(self.fields.clone()).to_string()
    }

    /// The same as a JSON object.
    pub(in crate::local) fn to_value(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// The file that was read.
    pub(in crate::local) fn file(&self) -> &Path {
        &self.file
    }

    /// Whether wrangler is to bundle the Worker.
    pub(in crate::local) fn is_bundled(&self) -> bool {
        self.fields.get("no_bundle") != Some(&Value::Bool(true))
    }

    /// Names another main module, and says that nothing is to be bundled any more.
    pub(in crate::local) fn set_main(&mut self, main: &Path) {
        let main = main.to_string_lossy().into_owned();
        self.fields.insert("main".to_owned(), main.into());
        self.fields.insert("no_bundle".to_owned(), true.into());
    }

    /// Its secrets: those of `.dev.vars` beside the file, with `token` as `RUNTIME_TOKEN`.
    pub(in crate::local) fn secrets(&self, token: &str) -> Result<Variables, ConfigurationError> {
        let path = self.folder.join(".dev.vars");
        let mut secrets = Variables::new();
        if path.is_file() {
            let wrong = |error: dotenvy::Error| ConfigurationError::Format {
                path: path.clone(),
                why: error.to_string(),
            };
            for secret in dotenvy::from_path_iter(&path).map_err(wrong)? {
                let (name, value) = secret.map_err(wrong)?;
                secrets.insert(name, value);
            }
        }
        secrets.insert("RUNTIME_TOKEN".to_owned(), token.to_owned());
        Ok(secrets)
    }

    /// A field that is a text; an empty one where it is not.
    pub(in crate::local) fn text(&self, field: &str) -> &str {
        self.fields
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The configuration of the Worker that drives this one. It reads the same compatibility date: two Workers that differ in it would be no pair.
pub(super) fn of_driver(driven: &Configuration, entrypoint: Option<&str>) -> String {
    let service = driven.text("name");
    let mut bound = json!({"binding": "DRIVEN", "service": service});
    if let Some(entrypoint) = entrypoint {
        bound["entrypoint"] = entrypoint.into();
    }
    json!({
        "name": "rpc-latency-check",
        "main": "driver.js",
        "compatibility_date": driven.text("compatibility_date"),
        "services": [bound, {"binding": "PUBLIC", "service": service}],
    })
    .to_string()
}
