//! The stream of a run's events.

use super::{serving, settings};
use crate::api::events::{Follower, LOOKS, MEDIA_TYPE, PAUSE_MS, PREAMBLE};
use core::time::Duration;
use futures_util::{StreamExt as _, stream};
use protocol::RunId;
use worker::{Delay, Env, Headers, Response};

/// Where a stream stands.
struct Following {
    env: Env,
    location: String,
    run: RunId,
    follower: Follower,
    looks: u32,
    ended: bool,
}

/// A response that reports how a run goes on.
pub(super) fn stream(
    env: Env,
    location: String,
    run: RunId,
    last_id: Option<String>,
) -> worker::Result<Response> {
    let following = Following {
        env,
        location,
        run,
        follower: Follower::having_seen(last_id),
        looks: 0,
        ended: false,
    };
    let events = stream::unfold(following, |mut following| async move {
        if following.ended || following.looks >= LOOKS {
            return None;
        }
        if following.looks > 0 {
            Delay::from(Duration::from_millis(u64::from(PAUSE_MS))).await;
        }
        let text = following.look().await?;
        Some((Ok::<Vec<u8>, worker::Error>(text.into_bytes()), following))
    });
    let preamble = stream::once(async { Ok(PREAMBLE.as_bytes().to_vec()) });
    let headers = Headers::new();
    headers.set("content-type", MEDIA_TYPE)?;
    headers.set("cache-control", "no-store")?;
    headers.set("access-control-allow-origin", "*")?;
    Ok(Response::from_stream(preamble.chain(events))?.with_headers(headers))
}

impl Following {
    /// What is to be sent now; `None` ends the stream, and the client comes back.
    async fn look(&mut self) -> Option<String> {
        self.looks += 1;
        let settings = settings(&self.env).ok()?;
        let api = serving::api(&settings, &self.env);
        let status = api.status_at(&self.location, &self.run).await.ok()?;
        let (text, ended) = self.follower.next_event(&status);
        self.ended = ended;
        Some(text)
    }
}
