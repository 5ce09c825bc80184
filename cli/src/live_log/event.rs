//! What a line of a server's log is: a structured line of a Worker, or text of a Worker or of the platform.

use protocol::{RunState, log::LogLine, report::Outcome};
use serde_json::{Map, Value};

/// How much attention a line needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// None.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Something is wrong.
    Error,
}

/// One event of a log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// Who wrote it: a Worker by its name, or a server.
    pub(super) source: String,
    /// How much attention it needs.
    pub(super) level: Level,
    /// What it says.
    pub(super) content: Content,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// A structured line: its fields as they came, and typed where this version knows the type.
    Structured {
        /// The JSON object.
        fields: Map<String, Value>,
        /// Boxed: far larger than the other content.
        line: Option<Box<LogLine>>,
    },
    /// Text; several lines where the later ones are indented, as the lines of a stack are.
    Text(String),
}

impl Level {
    /// Its name in JSON lines.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level of a structured line.
    fn of(line: &LogLine) -> Self {
        match line {
            LogLine::Fault { .. } => Self::Error,
            LogLine::RunFinished { state, .. } if *state == RunState::Failed => Self::Error,
            LogLine::AlertSent { failure, .. } if failure.is_some() => Self::Warning,
            LogLine::ReportStored { outcome, .. } if *outcome == Outcome::Fail => Self::Warning,
            LogLine::DispatchFailed { .. }
            | LogLine::SliceDropped { .. }
            | LogLine::RunRefused { .. }
            | LogLine::AlertRaised { .. }
            | LogLine::ScheduleOverdue { .. } => Self::Warning,
            LogLine::RunAccepted { .. }
            | LogLine::RunStarted { .. }
            | LogLine::RunProgress { .. }
            | LogLine::RoundDecided { .. }
            | LogLine::RunFinished { .. }
            | LogLine::ReportStored { .. }
            | LogLine::AlertSent { .. } => Self::Info,
        }
    }

    /// The level that a line of workerd states; a Worker's uncaught exception is logged as an info.
    fn of_text(text: &str) -> Self {
        let says = |word: &str| text.starts_with(word) || text.contains(&format!(": {word}"));
        if says("error: ") || says("fatal: ") || says("info: uncaught exception; ") {
            Self::Error
        } else if says("warning: ") {
            Self::Warning
        } else {
            Self::Info
        }
    }
}

impl Event {
    /// What the line, without its line feed, of `server`'s log says; `None` for an empty one. Structured lines there are `worker`'s: no other Worker
    /// writes such.
    pub(super) fn read(server: &str, worker: &str, line: &str) -> Option<Self> {
        let line = console::strip_ansi_codes(line);
        let line = line.trim_end();
        if line.trim_start().is_empty() {
            return None;
        }
        let (source, text) = of_a_source(line).unwrap_or((server, line));
        let mut event = Self::written(source, text);
        if matches!(&event.content, Content::Structured { fields, .. } if fields.contains_key("event"))
        {
            worker.clone_into(&mut event.source);
        }
        Some(event)
    }

    /// Whether the line goes on with what the line before it says.
    pub(super) fn continues(line: &str) -> bool {
        line.starts_with([' ', '\t']) && !line.trim().is_empty()
    }

    fn written(source: &str, text: &str) -> Self {
        let source = source.to_owned();
        match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(fields) => {
                let line = serde_json::from_str(text).ok().map(Box::new);
                let level = line.as_deref().map_or(Level::Info, Level::of);
                let content = Content::Structured { fields, line };
                Self {
                    source,
                    level,
                    content,
                }
            }
            Err(_) => Self {
                source,
                level: Level::of_text(text),
                content: Content::Text(text.to_owned()),
            },
        }
    }
}

/// `[name of a source] what it wrote`.
fn of_a_source(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.strip_prefix('[')?.split_once("] ")?;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    is_name.then_some((name, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Event {
        Event::read("workerd", "worker-rpc-latency", line).unwrap()
    }

    #[test]
    fn a_workers_structured_line_is_read_by_its_type_and_keeps_every_field() {
        let event = read(
            r#"{"event":"dispatch-failed","run":"20261122T172800Z-4f9a1c07","slice":3,"attempt":1,"reason":"no answer","new":1}"#,
        );
        assert_eq!(
            (event.source.as_str(), event.level),
            ("worker-rpc-latency", Level::Warning)
        );
        let Content::Structured { fields, line } = event.content else {
            panic!("not structured")
        };
        assert_eq!(fields["new"], 1);
        assert!(matches!(
            line.as_deref(),
            Some(LogLine::DispatchFailed { slice: 3, .. })
        ));
    }

    #[test]
    fn a_structured_line_that_this_version_does_not_know_stays_as_it_is() {
        let event = read(r#"{"event":"of-a-later-version","n":2}"#);
        assert_eq!(event.source, "worker-rpc-latency");
        let Content::Structured { fields, line } = event.content else {
            panic!("not structured")
        };
        assert_eq!((fields["n"].as_u64(), line), (Some(2), None));
        assert_eq!(read(r#"{"of":"somebody else"}"#).source, "workerd");
    }

    #[test]
    fn the_source_and_level_of_the_platforms_lines_are_theirs() {
        for (line, source, level, text) in [
            (
                "[http] GET /health 200 (20 ms)",
                "http",
                Level::Info,
                "GET /health 200 (20 ms)",
            ),
            (
                "\u{1b}[33mwarning: old\u{1b}[0m",
                "workerd",
                Level::Warning,
                "warning: old",
            ),
            (
                "workerd/io/worker.c++:2528: info: uncaught exception; source = Uncaught (in alarm); stack = Error: no",
                "workerd",
                Level::Error,
                "workerd/io/worker.c++:2528: info: uncaught exception; source = Uncaught (in alarm); stack = Error: no",
            ),
            (
                "workerd/server/server.c++:5: error: no",
                "workerd",
                Level::Error,
                "workerd/server/server.c++:5: error: no",
            ),
            (
                "service x: warning: odd",
                "workerd",
                Level::Warning,
                "service x: warning: odd",
            ),
            ("anything", "workerd", Level::Info, "anything"),
        ] {
            let event = read(line);
            assert_eq!(
                (event.source.as_str(), event.level, event.content),
                (source, level, Content::Text(text.to_owned())),
                "{line}"
            );
        }
    }

    #[test]
    fn empty_lines_are_no_events_and_indented_ones_continue_the_one_before() {
        assert_eq!(Event::read("workerd", "w", "  \u{1b}[0m"), None);
        assert!(Event::continues("    at fetch (index.js:1)") && !Event::continues("   "));
        assert!(!Event::continues("[http] x"));
    }
}
