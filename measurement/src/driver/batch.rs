//! Messages that carry several invocations: the latency of one is its message's divided by their number.

use protocol::measure::{ClockFacts, MeasureResponse, Timer};

/// Turns latencies of messages into latencies of the invocations that each carried.
pub(super) fn per_invocation(response: MeasureResponse, batch_size: u32) -> MeasureResponse {
    let batch_size = u64::from(batch_size);
    let Some(clock) = response.clock.filter(|_| batch_size > 1) else {
        return response;
    };
    let clock = ClockFacts {
        resolution_ns: clock.resolution_ns.div_ceil(batch_size),
        sample_unit_ns: match clock.timer {
            Timer::Interpolated | Timer::IoInterpolated => clock.sample_unit_ns,
            Timer::Ticked => clock.sample_unit_ns / batch_size,
        },
        ..clock
    };
    let samples = match clock.timer {
        Timer::Interpolated | Timer::IoInterpolated => response
            .samples
            .iter()
            .map(|sample| (sample + batch_size / 2) / batch_size)
            .collect(),
        Timer::Ticked => response.samples,
    };
    MeasureResponse {
        clock: Some(clock),
        samples,
        ..response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(timer: Timer, unit: u64, samples: &[u64]) -> MeasureResponse {
        MeasureResponse {
            clock: Some(ClockFacts {
                timer,
                advances_during_cpu: true,
                tick_ms: 1,
                sample_unit_ns: unit,
                polls_per_tick: None,
                polls_per_tick_mad: None,
                resolution_ns: 1_000,
                readings: None,
            }),
            samples: samples.to_vec(),
            ..MeasureResponse::default()
        }
    }

    #[test]
    fn the_latency_of_a_batch_is_shared_by_its_invocations() {
        let interpolated = per_invocation(response(Timer::Interpolated, 1, &[995, 2_000]), 10);
        assert_eq!(interpolated.samples, [100, 200]);
        assert_eq!(interpolated.clock.unwrap().resolution_ns, 100);
        let ticked = per_invocation(response(Timer::Ticked, 1_000_000, &[0, 3]), 10);
        assert_eq!(ticked.samples, [0, 3]);
        assert_eq!(ticked.clock.unwrap().sample_unit_ns, 100_000);
    }

    #[test]
    fn a_message_of_one_invocation_is_left_as_it_is() {
        let one = response(Timer::Ticked, 1_000_000, &[0, 3]);
        assert_eq!(per_invocation(one.clone(), 1), one);
    }
}
