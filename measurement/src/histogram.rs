//! Latency histograms: `HdrHistogram` in nanoseconds with 3 significant digits.
//!
//! A histogram keeps every count and each value to within 0.1 %, whatever its magnitude, and merges without loss:
//! the histogram of two places together is the sum of their histograms. Quantiles are never averaged.
//!
//! The encoded form is `HdrHistogram`'s V2 with DEFLATE in base64, the one that the Java, JavaScript and other
//! implementations read (<https://github.com/HdrHistogram/HdrHistogram>).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer as _, V2DeflateSerializer},
};

/// Significant decimal digits kept of each value: two values in one bucket differ by less than 0.1 %.
pub const SIGNIFICANT_DIGITS: u8 = 3;

/// The largest latency that is told apart, one hour: far above any call's timeout. Longer ones are counted as one hour.
pub const HIGHEST_NS: u64 = 3_600 * 1_000_000_000;

/// A histogram of latencies in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyHistogram(Histogram<u64>);

/// One bucket that holds samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Smallest value that falls into the bucket, in nanoseconds.
    pub lowest_ns: u64,
    /// Largest value that falls into the bucket, in nanoseconds.
    pub highest_ns: u64,
    /// Samples in it.
    pub count: u64,
}

/// Why a histogram could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("histogram could not be encoded: {0}")]
pub struct EncodeError(#[from] hdrhistogram::serialization::V2DeflateSerializeError);

/// Why a text is not an encoded histogram.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The text is not base64.
    #[error("histogram is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The bytes are not a V2 or V2+DEFLATE histogram.
    #[error("histogram is not in HdrHistogram V2 format: {0}")]
    Format(#[from] hdrhistogram::serialization::DeserializeError),
    /// Another precision: merging it would lose or pretend digits.
    #[error("histogram has {0} significant digits; expected {SIGNIFICANT_DIGITS}")]
    Digits(u8),
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyHistogram {
    /// An empty histogram; it grows with the values recorded.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "the constant is in the range that the crate documents"
    )]
    pub fn new() -> Self {
        Self(Histogram::new(SIGNIFICANT_DIGITS).expect("3 digits are within 0..=5"))
    }

    /// Counts one latency; above [`HIGHEST_NS`] it is counted there.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a histogram that may grow takes every value of one hour and less"
    )]
    pub fn record(&mut self, latency_ns: u64) {
        self.0
            .record(latency_ns.min(HIGHEST_NS))
            .expect("values up to one hour fit");
    }

    /// Adds every count of `other`.
    #[expect(
        clippy::missing_panics_doc,
        reason = "a histogram that may grow takes every value of one hour and less"
    )]
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("values up to one hour fit");
    }

    /// Number of samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Lower end of the bucket of the smallest sample, in nanoseconds; `None` when empty.
    #[must_use]
    pub fn min_ns(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.min())
    }

    /// Upper end of the bucket of the largest sample, in nanoseconds; `None` when empty.
    #[must_use]
    pub fn max_ns(&self) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.max())
    }

    /// Mean of the bucket middles in nanoseconds, within 0.05 % of the samples' mean; `None` when empty.
    #[must_use]
    pub fn mean_ns(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.mean())
    }

    /// Upper end of the bucket that holds the sample of rank `ceil(quantile * count)`, in nanoseconds; `None` when empty.
    ///
    /// `quantile` is in [0, 1]. The same definition as every `HdrHistogram` reader uses, so that others who read
    /// the encoded histogram find the same number.
    #[must_use]
    pub fn quantile_ns(&self, quantile: f64) -> Option<u64> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile))
    }

    /// Share of the samples at or below the bucket of `bound_ns`, in [0, 1]; 0 when empty.
    #[must_use]
    pub fn share_at_most(&self, bound_ns: u64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        self.0.quantile_below(bound_ns.min(HIGHEST_NS))
    }

    /// Smallest value in the bucket of `latency_ns`, in nanoseconds.
    #[must_use]
    pub fn bucket_start_ns(&self, latency_ns: u64) -> u64 {
        self.0.lowest_equivalent(latency_ns.min(HIGHEST_NS))
    }

    /// Largest value in the bucket of `latency_ns`, in nanoseconds.
    #[must_use]
    pub fn bucket_end_ns(&self, latency_ns: u64) -> u64 {
        self.0.highest_equivalent(latency_ns.min(HIGHEST_NS))
    }

    /// The buckets that hold samples, smallest values first.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.0.iter_recorded().map(|step| Bucket {
            lowest_ns: self.0.lowest_equivalent(step.value_iterated_to()),
            highest_ns: self.0.highest_equivalent(step.value_iterated_to()),
            count: step.count_at_value(),
        })
    }

    /// The histogram as base64 text of `HdrHistogram` V2 with DEFLATE.
    ///
    /// # Errors
    /// [`EncodeError`] when compression fails, which takes a lack of memory.
    pub fn encode(&self) -> Result<String, EncodeError> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(&self.0, &mut bytes)?;
        Ok(STANDARD.encode(bytes))
    }

    /// Reads what [`Self::encode`] wrote. (Others read it, too; of what others write, `hdr-histogram-js` 3 sets header fields
    /// that the crate does not support.)
    ///
    /// # Errors
    /// [`DecodeError`] when the text is not base64, not a histogram, or of another precision.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let bytes = STANDARD.decode(text)?;
        let mut histogram: Histogram<u64> =
            Deserializer::new().deserialize(&mut bytes.as_slice())?;
        if histogram.sigfig() != SIGNIFICANT_DIGITS {
            return Err(DecodeError::Digits(histogram.sigfig()));
        }
        histogram.auto(true);
        Ok(Self(histogram))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl IntoIterator<Item = u64>) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new();
        samples.into_iter().for_each(|ns| histogram.record(ns));
        histogram
    }

    #[test]
    fn an_empty_histogram_has_no_extremes_mean_or_quantiles() {
        let empty = LatencyHistogram::new();
        assert_eq!(
            (empty.min_ns(), empty.max_ns(), empty.quantile_ns(0.5)),
            (None, None, None)
        );
        assert_eq!(empty.mean_ns(), None);
    }

    #[test]
    fn values_keep_three_digits() {
        for ns in [1_u64, 999, 123_456, 98_765_432, 3_000_000_000] {
            let end = of([ns]).max_ns().unwrap();
            assert!(
                end >= ns && (end - ns) as f64 <= 1e-3 * ns as f64,
                "{ns} became {end}"
            );
        }
    }

    #[test]
    fn merging_equals_recording_everything_in_one() {
        let left = of((0..500).map(|i| 1_000 + i * 7));
        let right = of((0..300).map(|i| 2_000_000 + i * 991));
        let mut merged = left.clone();
        merged.merge(&right);
        let whole = of((0..500)
            .map(|i| 1_000 + i * 7)
            .chain((0..300).map(|i| 2_000_000 + i * 991)));
        assert_eq!(merged, whole);
        assert_eq!(merged.count(), 800);
    }

    #[test]
    fn encoding_loses_nothing_and_a_decoded_histogram_still_grows() {
        let original = of((0..3_000_u64).map(|i| 50_000 + i * i));
        let mut back = LatencyHistogram::decode(&original.encode().unwrap()).unwrap();
        assert_eq!(back.count(), 3_000);
        assert!(back.buckets().eq(original.buckets()));
        back.record(HIGHEST_NS);
        assert_eq!(back.count(), 3_001);
    }

    #[test]
    fn the_written_form_starts_like_every_histogram_log_and_other_texts_are_refused() {
        // V2 + DEFLATE has the cookie 0x1c849314, "HISTFAAAA" in base64
        assert!(of([100_000]).encode().unwrap().starts_with("HISTFAAAA"));
        assert!(LatencyHistogram::decode("not base64!").is_err());
        assert!(LatencyHistogram::decode("AAAA").is_err());
    }

    #[test]
    fn another_precision_is_refused() {
        let mut coarse = Histogram::<u64>::new(2).unwrap();
        coarse.record(5).unwrap();
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&coarse, &mut bytes)
            .unwrap();
        assert!(matches!(
            LatencyHistogram::decode(&STANDARD.encode(bytes)),
            Err(DecodeError::Digits(2))
        ));
    }

    #[test]
    fn buckets_cover_their_samples_and_count_them() {
        let histogram = of([10, 10, 1_234_567]);
        let buckets: Vec<_> = histogram.buckets().collect();
        assert_eq!(buckets.len(), 2);
        assert_eq!(buckets[0].count, 2);
        assert!((buckets[1].lowest_ns..=buckets[1].highest_ns).contains(&1_234_567));
    }

    #[test]
    fn the_share_at_most_a_value_includes_its_bucket() {
        let histogram = of([100, 200, 300, 400]);
        assert!((histogram.share_at_most(200) - 0.5).abs() < 1e-12);
        assert!((histogram.share_at_most(99) - 0.0).abs() < 1e-12);
        assert!((histogram.share_at_most(HIGHEST_NS) - 1.0).abs() < 1e-12);
        assert!(LatencyHistogram::new().share_at_most(1) < 1e-12);
    }

    #[test]
    fn what_lasts_longer_than_an_hour_is_counted_as_an_hour() {
        let histogram = of([u64::MAX]);
        assert_eq!(histogram.count(), 1);
        assert!(histogram.max_ns().unwrap() as f64 <= HIGHEST_NS as f64 * 1.001);
    }
}
