//! The quantiles that reports state: one list, which everything that shows quantiles goes through.
//!
//! A further quantile is a variant here with its order, and its row in the page's vocabulary.

use crate::named::named;
use core::{fmt, marker::PhantomData, ops::Index};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::{borrow::Cow, collections::BTreeMap};

named! {
    /// A quantile that reports state.
    pub enum Quantile ("metric") {
        /// Median.
        P50 = "p50",
        /// 95th percentile.
        P95 = "p95",
        /// 99th percentile.
        P99 = "p99",
        /// 99.9th percentile.
        P99_9 = "p99_9",
    }
}

impl Quantile {
    /// Those that transports are compared by: overheads, thresholds, history, metrics. What has any quantiles has these: to add one, let stored
    /// reports be upgraded where they are read (`report::read`).
    pub const COMPARED: &'static [Self] = &[Self::P50, Self::P95, Self::P99];

    /// Its place among the sorted latencies, in (0, 1).
    #[must_use]
    pub const fn order(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P99_9 => 0.999,
        }
    }

    /// As people read it: `p99.9`.
    #[must_use]
    pub fn title(self) -> String {
        self.as_str().replace('_', ".")
    }

    /// The name of a field that holds it in microseconds: `p99_9_us`.
    #[must_use]
    pub fn field(self) -> String {
        format!("{self}{UNIT}")
    }

    fn of_field(name: &str) -> Option<Self> {
        name.strip_suffix(UNIT)?.parse().ok()
    }
}

/// Ends the name of a field.
const UNIT: &str = "_us";

/// Something for each quantile: all of [`Quantile::COMPARED`] at least.
///
/// On the wire these are fields of the object around them, named by [`Quantile::field`].
#[derive(Clone, Debug, PartialEq)]
pub struct ByQuantile<T>(BTreeMap<Quantile, T>);

impl<T> ByQuantile<T> {
    /// Of every quantile.
    pub fn of_all(of: impl FnMut(Quantile) -> T) -> Self {
        Self::of(Quantile::ALL, of)
    }

    /// Of those that transports are compared by.
    pub fn of_compared(of: impl FnMut(Quantile) -> T) -> Self {
        Self::of(Quantile::COMPARED, of)
    }

    fn of(quantiles: &[Quantile], mut of: impl FnMut(Quantile) -> T) -> Self {
        Self(quantiles.iter().map(|&q| (q, of(q))).collect())
    }

    /// Those of [`Quantile::COMPARED`] alone.
    #[must_use]
    pub fn compared(&self) -> Self
    where
        T: Clone,
    {
        Self::of_compared(|q| self[q].clone())
    }

    /// What there is of a quantile.
    #[must_use]
    pub fn get(&self, quantile: Quantile) -> Option<&T> {
        self.0.get(&quantile)
    }

    /// All that there is, in rising order of the quantiles.
    pub fn iter(&self) -> impl Iterator<Item = (Quantile, &T)> {
        self.0.iter().map(|(&quantile, value)| (quantile, value))
    }

    /// The values alone, in rising order of their quantiles.
    #[must_use]
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.0.values()
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    /// Something else for each.
    pub fn map<U>(&self, mut to: impl FnMut(Quantile, &T) -> U) -> ByQuantile<U> {
        ByQuantile(self.0.iter().map(|(&q, value)| (q, to(q, value))).collect())
    }
}

impl<T> Index<Quantile> for ByQuantile<T> {
    type Output = T;

    /// One of [`Quantile::COMPARED`], which are always there; for the others there is [`ByQuantile::get`].
    ///
    /// # Panics
    /// Without an entry of that quantile.
    fn index(&self, quantile: Quantile) -> &T {
        &self.0[&quantile]
    }
}

impl<T: Serialize> Serialize for ByQuantile<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.iter()
                .map(|(quantile, value)| (quantile.field(), value)),
        )
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByQuantile<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// Picks the fields of quantiles out of those of the object around them.
struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = ByQuantile<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a field for each quantile, such as p50_us")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(name) = fields.next_key::<Cow<'_, str>>()? {
            match Quantile::of_field(&name) {
                Some(quantile) => {
                    found.insert(quantile, fields.next_value()?);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        let missing = Quantile::COMPARED.iter().find(|q| !found.contains_key(q));
        missing.map_or(Ok(ByQuantile(found)), |quantile| {
            Err(serde::de::Error::custom(format!(
                "missing field `{}`",
                quantile.field()
            )))
        })
    }
}

#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for ByQuantile<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ByQuantileOf{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let fields =
            |quantiles: &[Quantile]| quantiles.iter().map(|q| q.field()).collect::<Vec<_>>();
        let of = generator.subschema_for::<T>();
        let properties: serde_json::Map<_, _> = Quantile::ALL
            .iter()
            .map(|q| {
                let mut schema = of.clone();
                schema.insert(
                    "description".to_owned(),
                    format!("{}, in us.", q.title()).into(),
                );
                (q.field(), schema.to_value())
            })
            .collect();
        schemars::json_schema!({
            "type": "object",
            "properties": properties,
            "required": fields(Quantile::COMPARED),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Around {
        id: String,
        #[serde(flatten)]
        quantiles: ByQuantile<f64>,
        n: u64,
    }

    #[test]
    fn quantiles_are_fields_of_the_object_around_them() {
        let around = Around {
            id: "a".to_owned(),
            quantiles: ByQuantile::of_all(Quantile::order),
            n: 400,
        };
        let json =
            r#"{"id":"a","p50_us":0.5,"p95_us":0.95,"p99_us":0.99,"p99_9_us":0.999,"n":400}"#;
        assert_eq!(serde_json::to_string(&around).unwrap(), json);
        assert_eq!(serde_json::from_str::<Around>(json).unwrap(), around);
    }

    #[test]
    fn fields_of_later_versions_are_passed_over_and_one_that_all_have_is_missed() {
        let read = |json: &str| serde_json::from_str::<Around>(json);
        let three = r#""id":"a","n":1,"p50_us":1,"p95_us":2"#;
        let newer = read(&format!(
            r#"{{{three},"p99_us":3,"p99_99_us":{{}},"px_us":[]}}"#
        ))
        .unwrap();
        assert_eq!(
            newer.quantiles,
            ByQuantile::of_compared(|q| newer.quantiles[q])
        );
        assert_eq!(newer.quantiles.get(Quantile::P99_9), None);
        let error = read(&format!("{{{three}}}")).unwrap_err().to_string();
        assert!(error.contains("missing field `p99_us`"), "{error}");
    }

    #[test]
    fn names_and_orders_agree() {
        for &quantile in Quantile::ALL {
            let percent: f64 = quantile.title()[1..].parse().unwrap();
            assert!(
                (percent / 100.0 - quantile.order()).abs() < 1e-12,
                "{quantile}"
            );
            assert_eq!(Quantile::of_field(&quantile.field()), Some(quantile));
        }
        assert!(Quantile::ALL.is_sorted_by(|a, b| a.order() < b.order()));
        assert_eq!(Quantile::P99_9.title(), "p99.9");
    }
}
