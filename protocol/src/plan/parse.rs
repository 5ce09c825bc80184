//! Reading a plan from JSON: every bad field is named, with what is accepted.

use super::{DEFAULT_MAX_CALLS, DEFAULT_MAX_SECONDS, MAX_CALLS, MAX_SECONDS, Plan, Until};
use crate::{
    BusyShare, ColdStartPlan, Function, Limits, Round, Runtime, Thresholds,
    busy::{MAX_SHARES, NEIGHBOUR_CALL_MS, SPIN},
    fields::{FieldReader, kind, shorten},
    measure::{
        MAX_BATCH_SIZE, MAX_BYTES_IN_FLIGHT, MAX_CALL_TIMEOUT_MS, MAX_CONCURRENCY,
        MIN_CALL_TIMEOUT_MS,
    },
    payload::{MAX_PAYLOAD_BYTES, MIN_PAYLOAD_BYTES},
    problem::{FieldError, Problem},
    raw_object::RawObject,
    usage,
};

/// Largest plan that is read, in bytes. The longest sensible one is under 1 KB.
pub const MAX_PLAN_BYTES: usize = 16 * 1024;

/// Payload sizes in one plan, at most.
pub const MAX_PAYLOAD_SIZES: usize = 16;

/// Warmup calls of a slice, at most: they count against the delegated calls of the slice.
pub const MAX_WARMUP: u32 = 10;

/// Largest threshold, in ms: as long as a call may take at most. Thresholds are above 0.
pub const MAX_THRESHOLD_MS: u32 = MAX_CALL_TIMEOUT_MS;

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not JSON, or not an object.
    #[error("the plan is not a JSON object: {0}")]
    NotAnObject(String),
    /// Bad fields, all of them.
    #[error("the plan has {} bad field(s)", .0.len())]
    Fields(Vec<FieldError>),
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        let detail = error.to_string();
        match error {
            PlanError::NotAnObject(_) => Self::new(400, detail),
            PlanError::Fields(errors) => Self::new(400, detail).with_errors(errors),
        }
    }
}

impl Plan {
    /// Reads a plan. An empty text or `{}` is the default plan; a field left out keeps its default.
    ///
    /// # Errors
    /// [`PlanError::NotAnObject`], or [`PlanError::Fields`] with every bad field of the plan.
    pub fn parse(json: &[u8], limits: &Limits) -> Result<Self, PlanError> {
        if json.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let mut reader = FieldReader::new(json).map_err(PlanError::NotAnObject)?;
        let plan = read_plan(&mut reader, limits);
        let errors = reader.finish("a plan");
        if errors.is_empty() {
            Ok(plan)
        } else {
            Err(PlanError::Fields(errors))
        }
    }
}

fn read_plan(reader: &mut FieldReader, limits: &Limits) -> Plan {
    let default = Plan::default();
    // who names a size and nothing else wants that size
    let until = if reader.has("samples_per_cell") {
        Until::Samples
    } else {
        default.until
    };
    let until = reader.name("until", until);
    let max_seconds = limit(
        reader,
        "max_seconds",
        until,
        MAX_SECONDS.into(),
        DEFAULT_MAX_SECONDS.into(),
    );
    let plan = Plan {
        runtimes: reader.names("runtimes", default.runtimes),
        transports: reader.names("transports", default.transports),
        functions: reader.names("functions", default.functions),
        payload_bytes: payload_sizes(reader, default.payload_bytes),
        payload_shape: reader.name("payload_shape", default.payload_shape),
        samples_per_cell: reader.integer(
            "samples_per_cell",
            1,
            limits.samples_per_cell,
            default.samples_per_cell,
        ),
        until,
        max_seconds: max_seconds.and_then(|seconds| u32::try_from(seconds).ok()),
        max_calls: limit(reader, "max_calls", until, MAX_CALLS, DEFAULT_MAX_CALLS),
        warmup_per_slice: reader.integer(
            "warmup_per_slice",
            0,
            MAX_WARMUP,
            default.warmup_per_slice,
        ),
        timer: reader.name("timer", default.timer),
        judge: reader.names("judge", default.judge),
        seed: reader.integer("seed", 0, u64::MAX, default.seed),
        thresholds: read_thresholds(reader, default.thresholds),
        call_timeout_ms: reader.integer(
            "call_timeout_ms",
            MIN_CALL_TIMEOUT_MS,
            MAX_CALL_TIMEOUT_MS,
            default.call_timeout_ms,
        ),
        batch_size: reader.integer("batch_size", 1, MAX_BATCH_SIZE, default.batch_size),
        concurrency: reader.integer("concurrency", 1, MAX_CONCURRENCY, default.concurrency),
        breakdown: reader.boolean("breakdown", default.breakdown),
        cold_starts: ColdStartPlan::read(reader),
        busy: busy_shares(reader, default.busy),
    };
    refuse_functions_that_are_not_known(reader, &plan);
    if reader.all_well() {
        refuse_what_does_not_fit_together(reader, &plan, limits);
    }
    plan
}

/// Other runtimes are asked what they know before the run starts; the native one's functions are known here.
fn refuse_functions_that_are_not_known(reader: &mut FieldReader, plan: &Plan) {
    for (index, _) in plan
        .functions
        .iter()
        .enumerate()
        .filter(|(_, function)| function.as_str() == SPIN)
    {
        reader.refuse(
            format!("functions[{index}]"),
            "is spin, which neighbours call: ask for \"busy\", or name another function",
        );
    }
    if !plan.runtimes.contains(&Runtime::NATIVE) {
        return;
    }
    let others = plan
        .functions
        .iter()
        .enumerate()
        .filter(|(_, function)| function.as_str() != SPIN);
    for (index, function) in others {
        if let Err(unknown) = Function::known(function.as_str()) {
            reader.refuse(format!("functions[{index}]"), unknown.to_string());
        }
    }
}

/// Fields that are well each by itself, but not with the others.
fn refuse_what_does_not_fit_together(reader: &mut FieldReader, plan: &Plan, limits: &Limits) {
    if plan.concurrency > 1 && plan.timer.insists_on_interpolation() {
        reader.refuse(
            "timer",
            "cannot be interpolated with a concurrency above 1: ask for \"auto\" or \"ticked\"",
        );
    }
    for (index, judged) in plan.judge.iter().enumerate() {
        let at = format!("judge[{index}]");
        let Some(judged) = judged.transport() else {
            if plan.cold_starts.is_none() {
                reader.refuse(
                    &at,
                    "is cold-starts, which the plan does not ask for: add \"cold_starts\": {}",
                );
            }
            continue;
        };
        if !judged.delegates() {
            reader.refuse(
                &at,
                format!("is {judged}, which delegates nothing: name transports that do"),
            );
        } else if !plan.transports.contains(&judged) {
            reader.refuse(
                &at,
                format!("is {judged}, which is not among the plan's transports"),
            );
        }
    }
    let largest = plan.payload_bytes.iter().copied().max().unwrap_or_default();
    let batches = plan.transports.iter().any(|transport| transport.batches());
    let in_message = if batches { plan.batch_size } else { 1 };
    let in_flight = u64::from(largest) * u64::from(in_message) * u64::from(plan.concurrency);
    if in_flight > MAX_BYTES_IN_FLIGHT {
        reader.refuse(
            "payload_bytes",
            format!("puts {in_flight} bytes in flight at once ({largest} of payload x {in_message} in a message x {} calls at once); at most {MAX_BYTES_IN_FLIGHT} are allowed", plan.concurrency),
        );
    }
    let first = Round::first(plan, limits);
    let calls = usage::estimate([&first]).delegated_calls;
    if plan.max_calls.is_some_and(|most| most < calls) {
        reader.refuse(
            "max_calls",
            format!("is too few: the first round of every cell makes {calls} delegated calls; ask for more, or for fewer cells"),
        );
    }
    let busy = Round::busy(plan, &first);
    if busy.is_some() || !plan.busy_shares().is_empty() {
        refuse_neighbours_that_cannot_be(reader, plan, limits);
    }
    let cold = plan.cold_starts.as_ref().map_or(0, |cold| {
        let each = u32::try_from(cold.cold_starts(&plan.runtimes).len()).unwrap_or(u32::MAX);
        cold.samples.saturating_mul(each)
    });
    let slices = busy.map_or(first.slices(), |busy| busy.end_slice());
    if slices.saturating_add(cold) > limits.slices_per_run && cold > slices {
        reader.refuse(
            "cold_starts.samples",
            format!("makes {cold} cold starts with this many runtimes and scenarios; the {} profile allows {} slices a run: ask for fewer", limits.profile, limits.slices_per_run),
        );
    } else if slices.saturating_add(cold) > limits.slices_per_run {
        let most = limits.slices_per_run;
        reader.refuse(
            "samples_per_cell",
            format!("makes {slices} slices with this many cells; the {} profile allows {most} a run: ask for fewer cells or samples", limits.profile),
        );
    }
}

/// Neighbours need a runtime that may work for so long, and a cell that meets them.
fn refuse_neighbours_that_cannot_be(reader: &mut FieldReader, plan: &Plan, limits: &Limits) {
    let needed = NEIGHBOUR_CALL_MS;
    if limits.cpu_ms_per_event < needed {
        reader.refuse(
            "busy",
            format!("needs calls of {needed} ms of CPU; the {} profile allows {} ms an event: leave it out", limits.profile, limits.cpu_ms_per_event),
        );
    }
    let mut cells = plan.busy_cells().into_iter();
    if !cells.any(|busy| busy.cell.transport.delegates()) {
        reader.refuse(
            "busy",
            "needs a judged transport that goes over the service binding: raw-fetch may reach another isolate than the one that is kept busy",
        );
    }
}

fn busy_shares(reader: &mut FieldReader, default: Vec<BusyShare>) -> Vec<BusyShare> {
    let Some(values) = reader.list("busy") else {
        return default;
    };
    if values.len() > MAX_SHARES {
        let given = values.len();
        reader.refuse(
            "busy",
            format!("has {given} shares; at most {MAX_SHARES} are allowed"),
        );
        return default;
    }
    let mut shares = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let at = format!("busy[{index}]");
        if let Some(share) = value.as_f64().and_then(BusyShare::of) {
            reader.add_once(&at, &mut shares, share);
            continue;
        }
        let given = value
            .as_f64()
            .map_or_else(|| kind(value).to_owned(), |share| share.to_string());
        reader.refuse(&at, format!("is {given}; must be {}", BusyShare::ACCEPTED));
    }
    shares
}

/// A limit of a run until it is settled; a run of fixed size has none.
fn limit(
    reader: &mut FieldReader,
    field: &str,
    until: Until,
    most: u64,
    default: u64,
) -> Option<u64> {
    if until == Until::Samples && reader.has(field) {
        reader.refuse(
            field,
            "limits a run until it is settled, and this one is of fixed size: add \"until\": \"settled\", or leave it out",
        );
    }
    let limit = reader.integer(field, 1, most, default);
    (until == Until::Settled).then_some(limit)
}

fn payload_sizes(reader: &mut FieldReader, default: Vec<u32>) -> Vec<u32> {
    let Some(values) = reader.list("payload_bytes") else {
        return default;
    };
    if values.len() > MAX_PAYLOAD_SIZES {
        reader.refuse(
            "payload_bytes",
            format!(
                "has {} sizes; at most {MAX_PAYLOAD_SIZES} are allowed",
                values.len()
            ),
        );
        return default;
    }
    let mut sizes = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let at = format!("payload_bytes[{index}]");
        if let Some(size) = reader.one_integer(&at, value, MIN_PAYLOAD_BYTES, MAX_PAYLOAD_BYTES) {
            reader.add_once(&at, &mut sizes, size);
        }
    }
    sizes
}

fn read_thresholds(reader: &mut FieldReader, default: Thresholds) -> Thresholds {
    let Some(mut given) = reader.object("thresholds") else {
        return default;
    };
    let thresholds = Thresholds {
        p50_ms: threshold(reader, &mut given, "p50_ms", default.p50_ms),
        p95_ms: threshold(reader, &mut given, "p95_ms", default.p95_ms),
        p99_ms: threshold(reader, &mut given, "p99_ms", default.p99_ms),
        max_error_share: number(
            reader,
            &mut given,
            "max_error_share",
            default.max_error_share,
            |share| share > 0.0 && share <= 1.0,
            "a share above 0, at most 1",
        ),
        cold_p50_ms: threshold(reader, &mut given, "cold_p50_ms", default.cold_p50_ms),
        cold_p95_ms: threshold(reader, &mut given, "cold_p95_ms", default.cold_p95_ms),
    };
    for key in given.names() {
        reader.refuse(
            format!("thresholds.{}", shorten(key)),
            "is not a threshold; there are p50_ms, p95_ms, p99_ms, max_error_share, cold_p50_ms and cold_p95_ms",
        );
    }
    thresholds
}

fn threshold<'a>(
    reader: &mut FieldReader<'a>,
    given: &mut RawObject<'a>,
    field: &str,
    default: f64,
) -> f64 {
    let in_range = |ms: f64| ms > 0.0 && ms <= f64::from(MAX_THRESHOLD_MS);
    let must_be = format!("a number of ms above 0, at most {MAX_THRESHOLD_MS}");
    number(reader, given, field, default, in_range, &must_be)
}

/// A number among the thresholds.
fn number<'a>(
    reader: &mut FieldReader<'a>,
    given: &mut RawObject<'a>,
    field: &str,
    default: f64,
    is_accepted: impl Fn(f64) -> bool,
    must_be: &str,
) -> f64 {
    let Some(value) = reader.take_inner(given, "thresholds", field) else {
        return default;
    };
    if let Some(number) = value.as_f64().filter(|&number| is_accepted(number)) {
        return number;
    }
    let was = match value.as_f64() {
        Some(number) => number.to_string(),
        None => kind(&value).to_owned(),
    };
    reader.refuse(
        format!("thresholds.{field}"),
        format!("is {was}; must be {must_be}"),
    );
    default
}

#[cfg(test)]
mod tests;
