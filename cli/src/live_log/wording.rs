//! A structured log line as a reader sees it: a name, and the rest in one phrase.

use protocol::log::LogLine;

/// What a line says, after the name of its event.
pub(super) fn in_words(line: &LogLine) -> String {
    match line {
        LogLine::RunAccepted {
            run,
            location,
            trigger,
            slices,
            estimated_usd,
        } => format!(
            "{run} at {location} by {trigger}: {slices} slices, about {estimated_usd:.4} USD in production"
        ),
        LogLine::RunStarted {
            run,
            location,
            colo,
        } => match colo {
            Some(colo) => format!("{run} at {location}, datacenter {colo}"),
            None => format!("{run} at {location}"),
        },
        LogLine::RoundDecided {
            run,
            round,
            cells,
            slices,
            slices_total,
        } => format!("{run} round {round}: {cells} cells, {slices} slices, {slices_total} in all"),
        LogLine::RunProgress {
            run,
            slices_done,
            slices_total,
            percent,
            errors,
        } => format!(
            "{run} {percent} %: slice {slices_done} of {slices_total}, {errors} failed calls"
        ),
        LogLine::RunFinished {
            run,
            state,
            reason,
            samples,
            errors,
            seconds,
        } => {
            let seconds = seconds.map_or_else(String::new, |s| format!(" in {s:.1} s"));
            let reason = because(reason.as_ref());
            format!("{run} {state}{seconds}: {samples} samples, {errors} failed calls{reason}")
        }
        LogLine::ReportStored {
            run,
            outcome,
            transports,
            warnings,
        } => {
            let transports = transports.join("; ");
            format!(
                "{run} {}, {warnings} warnings: {transports}",
                outcome.word()
            )
        }
        line => of_troubles(line),
    }
}

/// The lines that need attention.
fn of_troubles(line: &LogLine) -> String {
    match line {
        LogLine::DispatchFailed {
            run,
            slice,
            attempt,
            reason,
        } => format!("{run} slice {slice}, attempt {attempt}: {reason}"),
        LogLine::SliceDropped { run, slice } => {
            format!("{run} slice {slice} came twice or too late and is not counted")
        }
        LogLine::RunRefused {
            trigger,
            location,
            reason,
        } => format!("at {location} by {trigger}: {reason}"),
        LogLine::AlertRaised { alert, text } | LogLine::ScheduleOverdue { alert, text } => {
            format!("{alert}: {text}")
        }
        LogLine::AlertSent {
            alert,
            attempt,
            failure,
        } => {
            let outcome = failure.as_ref().map_or_else(
                || ": delivered".to_owned(),
                |failure| format!(" failed: {failure}"),
            );
            format!("{alert}, attempt {attempt}{outcome}")
        }
        LogLine::Fault { message } => message.clone(),
        // The lines of a run's life are worded by `in_words`.
        LogLine::RunAccepted { run, .. }
        | LogLine::RunStarted { run, .. }
        | LogLine::RunProgress { run, .. }
        | LogLine::RoundDecided { run, .. }
        | LogLine::RunFinished { run, .. }
        | LogLine::ReportStored { run, .. } => run.to_string(),
    }
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}
