//! A request of the platform as the API reads it.

use crate::api::{BodyError, Incoming};
use core::cell::RefCell;
use futures_util::StreamExt as _;
use web_sys::{Url, UrlSearchParams};
use worker::Request;

/// A request.
pub(super) struct HttpRequest {
    method: String,
    path: String,
    /// The platform's own: Rust's `url` brings the tables of Unicode host names, a tenth of this Worker.
    url: Url,
    parameters: UrlSearchParams,
    request: RefCell<Request>,
}

impl HttpRequest {
    pub(super) fn new(request: Request) -> worker::Result<Self> {
        let url = Url::new(&request.inner().url())?;
        Ok(Self {
            // The platform's own word: `worker::Method` takes every method that it does not know for GET.
            method: request.inner().method(),
            path: url.pathname(),
            parameters: url.search_params(),
            url,
            request: RefCell::new(request),
        })
    }

    /// The whole address.
    pub(super) fn url(&self) -> String {
        self.url.href()
    }
}

impl Incoming for HttpRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self, name: &str) -> Option<String> {
        self.parameters.get(name)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.request.borrow().headers().get(name).ok().flatten()
    }

    async fn body(&self, limit: usize) -> Result<Vec<u8>, BodyError> {
        // Taken out of the cell at once: no borrow is held while the body arrives.
        let stream = self.request.borrow_mut().stream();
        let Ok(mut stream) = stream else {
            return Ok(Vec::new());
        };
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend(piece.map_err(|_| BodyError::Broken)?);
            if bytes.len() > limit {
                return Err(BodyError::TooLong);
            }
        }
        Ok(bytes)
    }
}
