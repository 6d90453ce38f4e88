//! A provider asked over HTTP, in its own wire format.
//!
//! The client library has no time limits of its own, so every call has one here, and looks at the
//! run's token while it waits.

use std::sync::Once;
use std::time::{Duration, Instant};

use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatResponse, JsonSpec, StopReason};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use rr_core::{CancelToken, ModelError, ModelErrorKind};
use serde_json::json;

use super::local::LocalServer;
use super::{Provider, Question, RawAnswer};
use crate::render::Message;
use crate::settings::{ProviderKind, ProviderSettings};

/// How often the token is looked at.
const TICK: Duration = Duration::from_millis(50);
/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// One provider.
pub(super) struct Chat {
    settings: ProviderSettings,
    key: Option<String>,
    server: Option<LocalServer>,
    timeout: Duration,
}

impl Chat {
    pub(super) fn new(
        settings: ProviderSettings,
        key: Option<String>,
        server: Option<LocalServer>,
        timeout: Duration,
    ) -> Self {
        Self { settings, key, server, timeout }
    }

    fn target(&self, cancel: &CancelToken) -> Result<ServiceTarget, ModelError> {
        let url = match (&self.server, &self.settings.base_url) {
            (Some(server), _) => server.address(cancel)?,
            (None, Some(url)) => url.clone(),
            (None, None) => usual_url(self.settings.kind).to_owned(),
        };
        // Servers that want no key get a word in its place: the client cannot do without.
        let key = self.key.clone().unwrap_or_else(|| "none".to_owned());
        let adapter = adapter(self.settings.kind);
        Ok(ServiceTarget {
            endpoint: Endpoint::from_owned(url),
            auth: AuthData::from_single(key),
            model: ModelIden::new(adapter, self.settings.model.clone()),
        })
    }

    fn options(&self, question: &Question<'_>) -> ChatOptions {
        let mut options = ChatOptions::default().with_max_tokens(question.max_tokens);
        if self.settings.local.is_some() {
            // The same question gets the same answer.
            options = options.with_temperature(0.0).with_seed(1);
        }
        let Some(schema) = question.schema.filter(|_| self.settings.native_schema) else {
            return options;
        };
        match adapter(self.settings.kind) {
            // The library's own way would make every property required.
            AdapterKind::OpenAI => options.with_extra_body(json!({"response_format": {
                "type": "json_schema",
                "json_schema": {"name": schema.name, "strict": true, "schema": schema.schema},
            }})),
            _ => options.with_response_format(JsonSpec::new(&*schema.name, schema.schema.clone())),
        }
    }

    async fn call(
        &self,
        target: ServiceTarget,
        question: &Question<'_>,
        cancel: &CancelToken,
    ) -> Result<ChatResponse, ModelError> {
        let client = client(target.endpoint.base_url(), self.timeout)?;
        let mut request = ChatRequest::from_system(question.messages.system.clone());
        for turn in &question.messages.turns {
            request = request.append_message(match turn {
                Message::User(text) => ChatMessage::user(text.clone()),
                Message::Model(text) => ChatMessage::assistant(text.clone()),
            });
        }
        let options = self.options(question);
        let mut call = Box::pin(client.exec_chat(target, request, Some(&options)));
        let end = Instant::now() + self.timeout;
        loop {
            match tokio::time::timeout(TICK, &mut call).await {
                Ok(answer) => return answer.map_err(|error| told(&error)),
                Err(_) if cancel.is_cancelled() => {
                    return Err(ModelError::new(ModelErrorKind::Cancelled, "asked to stop"));
                }
                Err(_) if Instant::now() >= end => {
                    let message = format!("no answer within {} s", self.timeout.as_secs());
                    return Err(ModelError::new(ModelErrorKind::TimedOut, message));
                }
                Err(_) => {}
            }
        }
    }
}

impl Provider for Chat {
    fn send(&self, question: &Question<'_>, cancel: &CancelToken) -> Result<RawAnswer, ModelError> {
        self.usable().map_err(|why| ModelError::new(ModelErrorKind::Refused, why))?;
        let target = self.target(cancel)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            ModelError::new(ModelErrorKind::Unavailable, format!("start a client: {error}"))
        })?;
        let answer = runtime.block_on(self.call(target, question, cancel))?;
        let count = |tokens: Option<i32>| tokens.map_or(0, |n| u64::try_from(n).unwrap_or(0));
        let complete = matches!(
            answer.stop_reason,
            None | Some(StopReason::Completed(_) | StopReason::StopSequence(_))
        );
        Ok(RawAnswer {
            text: answer.first_text().unwrap_or_default().to_owned(),
            complete,
            input_tokens: count(answer.usage.prompt_tokens),
            output_tokens: count(answer.usage.completion_tokens),
        })
    }

    fn usable(&self) -> Result<(), String> {
        match (&self.settings.key_env, &self.key) {
            (Some(name), None) => Err(format!("the variable `{name}` is not set")),
            _ => self.server.as_ref().map_or(Ok(()), LocalServer::usable),
        }
    }
}

/// Ollama and our own server speak OpenAI's format, and keep the schema only there.
fn adapter(kind: ProviderKind) -> AdapterKind {
    match kind {
        ProviderKind::Openai | ProviderKind::Ollama | ProviderKind::Gguf => AdapterKind::OpenAI,
        ProviderKind::Anthropic => AdapterKind::Anthropic,
        ProviderKind::Gemini => AdapterKind::Gemini,
    }
}

fn usual_url(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Openai => "https://api.openai.com/v1/",
        ProviderKind::Anthropic => "https://api.anthropic.com/v1/",
        ProviderKind::Gemini => "https://generativelanguage.googleapis.com/v1beta/",
        ProviderKind::Ollama | ProviderKind::Gguf => "http://127.0.0.1:11434/v1/",
    }
}

/// A client with time limits, and with the user's proxies but for this machine itself.
fn client(url: &str, timeout: Duration) -> Result<Client, ModelError> {
    static CRYPTOGRAPHY: Once = Once::new();
    CRYPTOGRAPHY.call_once(|| {
        // Fails only where one is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
    });
    let mut builder = reqwest::Client::builder().timeout(timeout).connect_timeout(CONNECT);
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    if host.is_some_and(|host| matches!(host.as_str(), "127.0.0.1" | "localhost" | "[::1]")) {
        builder = builder.no_proxy();
    }
    let client = builder.build().map_err(|error| {
        ModelError::new(ModelErrorKind::Unavailable, format!("make an HTTP client: {error}"))
    })?;
    Client::builder().with_reqwest(client).build().map_err(|error| {
        ModelError::new(ModelErrorKind::Unavailable, format!("make a client: {error}"))
    })
}

/// The library's error in our terms. Bodies are cut: providers repeat what was sent.
fn told(error: &genai::Error) -> ModelError {
    let short = |text: &str| -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
    };
    if let Some(status) = error.status() {
        let kind = match status.as_u16() {
            429 => ModelErrorKind::RateLimited,
            408 | 500..=599 => ModelErrorKind::Unavailable,
            _ => ModelErrorKind::Refused,
        };
        let body = match error {
            genai::Error::WebModelCall {
                webc_error: genai::webc::Error::ResponseFailedStatus { body, .. },
                ..
            } => short(body),
            _ => String::new(),
        };
        let mut told = ModelError::new(kind, format!("status {status}: {body}"));
        told.retry_after = error
            .headers()
            .and_then(|headers| headers.get("retry-after"))
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        return told;
    }
    match error {
        genai::Error::WebModelCall { webc_error: genai::webc::Error::Reqwest(error), .. } => {
            let kind = match error.is_timeout() {
                true => ModelErrorKind::TimedOut,
                false => ModelErrorKind::Unavailable,
            };
            ModelError::new(kind, short(&chain(error)))
        }
        other => ModelError::new(ModelErrorKind::Malformed, short(&other.to_string())),
    }
}

/// An error with its causes: the cause says more than the error.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
