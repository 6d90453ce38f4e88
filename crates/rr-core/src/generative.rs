//! Generative models: what is asked of one, what it answers, and what can go wrong.
//!
//! A [`Prompt`] keeps our own words apart from text that a repository or its programs wrote, so
//! that whoever sends it can mark the one as data. Must not know a provider or a wire format.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::executor::CancelToken;

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What the answer is for: `propose-remedy`. Stands in the account, is not sent.
    pub purpose: String,
    /// Who the model is and what it may do: our own words.
    pub system: String,
    /// The conversation, oldest first; the last turn asks.
    pub turns: Vec<Turn>,
    /// The shape that the answer must have; `None` for plain text.
    pub schema: Option<AnswerSchema>,
    /// Most tokens of the answer.
    pub max_tokens: u32,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// We ask.
    Ask(Vec<Part>),
    /// The model answered.
    Answer(String),
}

/// A part of what we ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Our own words.
    Ours(String),
    /// What a repository, or a program of it, wrote: data, whatever it says.
    Untrusted {
        /// Where it comes from: `README.md`, `the output of the failed step`.
        origin: String,
        /// The text.
        text: String,
    },
}

/// A JSON schema with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerSchema {
    /// Letters, digits, `_`.
    pub name: String,
    /// The schema, of the keywords that `rr-models` checks.
    pub schema: Value,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// Its words.
    pub text: String,
    /// The same as JSON that fits the prompt's schema, where it has one.
    pub value: Option<Value>,
    /// Which model answered: `claude (claude-model-name)`.
    pub model: String,
    /// Tokens of the prompt, as the provider counts them.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

/// Answers prompts.
pub trait GenerativeModel: Send + Sync {
    /// The model's name, as reports show it.
    fn name(&self) -> String;

    /// Answers one prompt.
    ///
    /// # Errors
    /// [`ModelError`]; its kind tells whether another try or another model may help.
    fn generate(&self, prompt: &Prompt, cancel: &CancelToken) -> Result<Generated, ModelError>;
}

/// What can go wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// Which kind.
    pub kind: ModelErrorKind,
    /// A lowercase fragment: what was attempted and why it failed. Holds no key.
    pub message: String,
    /// How long the provider asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelErrorKind {
    /// The provider will not take this: no key, a wrong one, no such model, a bad request.
    Refused,
    /// Too many requests.
    RateLimited,
    /// The provider fails or cannot be reached, or broke off.
    Unavailable,
    /// No answer within the time limit.
    TimedOut,
    /// The answer is not what was asked for: no JSON, another shape, or longer than allowed.
    Malformed,
    /// A budget would be exceeded.
    Budget,
    /// No model may be asked now: all circuits are open, or nothing was recorded.
    NoModel,
    /// The run was asked to stop.
    Cancelled,
}

/// One question to one model, as a report accounts for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ModelCall {
    /// What it was for: `propose-remedy`.
    pub purpose: String,
    /// The provider, as the configuration names it.
    pub provider: String,
    /// Its model.
    pub model: String,
    /// How often it was sent: retries count.
    pub attempts: u32,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Cost in millionths of the unit in which prices are configured; none where no price is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
    /// Seconds, waits between attempts included.
    pub seconds: f64,
    /// Whether an earlier answer to the same prompt was taken.
    pub cached: bool,
    /// Why there was no answer, where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Part {
    /// Our own words.
    pub fn ours(text: impl Into<String>) -> Self {
        Self::Ours(text.into())
    }

    /// A text that is data.
    pub fn untrusted(origin: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Untrusted { origin: origin.into(), text: text.into() }
    }
}

impl ModelError {
    /// An error of a kind.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None }
    }

    /// Whether sending the same once more may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use ModelErrorKind::{Malformed, RateLimited, TimedOut, Unavailable};
        matches!(self.kind, RateLimited | Unavailable | TimedOut | Malformed)
    }

    /// Whether the provider is to blame, so that its circuit counts it.
    #[must_use]
    pub fn blames_provider(&self) -> bool {
        self.is_retryable() || self.kind == ModelErrorKind::Refused
    }
}
