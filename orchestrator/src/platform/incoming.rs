//! A request of the platform as the API reads it.

use crate::api::{BodyError, Incoming};
use core::cell::RefCell;
use futures_util::StreamExt as _;
use worker::{Request, Url};

/// A request.
pub(super) struct HttpRequest {
    method: String,
    url: Url,
    request: RefCell<Request>,
}

impl HttpRequest {
    pub(super) fn new(request: Request) -> worker::Result<Self> {
        Ok(Self {
            // The platform's own word: `worker::Method` takes every method that it does not know for GET.
            method: request.inner().method(),
            url: request.url()?,
            request: RefCell::new(request),
        })
    }
}

impl Incoming for HttpRequest {
    fn method(&self) -> &str {
        &self.method
    }

    fn path(&self) -> &str {
        self.url.path()
    }

    fn query(&self, name: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
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
