//! Where the time of a delegated call goes: its parts, each measured on its own, and the residual that they leave.
//!
//! The whole is the mean of calls in a row (a chain). Empty hop, encoding, decoding and the function are timed by
//! repetition in the same blocks. What is left is not measured but computed, block by block, so that its interval
//! holds the scatter of all of them: the bodies' way between isolates, mostly. It may be negative, where a part
//! costs less inside a call than repeated on its own.

use crate::{
    block_means::BlockMeans,
    interval::{Estimate, Undefined},
};

/// Times of one (function, payload size), as means by block.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Calls in a row.
    pub total: &'a BlockMeans,
    /// Calls that carry nothing and do nothing.
    pub empty_hop: &'a BlockMeans,
    /// Encoding of request and answer.
    pub encode: &'a BlockMeans,
    /// Decoding of request and answer.
    pub decode: &'a BlockMeans,
    /// The function itself.
    pub function: &'a BlockMeans,
}

impl Parts<'_> {
    /// The whole less its parts, over the blocks that have them all.
    ///
    /// # Errors
    /// [`Undefined`] when no block, or only one, has them all.
    pub fn residual(&self) -> Result<Estimate, Undefined> {
        let parts = [
            self.total,
            self.empty_hop,
            self.encode,
            self.decode,
            self.function,
        ];
        BlockMeans::combine(&parts, |means| means[0] - means[1..].iter().sum::<f64>()).estimate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(values: &[f64]) -> BlockMeans {
        let mut means = BlockMeans::new();
        (0..)
            .zip(values)
            .for_each(|(block, &mean_ns)| means.add(block, mean_ns, 8));
        means
    }

    #[test]
    fn the_parts_and_the_residual_add_up_to_the_whole() {
        let (total, empty_hop) = (means(&[100.0, 120.0, 110.0]), means(&[60.0, 70.0, 65.0]));
        let (encode, decode, function) = (means(&[10.0; 3]), means(&[15.0; 3]), means(&[5.0; 3]));
        let parts = Parts {
            total: &total,
            empty_hop: &empty_hop,
            encode: &encode,
            decode: &decode,
            function: &function,
        };
        let residual = parts.residual().unwrap();
        let sum: f64 = [&empty_hop, &encode, &decode, &function]
            .iter()
            .map(|p| p.estimate().unwrap().value_ns)
            .sum();
        assert!((sum + residual.value_ns - total.estimate().unwrap().value_ns).abs() < 1e-9);
        assert!(
            residual.covers(10.0) && residual.covers(20.0),
            "{residual:?}"
        );
    }

    #[test]
    fn a_part_that_was_not_measured_leaves_no_residual() {
        let (total, nothing) = (means(&[100.0, 120.0]), BlockMeans::new());
        let parts = Parts {
            total: &total,
            empty_hop: &nothing,
            encode: &total,
            decode: &total,
            function: &total,
        };
        assert_eq!(parts.residual(), Err(Undefined::NoSamples));
    }
}
