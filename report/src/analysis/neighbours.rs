//! What calls wait for while others keep the runtime busy.

use super::{Reader, figure};
use crate::wording::said;
use protocol::{
    Quantile, Transport,
    report::{Neighbours, Statement, Topic},
};

impl Reader<'_> {
    /// The p95 of a transport beside the heaviest neighbour and without one, for each runtime.
    pub(super) fn beside_neighbours(&self, transport: Transport) -> Vec<Statement> {
        let rows = &self.report.neighbours;
        let of = |row: &&Neighbours| row.id.transport == transport;
        let heaviest = |runtime| {
            let own = rows.iter().filter(of).filter(|row| row.runtime == runtime);
            own.max_by_key(|row| row.busy)
        };
        let idle = |of: &Neighbours| {
            let mut own = rows.iter().filter(|row| row.busy.is_idle());
            own.find(|row| (row.id, row.runtime) == (of.id, of.runtime))
        };
        let runtimes = self.report.plan.runtimes.iter();
        runtimes
            .filter_map(|&runtime| {
                let busy = heaviest(runtime)?;
                waiting(idle(busy)?, busy)
            })
            .collect()
    }
}

fn waiting(idle: &Neighbours, busy: &Neighbours) -> Option<Statement> {
    let path = |row: &Neighbours| {
        format!(
            "neighbours/{}/{}/{}/p95_us",
            row.runtime,
            row.busy.share(),
            row.id
        )
    };
    let [without, beside] = [idle, busy].map(|row| &row.quantiles[Quantile::P95]);
    Some(Statement {
        topic: Topic::Neighbours,
        text: format!(
            "While a neighbour keeps the runtime {} busy for {} of the time, the p95 of {} is {}; with nobody else it is {}.",
            busy.runtime,
            busy.busy,
            busy.id,
            said(beside)?,
            said(without)?
        ),
        figures: vec![figure(path(busy), beside)?, figure(path(idle), without)?],
    })
}
