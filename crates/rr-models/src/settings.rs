//! The `[models]` part of the home's `config.toml`: which models there are, in which order they are
//! asked, and what they may cost.
//!
//! A key is never written into the file: the file names the environment variable that holds it.
//! Must not know how a provider is asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file's name in the home.
pub const CONFIG_FILE: &str = "config.toml";

/// What is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSettings {
    /// The providers in the order in which they are asked.
    pub providers: Vec<ProviderSettings>,
    /// Seconds for one try.
    pub timeout_seconds: u64,
    /// Tries at one provider before the next one is asked.
    pub tries: u32,
    /// Limits of one run.
    pub per_run: Spending,
    /// Limits of one user in a day.
    pub per_user: Spending,
    /// Whether answers are kept and given again for the same prompt.
    pub cache: bool,
    /// A folder of recorded answers: nothing else is asked.
    pub replay: Option<PathBuf>,
    /// Whether a model also chooses where several remedies compete.
    pub decide: bool,
}

/// One provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderSettings {
    /// Its name in the file.
    pub name: String,
    /// What it speaks.
    pub kind: ProviderKind,
    /// The model, as the provider calls it.
    pub model: String,
    /// Where it is, where that is not the provider's own address; ends in `/`.
    pub base_url: Option<String>,
    /// The variable that holds the key; none where no key is needed.
    pub key_env: Option<String>,
    /// Price of a million tokens sent, in the user's own unit.
    pub input_price: Option<f64>,
    /// Price of a million tokens received.
    pub output_price: Option<f64>,
    /// Whether the answer's schema is sent as such, or in words only.
    pub native_schema: bool,
    /// Bytes of a prompt at most: small models have small windows.
    pub prompt_bytes: usize,
    /// The local server, for a GGUF file.
    pub local: Option<LocalSettings>,
}

/// A GGUF file behind a server of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSettings {
    /// The file.
    pub file: PathBuf,
    /// The program `llama-server`.
    pub server: PathBuf,
    /// Tokens of the window.
    pub context: u32,
    /// Threads; the server's own choice where none is given.
    pub threads: Option<u32>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// OpenAI's chat completions, at any address.
    Openai,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
    /// Ollama, by its OpenAI-compatible address.
    Ollama,
    /// A GGUF file, served by a `llama-server` that we start.
    Gguf,
}

/// Most tokens and most cost; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spending {
    /// Tokens, sent and received.
    pub tokens: Option<u64>,
    /// Millionths of the unit of the prices.
    pub cost_micros: Option<u64>,
}

/// A configuration that is refused: names file, line, value and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`{place}: {message}")]
pub struct SettingsError {
    path: String,
    place: String,
    message: String,
    /// The way out.
    pub hint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    models: Option<ModelsTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ModelsTable {
    order: Option<Vec<String>>,
    timeout: Option<u64>,
    tries: Option<u32>,
    cache: Option<bool>,
    replay: Option<PathBuf>,
    decide: Option<bool>,
    #[serde(default)]
    budget: BudgetTable,
    #[serde(default)]
    providers: BTreeMap<String, ProviderTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetTable {
    run: Option<SpendingTable>,
    user: Option<SpendingTable>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpendingTable {
    tokens: Option<u64>,
    cost: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProviderTable {
    kind: ProviderKind,
    model: Option<String>,
    base_url: Option<String>,
    key_env: Option<String>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    native_schema: Option<bool>,
    prompt_bytes: Option<usize>,
    file: Option<PathBuf>,
    server: Option<PathBuf>,
    context: Option<u32>,
    threads: Option<u32>,
}

/// Tokens that a run may use where nothing else is said.
const RUN_TOKENS: u64 = 200_000;

impl ModelSettings {
    /// Reads the file's text; `path` is how it is called in messages. `None` where it has no
    /// `[models]` part.
    ///
    /// # Errors
    /// [`SettingsError`], with line and way out.
    pub fn read(path: &Path, text: &str) -> Result<Option<Self>, SettingsError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let before = error.span().map(|span| &text.as_bytes()[..span.start.min(text.len())]);
            let line = before.map(|before| 1 + before.iter().filter(|b| **b == b'\n').count());
            let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
            let message = error.message().lines().next().unwrap_or("no TOML").to_owned();
            let hint = match message.contains("`key`") || message.contains("`api-key`") {
                true => "a key is never written down: `key-env = \"NAME\"` names its variable",
                false => EXAMPLE,
            };
            let path = path.display().to_string();
            SettingsError { path, place, message, hint: hint.to_owned() }
        })?;
        let Some(table) = file.models else { return Ok(None) };
        let refused = |message: String, hint: &str| SettingsError {
            path: path.display().to_string(),
            place: String::new(),
            message,
            hint: hint.to_owned(),
        };
        Self::of(table).map(Some).map_err(|(message, hint)| refused(message, hint))
    }

    fn of(table: ModelsTable) -> Result<Self, Refusal> {
        let mut providers = Vec::new();
        for (name, provider) in table.providers {
            providers.push(ProviderSettings::of(name, provider)?);
        }
        if providers.is_empty() {
            return Err(("`models.providers` names no provider".to_owned(), EXAMPLE));
        }
        if let Some(order) = &table.order {
            let place = |name: &String| order.iter().position(|n| n == name);
            if let Some(name) = order.iter().find(|n| !providers.iter().any(|p| p.name == **n)) {
                let message = format!("`models.order` names `{name}`, which is no provider");
                return Err((message, "each name stands as `[models.providers.NAME]`"));
            }
            providers.retain(|p| place(&p.name).is_some());
            providers.sort_by_key(|p| place(&p.name));
        }
        let spending = |table: Option<SpendingTable>, key: &str| -> Result<Spending, Refusal> {
            let Some(table) = table else { return Ok(Spending::default()) };
            let cost_micros = table.cost.map(|cost| micros(cost, key)).transpose()?;
            Ok(Spending { tokens: table.tokens, cost_micros })
        };
        let mut per_run = spending(table.budget.run, "models.budget.run.cost")?;
        per_run.tokens = per_run.tokens.or(Some(RUN_TOKENS));
        let per_user = spending(table.budget.user, "models.budget.user.cost")?;
        let counted = per_run.cost_micros.is_some() || per_user.cost_micros.is_some();
        if let Some(unpriced) = providers.iter().find(|p| counted && !p.is_priced()) {
            let message = format!(
                "a cost is limited, but `models.providers.{}` has no prices",
                unpriced.name
            );
            return Err((message, "give `input-price` and `output-price` of a million tokens"));
        }
        Ok(Self {
            providers,
            timeout_seconds: at_least_one(table.timeout.unwrap_or(60), "models.timeout")?,
            tries: at_least_one(u64::from(table.tries.unwrap_or(3)), "models.tries")? as u32,
            per_run,
            per_user,
            cache: table.cache.unwrap_or(true),
            replay: table.replay,
            decide: table.decide.unwrap_or(false),
        })
    }
}

type Refusal = (String, &'static str);

const EXAMPLE: &str = "for example `[models.providers.mine]` with `kind = \"openai\"`, `model`, \
                       `base-url` and `key-env`; README.md, \"With a model\", has the whole file";

impl ProviderSettings {
    fn of(name: String, table: ProviderTable) -> Result<Self, Refusal> {
        let key = |key: &str| format!("models.providers.{name}.{key}");
        let kind = table.kind;
        let base_url = table.base_url.map(|url| checked_url(&key("base-url"), url)).transpose()?;
        let key_env = match table.key_env {
            Some(variable) => Some(checked_variable(&key("key-env"), variable)?),
            None if base_url.is_none() => kind.usual_key().map(str::to_owned),
            None => None,
        };
        let local = match kind {
            ProviderKind::Gguf => {
                let file = table.file.ok_or_else(|| {
                    (format!("`{}` is missing", key("file")), "it names the GGUF file")
                })?;
                let server = table.server.unwrap_or_else(|| PathBuf::from("llama-server"));
                let context = table.context.unwrap_or(8192);
                Some(LocalSettings { file, server, context, threads: table.threads })
            }
            _ => None,
        };
        let model = match (&local, table.model) {
            (_, Some(model)) => model,
            (Some(local), None) => {
                local.file.file_stem().map_or_else(String::new, |s| s.to_string_lossy().into())
            }
            (None, None) => {
                let message = format!("`{}` is missing", key("model"));
                return Err((message, "it is the model's name, as the provider calls it"));
            }
        };
        let prompt_bytes = table.prompt_bytes.unwrap_or_else(|| match &local {
            // A token of code and logs is about three bytes; a part stays for the answer.
            Some(local) => local.context as usize * 2,
            None => 48 << 10,
        });
        for (price, key) in
            [(table.input_price, "input-price"), (table.output_price, "output-price")]
        {
            price.map(|price| micros(price, key)).transpose()?;
        }
        Ok(Self {
            kind,
            model,
            base_url,
            key_env,
            input_price: table.input_price,
            output_price: table.output_price,
            native_schema: table.native_schema.unwrap_or(true),
            prompt_bytes,
            local,
            name,
        })
    }

    /// Whether costs can be counted: a model on the user's own machine costs nothing.
    #[must_use]
    pub fn is_priced(&self) -> bool {
        matches!(self.kind, ProviderKind::Gguf | ProviderKind::Ollama)
            || self.input_price.is_some() && self.output_price.is_some()
    }

    /// What tokens cost, in millionths; `None` where no price is known.
    #[must_use]
    pub fn cost_micros(&self, input: u64, output: u64) -> Option<u64> {
        let (sent, received) = match (self.input_price, self.output_price) {
            (Some(sent), Some(received)) => (sent, received),
            _ if self.is_priced() => (0.0, 0.0),
            _ => return None,
        };
        // A price for a million tokens is millionths for one.
        Some((sent * input as f64 + received * output as f64).ceil() as u64)
    }

    /// Provider and model, as reports show them.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} ({})", self.name, self.model)
    }
}

impl ProviderKind {
    /// Its word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
            Self::Gguf => "gguf",
        }
    }

    const fn usual_key(self) -> Option<&'static str> {
        match self {
            Self::Openai => Some("OPENAI_API_KEY"),
            Self::Anthropic => Some("ANTHROPIC_API_KEY"),
            Self::Gemini => Some("GEMINI_API_KEY"),
            Self::Ollama | Self::Gguf => None,
        }
    }
}

fn checked_url(key: &str, url: String) -> Result<String, Refusal> {
    let parsed = reqwest::Url::parse(&url).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        return Err((format!("`{key} = \"{url}\"` is no HTTP address"), EXAMPLE));
    };
    if !parsed.username().is_empty() || parsed.password().is_some() {
        let message = format!("`{key}` holds a user or password");
        return Err((message, "name the variable that holds the key: `key-env = \"NAME\"`"));
    }
    Ok(if url.ends_with('/') { url } else { url + "/" })
}

/// A variable's name. The value is not repeated: somebody may have put the key there.
fn checked_variable(key: &str, name: String) -> Result<String, Refusal> {
    let fits = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if fits {
        return Ok(name);
    }
    let hint = "a key is never written down: put it into a variable and name that one";
    Err((format!("`{key}` is no name of an environment variable"), hint))
}

fn micros(amount: f64, key: &str) -> Result<u64, Refusal> {
    if amount.is_finite() && (0.0..1e9).contains(&amount) {
        return Ok((amount * 1e6).round() as u64);
    }
    Err((format!("`{key} = {amount}` is no amount"), "for example `0.25`"))
}

fn at_least_one(number: u64, key: &str) -> Result<u64, Refusal> {
    if (1..=3600).contains(&number) {
        return Ok(number);
    }
    Err((format!("`{key} = {number}` is out of range"), "a number from 1 to 3600"))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
