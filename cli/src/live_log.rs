//! The log of Workers that are served on this machine, as it comes: what `wrangler tail` shows in production.
//!
//! One event is one readable line on a terminal, and one JSON object a line elsewhere. A JSON line of a Worker has the Worker's own fields,
//! so that the same `jq` filter reads it here and in production.

mod event;
mod file;
mod wording;

use chrono::{DateTime, SecondsFormat, Utc};
use cli::local::ServerLog;
use console::Style;
use event::{Content, Event, Level};
use file::GrowingFile;
use serde_json::{Map, Value, json};
use std::{env, fmt::Write as _, io::IsTerminal as _};

/// Columns of the name of an event, in readable lines.
const NAME_WIDTH: usize = 16;

/// How events are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// One JSON object a line.
    Json,
    /// One readable line each.
    Readable {
        /// Whether names have colours.
        coloured: bool,
    },
}

/// The logs of all servers.
#[derive(Debug)]
pub(crate) struct LiveLog {
    look: Look,
    servers: Vec<(ServerLog, GrowingFile)>,
}

impl Look {
    /// The look for standard output: readable on a terminal unless `json` is asked for. `NO_COLOR` (<https://no-color.org>) means no colours.
    pub(crate) fn of_output(json: bool) -> Self {
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::of(json, std::io::stdout().is_terminal(), no_color)
    }

    fn of(json: bool, is_terminal: bool, no_color: bool) -> Self {
        if json || !is_terminal {
            Self::Json
        } else {
            Self::Readable {
                coloured: !no_color,
            }
        }
    }
}

impl LiveLog {
    /// Of these servers, from their start on. Of what they wrote until they were ready, only what needs attention is shown.
    pub(crate) fn new(look: Look, logs: Vec<ServerLog>) -> Self {
        let servers = logs
            .into_iter()
            .map(|log| {
                let file = GrowingFile::new(log.path.clone());
                (log, file)
            })
            .collect();
        Self { look, servers }
    }

    /// What is new since the last look, as text for standard output; `now` is when it was seen. A log that cannot be read at the moment is
    /// read at the next look.
    pub(crate) fn news(&mut self, now: DateTime<Utc>) -> String {
        let mut text = String::new();
        for (log, file) in &mut self.servers {
            let mut events: Vec<(bool, Event)> = Vec::new();
            for line in file.lines().unwrap_or_default() {
                if let Some((
                    _,
                    Event {
                        content: Content::Text(before),
                        ..
                    },
                )) = events.last_mut()
                    && Event::continues(&line.text)
                {
                    let _ = write!(before, "\n{}", line.text.trim_end());
                } else if let Some(event) = Event::read(log.server, log.worker, &line.text) {
                    events.push((line.begins < log.ready_at_byte, event));
                }
            }
            for (of_start, event) in &events {
                if !of_start || event.level > Level::Info {
                    text.push_str(&show(event, self.look, now));
                }
            }
        }
        text
    }
}

/// One event, with its line feed.
fn show(event: &Event, look: Look, now: DateTime<Utc>) -> String {
    match look {
        Look::Json => json_line(event, now),
        Look::Readable { coloured } => readable(event, coloured, now),
    }
}

fn json_line(event: &Event, now: DateTime<Utc>) -> String {
    let mut fields = Map::new();
    fields.insert(
        "at".to_owned(),
        json!(now.to_rfc3339_opts(SecondsFormat::Millis, true)),
    );
    fields.insert("source".to_owned(), json!(event.source));
    fields.insert("level".to_owned(), json!(event.level.as_str()));
    match &event.content {
        Content::Structured { fields: own, .. } => fields.extend(own.clone()),
        Content::Text(text) => {
            fields.insert("text".to_owned(), json!(text));
        }
    }
    format!("{}\n", Value::Object(fields))
}

/// `12:54:26  run-progress      20261125T124909Z-7ddcf2fd 5 %: slice 7 of 140, 0 failed calls`
fn readable(event: &Event, coloured: bool, now: DateTime<Utc>) -> String {
    let (name, text) = match &event.content {
        Content::Structured {
            fields,
            line: Some(line),
        } => {
            let name = fields.get("event").and_then(Value::as_str);
            (name.unwrap_or_default(), wording::in_words(line))
        }
        Content::Structured { fields, line: None } => (
            event.source.as_str(),
            Value::Object(fields.clone()).to_string(),
        ),
        Content::Text(text) if event.level == Level::Info => (event.source.as_str(), text.clone()),
        Content::Text(text) => (event.level.as_str(), format!("{}: {text}", event.source)),
    };
    let style = match event.level {
        Level::Info => Style::new().dim(),
        Level::Warning => Style::new().yellow(),
        Level::Error => Style::new().red().bold(),
    };
    let name = style
        .force_styling(coloured)
        .apply_to(format!("{name:NAME_WIDTH$}"));
    format!("{}  {name}  {text}\n", now.format("%H:%M:%S"))
}

#[cfg(test)]
mod tests;
