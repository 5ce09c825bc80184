//! Server-sent events, as a client reads them (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::io::{self, BufRead};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Id of the last event that had one; what a client that comes back says it has seen.
    pub id: Option<String>,
    /// The event's name; `message` where it has none.
    pub kind: String,
    /// Its data; several lines are joined by line feeds.
    pub data: String,
}

/// The events of a stream. Comments and retry times are passed over.
#[derive(Debug)]
pub struct Events<R> {
    stream: R,
    last_id: Option<String>,
}

impl<R: BufRead> Events<R> {
    /// Reads events from `stream`.
    pub const fn new(stream: R) -> Self {
        Self {
            stream,
            last_id: None,
        }
    }

    /// The next whole event; `None` at the end of the stream. An event that the end cuts off is dropped, as the
    /// specification says.
    fn read(&mut self) -> io::Result<Option<Event>> {
        let (mut kind, mut data) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Ok(None);
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                if data.is_empty() {
                    kind.clear();
                    continue;
                }
                let kind = if kind.is_empty() {
                    "message".to_owned()
                } else {
                    kind
                };
                return Ok(Some(Event {
                    id: self.last_id.clone(),
                    kind,
                    data: data.join("\n"),
                }));
            }
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut kind),
                "data" => data.push(value.to_owned()),
                "id" => self.last_id = Some(value.to_owned()),
                _ => {}
            }
        }
    }
}

impl<R: BufRead> Iterator for Events<R> {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<Event> {
        Events::new(text.as_bytes()).map(Result::unwrap).collect()
    }

    fn event(id: Option<&str>, kind: &str, data: &str) -> Event {
        Event {
            id: id.map(str::to_owned),
            kind: kind.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_are_read_with_their_ids_names_and_lines() {
        assert_eq!(
            events(
                "retry: 1000\n\nid: running-1\nevent: progress\ndata: {}\n\n: nothing new\n\ndata: a\r\ndata:b\r\n\r\n"
            ),
            [
                event(Some("running-1"), "progress", "{}"),
                event(Some("running-1"), "message", "a\nb")
            ]
        );
    }

    #[test]
    fn an_event_that_is_cut_off_is_none() {
        assert_eq!(
            events("data: whole\n\ndata: cut"),
            [event(None, "message", "whole")]
        );
    }
}
