use super::*;

#[test]
fn the_answer_is_pinned() {
    let answer = MeasureResponse {
        clock: Some(ClockFacts {
            timer: Timer::Ticked,
            advances_during_cpu: false,
            tick_ms: 1,
            sample_unit_ns: 1_000_000,
            polls_per_tick: None,
            polls_per_tick_mad: None,
            resolution_ns: 1_000_000,
            readings: None,
        }),
        elapsed_ms: 3,
        samples: vec![0, 1, 2],
        errors: ErrorCounts::from_iter([(ErrorKind::Timeout, 1)]),
        warmup_calls: 2,
        ..MeasureResponse::default()
    };
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        "{\"clock\":{\"timer\":\"ticked\",\"advances_during_cpu\":false,\"tick_ms\":1,\"sample_unit_ns\":1000000,\"resolution_ns\":1000000},\
         \"elapsed_ms\":3,\"samples\":[0,1,2],\"errors\":{\"timeout\":1},\"warmup_calls\":2}"
    );
}

#[test]
fn samples_are_in_units_of_the_clock_and_mean_nothing_without_one() {
    let clock = ClockFacts {
        timer: Timer::Ticked,
        advances_during_cpu: false,
        tick_ms: 1,
        sample_unit_ns: 100_000,
        polls_per_tick: None,
        polls_per_tick_mad: None,
        resolution_ns: 1_000_000,
        readings: None,
    };
    let mut answer = MeasureResponse {
        clock: Some(clock),
        samples: vec![0, 7, u64::MAX],
        ..MeasureResponse::default()
    };
    let all: Vec<u64> = answer.samples_ns().collect();
    assert_eq!(all, [0, 700_000, u64::MAX]);
    answer.clock = None;
    assert_eq!(answer.samples_ns().count(), 0);
}

#[test]
fn timeouts_are_those_of_timed_calls() {
    let mut answer = MeasureResponse {
        errors: ErrorCounts::from_iter([(ErrorKind::Timeout, 3), (ErrorKind::Status, 5)]),
        ..MeasureResponse::default()
    };
    assert_eq!(answer.timeouts(), 0, "without a clock nothing is timed");
    answer.clock = Some(ClockFacts {
        timer: Timer::Interpolated,
        advances_during_cpu: true,
        tick_ms: 1,
        sample_unit_ns: 1,
        polls_per_tick: None,
        polls_per_tick_mad: None,
        resolution_ns: 1,
        readings: None,
    });
    assert_eq!(answer.timeouts(), 3);
    let failed = |failed| Chain {
        calls: 2,
        elapsed_ms: 1,
        failed,
    };
    answer.chain = Some(failed(Some(ErrorKind::Timeout)));
    assert_eq!(answer.timeouts(), 2);
    answer.chain = Some(failed(Some(ErrorKind::Status)));
    assert_eq!(answer.timeouts(), 3);
}

#[test]
fn another_stub_may_answer_with_its_elapsed_time_alone() {
    assert!(serde_json::from_str::<MeasureResponse>("{\"elapsed_ms\":12}").is_ok());
}
