//! The loader and what was loaded by it, which `js/laboratory.js` holds.

use crate::sampling::Isolates;
use js_sys::{JsString, Uint8Array};
use protocol::{
    Payload,
    cold_start::{Artefact, FUNCTION, IsolateFacts, Scenario},
};
use stub::{CallError, platform::Promise, watchdog::Watchdog};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The object of that file.
    pub type Laboratory;

    #[wasm_bindgen(method)]
    fn artefacts(this: &Laboratory) -> js_sys::Array;

    #[wasm_bindgen(method, catch)]
    fn identity(this: &Laboratory, name: &str) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, js_name = keeps)]
    fn is_kept(this: &Laboratory, name: &str) -> bool;

    #[wasm_bindgen(method, catch, js_name = keep)]
    fn load_to_keep(this: &Laboratory, name: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn arrange(
        this: &Laboratory,
        entry: &str,
        entry_is_fresh: bool,
        runtime: &str,
        runtime_is_fresh: bool,
        is_new: bool,
    );

    #[wasm_bindgen(method, catch)]
    fn enter(this: &Laboratory) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn call(
        this: &Laboratory,
        function_id: &JsString,
        payload: &Uint8Array,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = entryFacts)]
    fn entry_facts(this: &Laboratory) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch, js_name = runtimeFacts)]
    fn runtime_facts(this: &Laboratory) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn nothing(this: &Laboratory) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method)]
    fn leave(this: &Laboratory);
}

/// An artefact in a sample: a fresh isolate of it, or the one that is kept.
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) is_fresh: bool,
}

impl Part {
    pub(crate) fn of(name: &str, is_fresh: bool) -> Self {
        Self {
            name: name.to_owned(),
            is_fresh,
        }
    }
}

/// What is called, and the runtime that its calls reach.
pub(crate) struct Pair {
    pub(crate) entry: Part,
    pub(crate) runtime: Part,
    /// Whether the wasm of what is fresh is new to the process.
    pub(crate) is_new: bool,
}

impl Pair {
    /// Two that are kept.
    pub(crate) fn kept(entry: &str, runtime: &str) -> Self {
        Self {
            entry: Part::of(entry, false),
            runtime: Part::of(runtime, false),
            is_new: false,
        }
    }
}

/// The two isolates of a sample, by what they say of themselves.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) entry: Option<IsolateFacts>,
    pub(crate) runtime: Option<IsolateFacts>,
}

impl Laboratory {
    /// The names of all artefacts.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.artefacts();
        names.iter().filter_map(|name| name.as_string()).collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    /// What an artefact is.
    pub(crate) async fn artefact(&self, name: &str) -> Result<Artefact, CallError> {
        let identity = self.identity(name)?.settled().await?;
        let identity = identity.as_string().unwrap_or_default();
        let (sha256, bytes) = identity
            .split_once(' ')
            .and_then(|(sha256, bytes)| Some((sha256, bytes.parse().ok()?)))
            .ok_or_else(|| CallError::bad_response(format!("{name} has no identity")))?;
        Ok(Artefact {
            name: name.to_owned(),
            sha256: sha256.to_owned(),
            bytes,
        })
    }

    pub(crate) fn keeps(&self, name: &str) -> bool {
        self.is_kept(name)
    }

    /// Loads an isolate that is kept.
    pub(crate) fn keep(&self, name: &str) -> Result<(), CallError> {
        Ok(self.load_to_keep(name)?)
    }

    /// Gets ready for calls of `pair` with `payload`.
    pub(crate) fn arranged<'a>(
        &'a self,
        pair: &Pair,
        payload: &'a Payload,
        watchdog: &'a Watchdog,
    ) -> Arranged<'a> {
        let (entry, runtime) = (&pair.entry, &pair.runtime);
        self.arrange(
            &entry.name,
            entry.is_fresh,
            &runtime.name,
            runtime.is_fresh,
            pair.is_new,
        );
        Arranged {
            laboratory: self,
            function_id: FUNCTION.into(),
            payload: payload.json().get(),
            watchdog,
        }
    }
}

/// A pair that is ready to be called. What was fresh in it is let go of when it is dropped.
pub(crate) struct Arranged<'a> {
    laboratory: &'a Laboratory,
    function_id: JsString,
    payload: &'a str,
    watchdog: &'a Watchdog,
}

impl Arranged<'_> {
    /// One call whose answer does not matter.
    pub(crate) async fn one(&self) -> Result<(), CallError> {
        Isolates::call(self).await.map(|_| ())
    }

    /// What the isolates of `scenario` say of themselves; nothing of those that are not loaded yet.
    pub(crate) async fn facts(&self, scenario: Scenario) -> Result<Facts, CallError> {
        let entry = facts(self.laboratory.entry_facts()?).await?;
        let runtime = if scenario.delegates() {
            facts(self.laboratory.runtime_facts()?).await?
        } else {
            None
        };
        Ok(Facts { entry, runtime })
    }
}

async fn facts(asking: Promise) -> Result<Option<IsolateFacts>, CallError> {
    let Some(json) = asking.settled().await?.as_string() else {
        return Ok(None);
    };
    serde_json::from_str(&json)
        .map(Some)
        .map_err(|error| CallError::bad_response(format!("facts of an isolate: {error}")))
}

impl Isolates for Arranged<'_> {
    fn enter(&self) -> Result<(), CallError> {
        Ok(self.laboratory.enter()?)
    }

    async fn breathe(&self) -> Result<(), CallError> {
        self.laboratory.nothing()?.settled().await?;
        Ok(())
    }

    async fn call(&self) -> Result<bool, CallError> {
        let payload = Uint8Array::from(self.payload.as_bytes());
        let calling = self.laboratory.call(&self.function_id, &payload)?;
        let answer = self
            .watchdog
            .guard(0, async { Ok(calling.settled().await?) })
            .await?;
        Ok(answer.as_string().as_deref() == Some(self.payload))
    }
}

impl Drop for Arranged<'_> {
    fn drop(&mut self) {
        self.laboratory.leave();
    }
}
