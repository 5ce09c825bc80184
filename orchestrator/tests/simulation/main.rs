//! The coordinator and the API on simulated platforms, without workerd. One program: each more would be linked for itself.

mod alerts;
mod api;
mod api_reads;
mod busy;
mod cold_starts;
mod comparison;
mod deployment_starts;
mod doctor;
mod exports;
mod interim;
mod latest;
mod lifecycle;
mod misuse;
mod opening;
mod places;
mod recovery;
mod residency;
mod rounds;
mod rows_read;
mod schedule;
mod settled;
mod simulated;
mod storage;
