//! Residency in a sentence.

use crate::format::{count, duration, share};
use protocol::report::Residency;

/// `2 of 12,345 calls met a fresh isolate (0.016 % [0.002 %, 0.06 %]), of 3 isolates with 4,115 calls each; a cold call took 12 ms (2 of them, 11 to
/// 13 ms), the median call 0.12 ms`.
pub(crate) fn sentence(found: &Residency) -> String {
    let (Some(cold_share), Some(each)) = (&found.cold_share, found.calls_per_isolate) else {
        let why = found
            .reason
            .as_ref()
            .map_or("", |reason| reason.text.as_str());
        return format!("not known: {why}");
    };
    let isolates = match found.isolates {
        1 => "1 isolate".to_owned(),
        n => format!("{} isolates", count(n)),
    };
    let silent = match found.silent {
        0 => String::new(),
        n => format!("; {} answers did not say which isolate gave them", count(n)),
    };
    format!(
        "{} of {} calls met a fresh isolate ({}); {isolates}, {} calls each, up to {} old{}{silent}",
        count(found.cold_calls),
        count(found.calls),
        share(cold_share),
        whole(each),
        duration(found.oldest_ms as f64 / 1e3),
        cold_calls(found),
    )
}

/// A mean number of calls, which is above 0, in whole calls.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of counts; the cast saturates"
)]
fn whole(mean: f64) -> String {
    count(mean.round() as u64)
}

fn cold_calls(found: &Residency) -> String {
    cold_range(found).map_or_else(String::new, |range| {
        format!(
            "; cold calls took {range} ms, the median of all timed calls is {} ms",
            found.warm_us.text
        )
    })
}

/// The shortest and the longest cold call in ms, good to a tick: `11 to 13`; `< 1` where the clock saw none of it.
pub(crate) fn cold_range(found: &Residency) -> Option<String> {
    let (shortest, longest) = (found.cold_min_ms?, found.cold_max_ms?);
    Some(match (shortest, longest) {
        (_, 0) => "< 1".to_owned(),
        (0, longest) => format!("up to {longest}"),
        (shortest, longest) if shortest == longest => shortest.to_string(),
        (shortest, longest) => format!("{shortest} to {longest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{
        Estimate, Reason, ReasonCode, Runtime, Transport,
        report::{Reach, Share},
    };

    fn found() -> Residency {
        Residency {
            runtime: Runtime::NATIVE,
            reach: Reach::Binding,
            transports: vec![Transport::ServiceBinding],
            calls: 12_345,
            silent: 0,
            isolates: 3,
            calls_per_isolate: Some(4_115.0),
            calls_served: 12_345,
            most_served: 9_000,
            oldest_ms: 100_000,
            cold_calls: 2,
            cold_share: Some(Share {
                value: Some(0.000_162),
                lower: 0.0,
                upper: 0.000_585,
                n: 12_345,
                effective_n: 12_345.0,
                p_value: None,
                text: String::new(),
            }),
            cold_samples: 0,
            cold_us: Estimate::default(),
            cold_min_ms: Some(11),
            cold_max_ms: Some(13),
            warm_us: Estimate {
                text: "0.12 [0.11, 0.13]".to_owned(),
                ..Estimate::default()
            },
            reason: None,
            text: String::new(),
        }
    }

    #[test]
    fn the_sentence_has_share_isolates_age_and_what_cold_calls_took() {
        assert_eq!(
            sentence(&found()),
            "2 of 12,345 calls met a fresh isolate (0.02 % [0 %, 0.06 %]); 3 isolates, 4,115 calls each, up to 1 min 40 s old; \
             cold calls took 11 to 13 ms, the median of all timed calls is 0.12 [0.11, 0.13] ms"
        );
    }

    #[test]
    fn what_took_less_than_a_tick_is_never_zero() {
        let of = |shortest, longest| {
            cold_range(&Residency {
                cold_min_ms: Some(shortest),
                cold_max_ms: Some(longest),
                ..found()
            })
        };
        assert_eq!(of(0, 0).as_deref(), Some("< 1"));
        assert_eq!(of(0, 3).as_deref(), Some("up to 3"));
        assert_eq!(of(3, 3).as_deref(), Some("3"));
    }

    #[test]
    fn what_nobody_says_is_not_known_and_says_why() {
        let silent = Residency {
            calls: 0,
            isolates: 0,
            calls_per_isolate: None,
            cold_share: None,
            reason: Some(Reason {
                text: "the runtime does not say".to_owned(),
                ..Reason::of(ReasonCode::NotReported)
            }),
            ..found()
        };
        assert_eq!(sentence(&silent), "not known: the runtime does not say");
    }
}
