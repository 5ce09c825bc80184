//! What the platform is answered with.
//!
//! Readers get what the cache holds, hundreds of kilobytes at times. Its bytes are copied out of wasm once, and not for each reader.

use crate::api::{self, SECURITY_HEADERS};
use core::cell::RefCell;
use js_sys::Uint8Array;
use std::rc::{Rc, Weak};
use web_sys::{Headers, ResponseInit};

/// A body that is kept in the cache, and its bytes outside of wasm.
struct Copied {
    /// As long as this is the only one that knows it, nobody will ask for it again.
    body: Weak<str>,
    bytes: Uint8Array,
}

thread_local! {
    static COPIED: RefCell<Vec<Copied>> = const { RefCell::new(Vec::new()) };
    /// The header fields that every response carries.
    static EVERY: RefCell<Option<Headers>> = const { RefCell::new(None) };
}

/// A complete response.
pub(super) fn full(response: &api::Response, method: &str) -> worker::Result<web_sys::Response> {
    let headers = every()?;
    for (name, value) in &response.headers {
        headers.set(name, value)?;
    }
    let init = ResponseInit::new();
    init.set_status(response.status);
    init.set_headers(&headers);
    if method == "HEAD" || response.status == 204 {
        return Ok(web_sys::Response::new_with_opt_str_and_init(None, &init)?);
    }
    let bytes = bytes_of(&response.body);
    Ok(web_sys::Response::new_with_opt_buffer_source_and_init(
        Some(&bytes),
        &init,
    )?)
}

/// Adds the header fields that every response carries.
pub(super) fn secured(response: worker::Response) -> worker::Result<web_sys::Response> {
    let headers = worker::Headers::new();
    for (name, value) in response.headers().entries() {
        headers.append(&name, &value)?;
    }
    for (name, value) in SECURITY_HEADERS {
        headers.set(name, value)?;
    }
    Ok(response.with_headers(headers).into())
}

/// A copy of the header fields that every response carries.
fn every() -> worker::Result<Headers> {
    if let Some(every) = EVERY.with_borrow(Option::clone) {
        return Ok(Headers::new_with_headers(&every)?);
    }
    let every = Headers::new()?;
    for (name, value) in SECURITY_HEADERS {
        every.set(name, value)?;
    }
    EVERY.set(Some(Headers::new_with_headers(&every)?));
    Ok(every)
}

/// The bytes of a body, those of a kept one copied once.
fn bytes_of(body: &Rc<str>) -> Uint8Array {
    if Rc::strong_count(body) == 1 {
        return Uint8Array::from(body.as_bytes());
    }
    COPIED.with_borrow_mut(|all| {
        all.retain(|copied| copied.body.strong_count() > 0);
        let its = Rc::downgrade(body);
        if let Some(copied) = all.iter().find(|copied| copied.body.ptr_eq(&its)) {
            return copied.bytes.clone();
        }
        let bytes = Uint8Array::from(body.as_bytes());
        all.push(Copied {
            body: its,
            bytes: bytes.clone(),
        });
        bytes
    })
}
