//! Configurations of Workers with bindings that the committed ones do not have.

use serde::Deserialize;

/// Why a configuration could not be completed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// It is not what wrangler would accept.
    #[error(transparent)]
    Toml(Box<toml::de::Error>),
    /// The binding is there already, to another Worker.
    #[error(
        "the service binding {binding} is bound to {bound} already, not to {service}: remove one of the two"
    )]
    Bound {
        /// The binding.
        binding: String,
        /// Where it leads.
        bound: String,
        /// Where it should.
        service: String,
    },
}

/// What is looked at.
#[derive(Deserialize)]
struct Worker {
    name: String,
    #[serde(default)]
    services: Vec<Service>,
}

#[derive(Deserialize)]
struct Service {
    binding: String,
    service: String,
}

fn read(text: &str) -> Result<Worker, ConfigurationError> {
    toml::from_str(text).map_err(|error| ConfigurationError::Toml(Box::new(error)))
}

/// The name that a configuration gives its Worker.
///
/// # Errors
/// [`ConfigurationError::Toml`].
pub fn worker_name(text: &str) -> Result<String, ConfigurationError> {
    read(text).map(|worker| worker.name)
}

/// The configuration `text` with one more service binding, to a named entrypoint if one is given; comments and everything else stay as they are.
///
/// # Errors
/// [`ConfigurationError`]: it cannot be read, or has another binding of that name.
pub fn with_service(
    text: &str,
    binding: &str,
    service: &str,
    entrypoint: Option<&str>,
) -> Result<String, ConfigurationError> {
    let worker = read(text)?;
    match worker
        .services
        .into_iter()
        .find(|known| known.binding == binding)
    {
        Some(known) if known.service == service => Ok(text.to_owned()),
        Some(known) => Err(ConfigurationError::Bound {
            binding: binding.to_owned(),
            bound: known.service,
            service: service.to_owned(),
        }),
        None => {
            let entrypoint = entrypoint.map_or_else(String::new, |name| {
                format!("entrypoint = {}\n", toml::Value::from(name))
            });
            Ok(format!(
                "{}\n\n[[services]]\nbinding = {}\nservice = {}\n{entrypoint}",
                text.trim_end(),
                toml::Value::from(binding),
                toml::Value::from(service)
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "# a comment\nname = \"caller\"\n\n[[services]]\nbinding = \"RUNTIME\"\nservice = \"runtime\"\n\n[vars]\nRUNTIME_URL = \"\"\n";

    #[test]
    fn a_binding_is_added_once_and_nothing_else_changes() {
        let once = with_service(CALLER, "RUNTIME_PYODIDE", "python", Some("Runtime")).unwrap();
        assert!(once.starts_with(CALLER.trim_end()), "{once}");
        assert!(once.ends_with("entrypoint = \"Runtime\"\n"), "{once}");
        let read = read(&once).unwrap();
        let services: Vec<(&str, &str)> = read
            .services
            .iter()
            .map(|service| (service.binding.as_str(), service.service.as_str()))
            .collect();
        assert_eq!(
            services,
            [("RUNTIME", "runtime"), ("RUNTIME_PYODIDE", "python")]
        );
        assert_eq!(
            with_service(&once, "RUNTIME_PYODIDE", "python", Some("Runtime")).unwrap(),
            once
        );
        assert_eq!(worker_name(&once).unwrap(), "caller");
    }

    #[test]
    fn another_binding_of_that_name_is_named_and_what_is_no_configuration_refused() {
        let error = with_service(CALLER, "RUNTIME", "python", None)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("RUNTIME is bound to runtime already"),
            "{error}"
        );
        assert!(with_service("name = ", "RUNTIME", "python", None).is_err());
    }
}
