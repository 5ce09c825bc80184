use super::*;

#[test]
fn the_grammar_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn a_value_that_cannot_be_used_is_refused_by_the_options_name() {
    for (option, value) in [
        ("run --p50-ms", "0"),
        ("run --p50-ms", "-1"),
        ("run --p95-ms", "nan"),
        ("run --p99-ms", "inf"),
        ("run --p99-ms", "1e400"),
        ("run --p99-ms", "1e-400"),
        ("run --p99-ms", "5,5"),
        ("run --max-error-share", "0"),
        ("run --max-error-share", "1.5"),
        ("run --max-error-share", "nan"),
        ("run --samples", "-1"),
        ("run --samples", "1e400"),
        ("run --seed", "18446744073709551616"),
        ("run --payloads", "-100"),
        ("run --concurrency", "1.5"),
        ("run --batch-size", "-1"),
        ("run --warmup", "-1"),
        ("run --call-timeout-ms", "-1"),
        ("run --local --var", "LOCATIONS"),
        ("run --local --var", "=x"),
        ("run --local --var", "A B=x"),
        ("run --local --var", "API_TOKEN=x"),
        ("run --url", "a.example"),
        ("run --token", ""),
        ("runs --limit", "0"),
        ("runs --limit", "-1"),
        ("serve --port", "65536"),
        ("serve --port", "-1"),
        ("compare a b --fail-above", "nan"),
        ("compare a b --fail-above", "-1"),
        ("compare a b --fail-above", "inf"),
        ("history rpc.echo.100 --location", "a&metric=p99"),
    ] {
        let line = format!("rpc-latency {option}");
        let error = Arguments::try_parse_from(line.split(' ').chain([value])).unwrap_err();
        let name = option.rsplit(' ').next().unwrap_or_default();
        let message = error.to_string();
        assert!(
            message.contains(&format!("for '{name} ")),
            "{option} {value}: {message}"
        );
    }
}

#[test]
fn an_option_without_effect_is_refused_by_name() {
    for line in [
        "run --state folder",
        "run --project folder",
        "run --var LOCATIONS=weur",
        "export --json",
        "export --cell rpc.echo.100",
        "plan --url https://a.example",
        "plan --token secret",
        "serve --url https://a.example",
        "completions bash --json",
    ] {
        let words = ["rpc-latency"].into_iter().chain(line.split(' '));
        let Arguments { command, api } = Arguments::try_parse_from(words).unwrap();
        let error = command.refuse_unused(&api).unwrap_err().to_string();
        let option = line.split(' ').find(|word| word.starts_with("--"));
        assert!(
            error.starts_with(option.unwrap_or_default()),
            "{line}: {error}"
        );
    }
}
