//! Reports of simulated runs. One program: each more would be linked for itself.

mod assembled;
mod below_resolution;
mod clocks;
mod cold_starts;
mod comparison;
mod failures;
mod geometry;
mod merge;
mod neighbours;
mod refused;
mod residency;
mod rounds;
mod runs;
mod runtimes;
mod schema_1;
mod standing_clock;
mod warnings;
