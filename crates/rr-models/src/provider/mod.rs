//! How one model is asked: over the network, or on this machine.

mod chat;
mod local;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rr_core::{AnswerSchema, CancelToken, Executor, ModelError};

use crate::pool::{ModelPool, PoolParts};
use crate::render::Messages;
use crate::settings::ModelSettings;
use chat::Chat;
use local::LocalServer;

/// One question, rendered.
pub(crate) struct Question<'a> {
    pub messages: &'a Messages,
    pub schema: Option<&'a AnswerSchema>,
    pub max_tokens: u32,
}

/// What came back, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawAnswer {
    pub text: String,
    /// Whether the model came to an end by itself.
    pub complete: bool,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// One model.
pub(crate) trait Provider: Send + Sync {
    /// Asks it once.
    fn send(&self, question: &Question<'_>, cancel: &CancelToken) -> Result<RawAnswer, ModelError>;

    /// Why it cannot be asked at all, where that is known without asking.
    fn usable(&self) -> Result<(), String>;
}

/// The pool of all configured models. `variables` are those of the process (keys are looked up
/// there), `host` starts the servers of local models, `home` is where they keep what they need.
#[must_use]
pub fn open_pool(
    settings: &ModelSettings,
    variables: &BTreeMap<String, String>,
    host: &Arc<dyn Executor>,
    home: &Path,
    mut parts: PoolParts,
) -> ModelPool {
    let timeout = Duration::from_secs(settings.timeout_seconds);
    let key = |name: &String| variables.get(name).filter(|key| !key.is_empty()).cloned();
    let mut providers: Vec<Box<dyn Provider>> = Vec::new();
    let mut keys = Vec::new();
    for provider in &settings.providers {
        let found = provider.key_env.as_ref().and_then(key);
        keys.extend(found.clone());
        let server = provider.local.as_ref().map(|local| {
            let path = variables.get("PATH").map_or("", String::as_str);
            LocalServer::new(local.clone(), host.clone(), home, path)
        });
        providers.push(Box::new(Chat::new(provider.clone(), found, server, timeout)));
    }
    parts.redactor = parts.redactor.knowing(keys);
    ModelPool::of(settings, providers, parts)
}
