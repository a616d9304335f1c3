//! Faults: which engine is broken on purpose, how, and for how many calls.
//!
//! Only the bookkeeping; what a broken engine answers is said by each stand-in (`gate::Failures`).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lock::lock;

/// A stand-in that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Engine {
    /// The reverse image search.
    Tineye,
    /// The host of the planted pictures and pages.
    Web,
    /// The mail service.
    Ses,
    /// The service that knows breaches.
    Hibp,
    /// The networks' public profiles.
    Social,
    /// The networks' authorisation servers.
    Oauth,
    /// The search by picture that also says what a picture shows.
    Vision,
    /// The service that asks search engines.
    Serpapi,
    /// The search by face.
    Facecheck,
    /// The time-stamp authorities.
    Tsa,
}

impl Engine {
    pub(crate) const ALL: [Self; 10] = [
        Self::Tineye,
        Self::Web,
        Self::Ses,
        Self::Hibp,
        Self::Social,
        Self::Oauth,
        Self::Vision,
        Self::Serpapi,
        Self::Facecheck,
        Self::Tsa,
    ];
}

/// How an engine is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// `status` in the engine's own error format.
    Error,
    /// No answer until the client leaves.
    Timeout,
    /// 200 with a body that is not the format.
    Garbage,
    /// The engine's own "you have used it up".
    Quota,
    /// Healthy, at most slow.
    Off,
}

/// One engine, broken on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    pub(crate) engine: Engine,
    pub(crate) mode: Mode,
    pub(crate) status: u16,
    pub(crate) delay_ms: u64,
    /// Calls still to be broken; absent means until cleared.
    pub(crate) times: Option<u32>,
}

impl Fault {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

/// The body of `POST /_fault`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultWish {
    engine: Engine,
    mode: Mode,
    status: Option<u16>,
    delay_ms: Option<u64>,
    times: Option<u32>,
}

const DEFAULT_STATUS: u16 = 503;
/// No client waits longer for an answer that does come.
const LONGEST_DELAY_MS: u64 = 60_000;

impl FaultWish {
    /// The fault that was asked for.
    ///
    /// # Errors
    /// A sentence that says which field cannot be.
    pub(crate) fn fault(self) -> Result<Fault, String> {
        let status = self.status.unwrap_or(DEFAULT_STATUS);
        if !(400..=599).contains(&status) {
            return Err(format!("status must be an error, 400 to 599, not {status}"));
        }
        let delay_ms = self.delay_ms.unwrap_or(0);
        if delay_ms > LONGEST_DELAY_MS {
            return Err(format!(
                "delay_ms must be at most {LONGEST_DELAY_MS}, not {delay_ms}"
            ));
        }
        if self.times == Some(0) {
            return Err("times must be at least 1; leave it out to break every call".to_owned());
        }
        Ok(Fault {
            engine: self.engine,
            mode: self.mode,
            status,
            delay_ms,
            times: self.times,
        })
    }
}

/// At most one fault per engine.
#[derive(Default)]
pub(crate) struct Faults(Mutex<BTreeMap<Engine, Fault>>);

impl Faults {
    /// Breaks an engine, or repairs it when the fault is [`Mode::Off`] without a delay.
    pub(crate) fn set(&self, fault: Fault) {
        let mut faults = lock(&self.0);
        if fault.mode == Mode::Off && fault.delay_ms == 0 {
            faults.remove(&fault.engine);
        } else {
            faults.insert(fault.engine, fault);
        }
    }

    /// The fault that the next call of `engine` meets, counted as met.
    pub(crate) fn take(&self, engine: Engine) -> Option<Fault> {
        let mut faults = lock(&self.0);
        let fault = faults.get_mut(&engine)?;
        let met = fault.clone();
        match &mut fault.times {
            Some(left) if *left > 1 => *left -= 1,
            Some(_) => {
                faults.remove(&engine);
            }
            None => {}
        }
        Some(met)
    }

    /// What is broken now.
    pub(crate) fn all(&self) -> Vec<Fault> {
        lock(&self.0).values().cloned().collect()
    }

    /// Repairs everything; says how many engines were broken.
    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(json: serde_json::Value) -> Result<Fault, String> {
        serde_json::from_value::<FaultWish>(json)
            .map_err(|e| e.to_string())?
            .fault()
    }

    #[test]
    fn a_fault_wears_out_after_its_times() {
        let faults = Faults::default();
        faults.set(wish(serde_json::json!({"engine":"tineye","mode":"error","times":2})).unwrap());
        assert!(faults.take(Engine::Web).is_none());
        assert_eq!(faults.take(Engine::Tineye).unwrap().times, Some(2));
        assert_eq!(faults.take(Engine::Tineye).unwrap().times, Some(1));
        assert!(faults.take(Engine::Tineye).is_none());
        assert!(faults.all().is_empty());
    }

    #[test]
    fn a_fault_without_times_stays_until_repaired() {
        let faults = Faults::default();
        faults.set(wish(serde_json::json!({"engine":"web","mode":"quota"})).unwrap());
        for _ in 0..5 {
            assert!(faults.take(Engine::Web).is_some());
        }
        faults.set(wish(serde_json::json!({"engine":"web","mode":"off"})).unwrap());
        assert!(faults.take(Engine::Web).is_none());
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let bad = |json| wish(json).unwrap_err();
        assert!(bad(serde_json::json!({"engine":"bing","mode":"error"})).contains("bing"));
        assert!(bad(serde_json::json!({"engine":"web","mode":"odd"})).contains("odd"));
        assert!(
            bad(serde_json::json!({"engine":"web","mode":"error","status":200})).contains("status")
        );
        assert!(bad(serde_json::json!({"engine":"web","mode":"off","times":0})).contains("times"));
        assert!(
            bad(serde_json::json!({"engine":"web","mode":"off","delay_ms":60001}))
                .contains("delay_ms")
        );
        assert!(bad(serde_json::json!({"engine":"web","mode":"off","wait":1})).contains("wait"));
    }
}
