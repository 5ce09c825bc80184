//! Which orchestrator is asked, and which token it is shown.
//!
//! A token is sent only to the address that it was given for: `--token` goes with the command's address; `API_TOKEN` goes with
//! `RPC_LATENCY_URL`, or with `--url` where that variable is not set; the Workers of this machine get their own. Commands that serve the
//! Workers themselves, or ask nobody, do not read the environment at all.

use anyhow::{Context as _, bail};
use clap::Args;
use cli::{client::Client, local::LOCAL_API_TOKEN};
use std::{env, ffi::OsString};
use ureq::http::Uri;

/// Where `serve` listens and the other commands look, unless told otherwise.
pub(crate) const DEFAULT_PORT: u16 = 8787;

/// Address of the orchestrator.
const URL_VARIABLE: &str = "RPC_LATENCY_URL";

/// Token of the orchestrator at that address.
const TOKEN_VARIABLE: &str = "API_TOKEN";

/// Which orchestrator.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ApiOptions {
    /// Address of the orchestrator [env: `RPC_LATENCY_URL`] [default: that of `rpc-latency serve`, port 8787 of this machine]
    #[arg(long, global = true, value_name = "URL", value_parser = address)]
    pub(crate) url: Option<String>,
    /// Bearer token, which starting and cancelling need [env: `API_TOKEN`, for the address in `RPC_LATENCY_URL` or else --url]
    #[arg(long, global = true, value_name = "TOKEN", value_parser = token)]
    pub(crate) token: Option<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the whole report, not only the tables of latency and the answer
    #[arg(long, global = true, conflicts_with = "json")]
    pub(crate) full: bool,
    #[arg(skip)]
    environment: Environment,
}

/// What the environment says.
#[derive(Clone, Debug, Default)]
struct Environment {
    url: Option<String>,
    token: Option<String>,
}

impl ApiOptions {
    /// Takes in the variables of this process's environment.
    ///
    /// # Errors
    /// When one of them cannot be used; it is named.
    pub(crate) fn with_environment(self) -> anyhow::Result<Self> {
        self.with_variables(|name| env::var_os(name))
    }

    fn with_variables(
        mut self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> anyhow::Result<Self> {
        self.environment = Environment {
            url: read(&variable, URL_VARIABLE, address)?,
            token: read(&variable, TOKEN_VARIABLE, token)?,
        };
        Ok(self)
    }

    /// The address; that of local Workers by default.
    pub(crate) fn url(&self) -> String {
        let given = self.url.as_ref().or(self.environment.url.as_ref());
        given
            .cloned()
            .unwrap_or_else(|| format!("http://127.0.0.1:{DEFAULT_PORT}"))
    }

    /// The token that belongs to the address.
    pub(crate) fn token(&self) -> Option<String> {
        if let Some(token) = &self.token {
            return Some(token.clone());
        }
        let Environment {
            url: its_url,
            token,
        } = &self.environment;
        match (&self.url, its_url) {
            (None, None) => Some(LOCAL_API_TOKEN.to_owned()),
            (Some(url), Some(its_url)) if origin(url) != origin(its_url) => None,
            _ => token.clone(),
        }
    }

    /// A client for both.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url(), self.token())
    }

    /// Fails where an option was given that a command does not look at.
    pub(crate) fn refuse_unused(&self, command: &str, unused: &[&str]) -> anyhow::Result<()> {
        let given = [
            ("--url", self.url.is_some()),
            ("--token", self.token.is_some()),
            ("--json", self.json),
            ("--full", self.full),
        ];
        for (option, is_given) in given {
            if is_given && unused.contains(&option) {
                bail!("{option} has no effect on `rpc-latency {command}`: leave it out");
            }
        }
        Ok(())
    }
}

/// A variable that is set and not empty.
fn read(
    variable: &impl Fn(&str) -> Option<OsString>,
    name: &str,
    parse: fn(&str) -> Result<String, String>,
) -> anyhow::Result<Option<String>> {
    let Some(text) = variable(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let parsed = match text.to_str() {
        Some(text) => parse(text),
        None => Err("is not UTF-8".to_owned()),
    };
    parsed
        .map(Some)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("the environment variable {name} cannot be used"))
}

/// The address of an orchestrator: `http` or `https`, host, port, perhaps a path; nothing that would get lost or be sent along.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let uri: Uri = text
        .parse()
        .map_err(|error| format!("is no address ({error})"))?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    let (Some(authority), true) = (uri.authority(), is_http) else {
        return Err("must begin with http:// or https://".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("must not hold a user or password: the token goes into --token".to_owned());
    }
    if text.contains(['?', '#']) {
        return Err("must end before any `?` or `#`".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A bearer token: what a header can carry as one word.
fn token(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("is empty; leave it out to send none".to_owned());
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(
            "holds a blank, a line feed or another character that a header cannot carry in a token"
                .to_owned(),
        )
    }
}

/// Scheme, host and port: what decides who receives a token.
fn origin(url: &str) -> Option<(String, String, u16)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The token for these options in this environment.
    fn sent(url: Option<&str>, token: Option<&str>, variables: &[(&str, &str)]) -> Option<String> {
        let options = ApiOptions {
            url: url.map(str::to_owned),
            token: token.map(str::to_owned),
            ..ApiOptions::default()
        };
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| OsString::from(value))
        };
        options.with_variables(variable).unwrap().token()
    }

    #[test]
    fn the_local_token_is_never_sent_to_an_address_that_was_given() {
        assert_eq!(sent(None, None, &[]).as_deref(), Some(LOCAL_API_TOKEN));
        assert_eq!(sent(Some("https://a.example"), None, &[]), None);
        assert_eq!(
            sent(None, None, &[(URL_VARIABLE, "https://a.example")]),
            None
        );
    }

    #[test]
    fn the_environments_token_goes_to_the_environments_address_only() {
        let both = [
            (URL_VARIABLE, "https://a.example/"),
            (TOKEN_VARIABLE, "secret"),
        ];
        let secret = Some("secret".to_owned());
        assert_eq!(sent(None, None, &both), secret);
        assert_eq!(sent(Some("https://A.example:443"), None, &both), secret);
        for other in [
            "http://a.example",
            "https://b.example",
            "https://a.example:8443",
            "https://a.example.evil.example",
        ] {
            assert_eq!(sent(Some(other), None, &both), None, "{other}");
        }
        let alone = [(TOKEN_VARIABLE, "secret")];
        assert_eq!(sent(Some("https://b.example"), None, &alone), secret);
        assert_eq!(
            sent(None, None, &alone).as_deref(),
            Some(LOCAL_API_TOKEN),
            "the token of a deployment was sent to the Workers of this machine"
        );
    }

    #[test]
    fn the_token_on_the_command_line_goes_to_the_address_of_the_command() {
        let both = [
            (URL_VARIABLE, "https://a.example"),
            (TOKEN_VARIABLE, "secret"),
        ];
        assert_eq!(
            sent(Some("https://b.example"), Some("other"), &both).as_deref(),
            Some("other")
        );
    }

    #[test]
    fn an_empty_variable_is_none() {
        let empty = [(URL_VARIABLE, ""), (TOKEN_VARIABLE, "")];
        assert_eq!(sent(None, None, &empty).as_deref(), Some(LOCAL_API_TOKEN));
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named() {
        for (name, value) in [
            (URL_VARIABLE, "a.example"),
            (URL_VARIABLE, "ftp://a.example"),
            (URL_VARIABLE, "https://user:secret@a.example"),
            (URL_VARIABLE, "https://a.example/?x"),
            (URL_VARIABLE, "https://a b"),
            (TOKEN_VARIABLE, "two words"),
            (TOKEN_VARIABLE, "line\n"),
            (TOKEN_VARIABLE, "\u{fc}"),
        ] {
            let variable = |asked: &str| (asked == name).then(|| OsString::from(value));
            let error = ApiOptions::default().with_variables(variable).unwrap_err();
            assert!(error.to_string().contains(name), "{value}: {error}");
        }
    }
}
