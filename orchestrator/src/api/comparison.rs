//! `/comparison`: two runs, or two transports of them, beside each other.

use super::{Api, Coordinators, Incoming, Response, results::stored};
use core::{fmt::Display, str::FromStr};
use protocol::{Problem, RunId, Transport, problem::FieldError};

/// What is compared, as the query names it.
struct Sides {
    first: RunId,
    second: RunId,
    transports: Option<(Transport, Transport)>,
}

impl<C: Coordinators> Api<'_, C> {
    pub(super) async fn comparison(&self, request: &impl Incoming) -> Result<Response, Problem> {
        let sides = Sides::of(request)?;
        let first = stored(&self.report(&sides.first).await?)?;
        let second = if sides.second == sides.first {
            None
        } else {
            Some(stored(&self.report(&sides.second).await?)?)
        };
        let second = second.as_ref().unwrap_or(&first);
        let compared = report::comparison::compare(&first, second, sides.transports);
        Ok(Response::json(200, &compared))
    }
}

impl Sides {
    /// Reads the query, and names each bad field.
    fn of(request: &impl Incoming) -> Result<Self, Problem> {
        let mut query = Query {
            request,
            errors: Vec::new(),
        };
        let first: Option<RunId> = query.named("first");
        let second: Option<RunId> = query.named("second");
        let one: Option<Transport> = query.named("first_transport");
        let other: Option<Transport> = query.named("second_transport");
        // A side that is not named is the other one's.
        let transports = one.or(other).zip(other.or(one));
        if request.query("first").is_none() {
            query.refuse(
                "first",
                "must name a run, as in ?first=20261122T172800Z-4f9a1c07; GET /runs lists them",
            );
        }
        match first {
            Some(first) if query.errors.is_empty() => Ok(Self {
                second: second.unwrap_or_else(|| first.clone()),
                first,
                transports,
            }),
            _ => Err(query.problem()),
        }
    }
}

/// The query, and what is wrong with it so far.
struct Query<'a, R> {
    request: &'a R,
    errors: Vec<FieldError>,
}

impl<R: Incoming> Query<'_, R> {
    /// What a field names, if it is there and can be read.
    fn named<T: FromStr<Err: Display>>(&mut self, field: &str) -> Option<T> {
        match self.request.query(field)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(field, &error.to_string());
                None
            }
        }
    }

    fn refuse(&mut self, field: &str, detail: &str) {
        self.errors.push(FieldError {
            field: field.to_owned(),
            detail: detail.to_owned(),
        });
    }

    fn problem(self) -> Problem {
        let fields = self.errors.len();
        Problem::new(400, format!("the query has {fields} bad field(s)")).with_errors(self.errors)
    }
}
