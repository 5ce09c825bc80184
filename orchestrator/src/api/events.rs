//! The live progress of a run as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! The Worker looks at the run's status once a second through the readers' cache, and sends an event when it has changed: a coordinator does not know who
//! follows, so that nobody's following touches a measurement. A connection ends after [`LOOKS`]; the client comes back by itself
//! with the id of the last event it saw.

use protocol::run::RunStatus;

/// Pause between two looks, in ms.
pub const PAUSE_MS: u32 = 1_000;

/// Looks of one connection: each may be a subrequest, of which a free account has 50.
pub const LOOKS: u32 = 40;

/// What a stream begins with: how long a client waits before it comes back, in ms.
pub const PREAMBLE: &str = "retry: 1000\n\n";

/// Media type of a stream.
pub const MEDIA_TYPE: &str = "text/event-stream; charset=utf-8";

/// What keeps a quiet connection open.
const QUIET: &str = ": nothing new\n\n";

/// What a follower has been sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    last_id: Option<String>,
}

impl Follower {
    /// What a client that comes back says it has seen (`Last-Event-ID`).
    #[must_use]
    pub const fn having_seen(last_id: Option<String>) -> Self {
        Self { last_id }
    }

    /// Whether the end of the run has been sent already.
    #[must_use]
    pub fn knows_the_end(&self, status: &RunStatus) -> bool {
        status.state.is_final() && self.last_id == Some(id(status))
    }

    /// The text to send for this status, and whether it is the last.
    pub fn next_event(&mut self, status: &RunStatus) -> (String, bool) {
        let ended = status.state.is_final();
        let id = id(status);
        if self.last_id.as_ref() == Some(&id) {
            return (QUIET.to_owned(), ended);
        }
        let kind = if ended { "ended" } else { "progress" };
        let data = serde_json::to_string(status).unwrap_or_default();
        let text = format!("id: {id}\nevent: {kind}\ndata: {data}\n\n");
        self.last_id = Some(id);
        (text, ended)
    }
}

/// Identifies what a follower has seen.
fn id(status: &RunStatus) -> String {
    format!("{}-{}", status.state, status.progress.slices_done)
}
