//! One server per transport: each decodes a request, has its function executed, encodes the answer.

pub(crate) mod capnweb;
pub(crate) mod health;
pub(crate) mod json;
pub(crate) mod msgpack;
pub(crate) mod rpc;
pub(crate) mod websocket;
