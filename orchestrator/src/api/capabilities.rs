//! Whether the runtimes of a plan can do what it asks for.

use super::{Api, Coordinators, RuntimeFacts};
use protocol::{
    Plan, Problem, Runtime, Transport, busy::SPIN, capabilities::Capabilities, cold_start,
    problem::FieldError,
};

impl<C: Coordinators> Api<'_, C> {
    /// Refuses a plan that asks a runtime for what it cannot do. What the native one can is known without asking.
    pub(super) async fn check_capabilities(&self, plan: &Plan) -> Result<(), Problem> {
        let mut errors = Vec::new();
        for (index, &runtime) in plan.runtimes.iter().enumerate() {
            if runtime.is_native() {
                continue;
            }
            match self.coordinators.runtime(runtime).await {
                Ok(facts) => errors.extend(beyond(plan, runtime, &facts)),
                Err(problem) if problem.status == 404 => {
                    errors.push(absent(format!("runtimes[{index}]"), runtime, &problem));
                }
                Err(problem) => return Err(problem),
            }
        }
        errors.extend(self.beyond_cold_starts(plan).await?);
        if errors.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "the plan asks for {} thing(s) that this deployment cannot do",
            errors.len()
        );
        Err(Problem::new(400, detail).with_errors(errors))
    }
}

impl<C: Coordinators> Api<'_, C> {
    /// The cold starts of a plan that nobody here can sample.
    async fn beyond_cold_starts(&self, plan: &Plan) -> Result<Vec<FieldError>, Problem> {
        if plan.cold_starts.is_none() {
            return Ok(Vec::new());
        }
        let wrong = |detail: String| FieldError {
            field: "cold_starts".to_owned(),
            detail,
        };
        if !self.coordinators.has_cold_starts() {
            return Ok(vec![wrong(format!(
                "needs the Worker that makes fresh isolates, to which this deployment has no service binding {}: build it with \
                 `scripts/build --cold-starts`, then `rpc-latency run --local --cold-starts`, or deploy what `rpc-latency configure --cold-starts` writes \
                 (the Worker Loader needs a paid plan)",
                cold_start::BINDING
            ))]);
        }
        let known = self.coordinators.cold_starts().await?.runtimes;
        let unknown = plan.runtimes.iter().filter(|one| !known.contains(one));
        let refused = unknown.map(|runtime| {
            wrong(format!(
                "has no artefacts of runtime {runtime}; the Worker that makes fresh isolates carries those of {}: build it with \
                 `scripts/build --runtimes native,{runtime} --cold-starts`, or leave {runtime} out",
                list(&known)
            ))
        });
        Ok(refused.collect())
    }
}

/// A field that names a runtime which the deployment does not have, as its `problem` says.
pub(super) fn absent(field: String, runtime: Runtime, problem: &Problem) -> FieldError {
    let detail = format!(
        "is {runtime}, which this deployment does not have: {}",
        problem.detail
    );
    FieldError { field, detail }
}

/// What a plan asks of a runtime beyond its capabilities.
fn beyond(plan: &Plan, runtime: Runtime, facts: &RuntimeFacts) -> Vec<FieldError> {
    let known = &facts.capabilities;
    let transports = plan.transports.iter().enumerate().filter_map(|(index, transport)| {
        let detail = match transport {
            Transport::Direct if facts.is_inlined => return None,
            Transport::Direct => format!(
                "is direct, for which runtime {runtime} needs a stub with its functions inside (binding {})",
                runtime.inlining_caller()
            ),
            delegating if known.transports.contains(delegating) => return None,
            delegating => format!(
                "is {delegating}, which runtime {runtime} does not answer; it answers {}",
                list(&known.transports)
            ),
        };
        let field = format!("transports[{index}]");
        Some(FieldError { field, detail })
    });
    let functions = plan
        .functions
        .iter()
        .enumerate()
        .filter_map(|(index, function)| {
            let detail = format!(
                "is {function}, which runtime {runtime} does not have; it has {}",
                list(&known.functions)
            );
            let field = format!("functions[{index}]");
            (!known.functions.contains(function)).then_some(FieldError { field, detail })
        });
    transports
        .chain(functions)
        .chain(no_neighbours(plan, runtime, known))
        .collect()
}

/// Neighbours call one function, by the service binding.
fn no_neighbours(plan: &Plan, runtime: Runtime, known: &Capabilities) -> Option<FieldError> {
    let has_function = known
        .functions
        .iter()
        .any(|function| function.as_str() == SPIN);
    let can = has_function && known.transports.contains(&Transport::ServiceBinding);
    (!plan.busy_shares().is_empty() && !can).then(|| FieldError {
        field: "busy".to_owned(),
        detail: format!(
            "needs the function {SPIN} over the service binding, which runtime {runtime} does not have; docs/contracts.md says what it does"
        ),
    })
}

fn list(names: &[impl ToString]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}
