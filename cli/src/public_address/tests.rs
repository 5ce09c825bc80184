use super::*;

/// Wrangler's output for a deployment to these targets.
fn output_file(targets: &[&str]) -> String {
    let entry = |value: serde_json::Value| value.to_string() + "\n";
    entry(
        serde_json::json!({"type": "wrangler-session", "version": 1, "wrangler_version": "4.114.0"}),
    ) + &entry(
        serde_json::json!({"type": "deploy", "version": 1, "worker_name": "x", "targets": targets}),
    )
}

#[test]
fn every_form_in_which_wrangler_prints_an_address_is_read() {
    for (target, address) in [
        (
            "https://x.account.workers.dev",
            "https://x.account.workers.dev",
        ),
        ("api.example.com (custom domain)", "https://api.example.com"),
        (
            "api.example.com (custom domain - zone id: 0123)",
            "https://api.example.com",
        ),
        (
            "api.example.com (custom domain - zone name: example.com)",
            "https://api.example.com",
        ),
        (
            "api.example.com (custom domain) [enabled, previews: disabled]",
            "https://api.example.com",
        ),
        ("example.com/*", "https://example.com"),
        ("example.com/* (zone id: 0123)", "https://example.com"),
        (
            "example.com/* (zone name: example.com)",
            "https://example.com",
        ),
        ("*example.com/*", "https://example.com"),
        (
            "https://example.com/* (zone name: example.com)",
            "https://example.com",
        ),
    ] {
        let schedule = "schedule: 17 */6 * * *";
        let found = deployed(&output_file(&[schedule, target])).unwrap();
        assert_eq!(found, address, "{target}");
    }
}

#[test]
fn what_is_no_address_is_not_taken_for_one() {
    for targets in [
        &[][..],
        &["schedule: 17 */6 * * *"],
        &["*.example.com/* (zone name: example.com)"],
        &["example.com/rpc/* (zone name: example.com)"],
        &["example.com"],
        &["api.example.com (custom domain) [disabled]"],
    ] {
        let error = deployed(&output_file(targets)).unwrap_err().to_string();
        assert!(error.contains("no address"), "{targets:?}: {error}");
    }
    assert!(deployed("no JSON").is_err());
}

#[test]
fn workers_dev_is_preferred_and_other_targets_are_passed_over() {
    let targets = [
        "example.com/rpc/*",
        "b.example.com (custom domain)",
        "https://x.account.workers.dev",
    ];
    assert_eq!(
        deployed(&output_file(&targets)).unwrap(),
        "https://x.account.workers.dev"
    );
    assert_eq!(
        deployed(&output_file(&targets[..2])).unwrap(),
        "https://b.example.com"
    );
}

fn looked_at(toml: &str) -> anyhow::Result<Option<String>> {
    expected(&toml::from_str(toml)?)
}

#[test]
fn a_configuration_with_an_address_is_fine() {
    for (toml, address) in [
        ("", None),
        ("workers_dev = true", None),
        ("workers_dev = true\nroutes = [\"example.com/rpc/*\"]", None),
        (
            "routes = [{ pattern = \"api.example.com\", custom_domain = true }]",
            Some("https://api.example.com"),
        ),
        (
            "route = { pattern = \"api.example.com\", custom_domain = true, zone_id = \"0123\" }",
            Some("https://api.example.com"),
        ),
        ("route = \"example.com/*\"", Some("https://example.com")),
        (
            "routes = [\"*.example.com/*\", { pattern = \"b.example.com/*\", zone_name = \"example.com\" }]",
            Some("https://b.example.com"),
        ),
    ] {
        let found = looked_at(toml).unwrap_or_else(|error| panic!("{toml}: {error}"));
        assert_eq!(found.as_deref(), address, "{toml}");
    }
}

#[test]
fn a_configuration_without_one_is_refused_with_the_reason() {
    for (toml, reason) in [
        ("workers_dev = false", "neither workers_dev nor a route"),
        (
            "route = \"*.example.com/*\"",
            "*.example.com/* names no single host",
        ),
        (
            "route = \"example.com/rpc/*\"",
            "example.com/rpc/* is not for every path",
        ),
        (
            "routes = [{ pattern = \"example.com\", zone_name = \"example.com\" }]",
            "is not for every path",
        ),
        (
            "routes = [{ pattern = \"a.example.com\", custom_domain = true, enabled = false }]",
            "is not enabled",
        ),
    ] {
        let error = looked_at(toml).unwrap_err().to_string();
        assert!(error.contains(reason), "{toml}: {error}");
    }
}
