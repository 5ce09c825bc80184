//! Which attempt a stored slice came from.

use super::{Account, Found, Made, Place, count};
use protocol::Cell;
use std::collections::BTreeMap;

/// Finds for each stored slice the attempt that it came from. `seeds` are those of `found`.
pub(super) fn claim<'a>(
    made: &[Made],
    found: &'a [Found],
    seeds: &[Option<u64>],
    account: &mut Account,
) -> Vec<Option<Place<'a>>> {
    let mut open: BTreeMap<(u64, Cell, &[u64]), Vec<usize>> = BTreeMap::new();
    for (at, slice) in made.iter().enumerate() {
        open.entry((slice.seed, slice.cell, &slice.samples_ns))
            .or_default()
            .push(at);
    }
    let mut places: Vec<Option<Place>> = vec![None; made.len()];
    let mut in_order: Vec<(&Found, Option<u64>)> =
        found.iter().zip(seeds.iter().copied()).collect();
    in_order.sort_by_key(|(slice, _)| (&slice.run, slice.slice));
    let mut others = Vec::new();
    for (slice, seed) in in_order {
        let key = seed.map(|seed| (seed, slice.cell, slice.samples_ns.as_slice()));
        let Some(attempts) = key.and_then(|key| open.get_mut(&key)) else {
            others.push(slice);
            continue;
        };
        // Of attempts with equal samples the last one was committed.
        if let Some(at) = attempts.pop() {
            places[at] = Some((&slice.run, slice.slice));
            account.found += count(&slice.samples_ns);
        } else {
            note_doubled(slice, account);
        }
    }
    for slice in others {
        claim_altered(made, slice, &mut places, account);
    }
    places
}

fn note_doubled(slice: &Found, account: &mut Account) {
    account.doubled += count(&slice.samples_ns);
    account.note(format_args!(
        "doubled: slice {} of run {} is stored elsewhere, too",
        slice.slice, slice.run
    ));
}

/// Finds the attempt that a stored slice came from which has not the same samples, if most are.
fn claim_altered<'a>(
    made: &[Made],
    slice: &'a Found,
    places: &mut [Option<Place<'a>>],
    account: &mut Account,
) {
    let mut of_cell: Vec<(bool, u64, usize)> = made
        .iter()
        .enumerate()
        .filter(|(_, attempt)| attempt.cell == slice.cell)
        .map(|(at, attempt)| {
            (
                places[at].is_none(),
                shared(&attempt.samples_ns, &slice.samples_ns),
                at,
            )
        })
        .collect();
    let stored = count(&slice.samples_ns);
    of_cell.retain(|(_, shared, _)| shared * 2 > stored);
    let Some((is_open, shared, at)) = of_cell.into_iter().max() else {
        account.unknown += stored;
        account.note(format_args!(
            "unknown: slice {} of run {} has {stored} samples that the stub never logged",
            slice.slice, slice.run
        ));
        return;
    };
    if !is_open {
        note_doubled(slice, account);
        return;
    }
    let logged = count(&made[at].samples_ns);
    places[at] = Some((&slice.run, slice.slice));
    account.found += shared;
    account.lost += logged - shared;
    account.doubled += stored - shared;
    account.note(format_args!(
        "altered: slice {} of run {} has {stored} samples, the stub logged {logged}, and {shared} are the same",
        slice.slice, slice.run
    ));
}

/// How many samples two lists share, each as often as it is in both.
fn shared(one: &[u64], other: &[u64]) -> u64 {
    let mut left: BTreeMap<u64, u64> = BTreeMap::new();
    for sample in one {
        *left.entry(*sample).or_default() += 1;
    }
    let mut shared = 0;
    for sample in other {
        if let Some(n) = left.get_mut(sample).filter(|n| **n > 0) {
            *n -= 1;
            shared += 1;
        }
    }
    shared
}
