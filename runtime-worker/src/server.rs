//! One server per transport: each decodes a request, has its function executed, encodes the answer.

pub(crate) mod health;
pub(crate) mod json;
