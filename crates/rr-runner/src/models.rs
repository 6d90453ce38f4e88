//! Language models: read from the home's configuration, opened for one run, listed and tried.
//!
//! Must not know what models are asked.

use std::sync::Arc;

use rr_core::{AnswerSchema, CancelToken, Clock, Executor, ModelCall, Part, Prompt, Tier, Turn};
use rr_ecosystems::miners::is_secret_name;
use rr_managers::ModelManager;
use rr_models::settings::CONFIG_FILE;
use rr_models::{
    Account, ModelPool, ModelSettings, PoolParts, Redactor, Spending, Spent, UsageBook, open_pool,
};
use rr_store::Database;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

use crate::error::RunError;
use crate::home::Home;

/// The one user of the command line.
pub(crate) const LOCAL_USER: &str = "local";

/// For whom a pool is opened, and what it may spend.
pub(crate) struct Opening<'a> {
    pub home: &'a Home,
    pub variables: &'a BTreeMap<String, String>,
    pub host: &'a Arc<dyn Executor>,
    pub store: &'a Arc<Database>,
    pub clock: &'a Arc<dyn Clock>,
    pub asker: Asker<'a>,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub user: &'a str,
    pub tier: Tier,
    /// Variables that the user gave to the run: their secrets are hidden too.
    pub given: &'a BTreeMap<String, String>,
    /// Cost that the run's own budget allows.
    pub cost_micros: Option<u64>,
    /// Seeds the waits between tries.
    pub seed: &'a str,
}

/// The `[models]` part of the home's configuration; `None` where nothing is configured.
pub(crate) fn settings(home: &Home) -> Result<Option<ModelSettings>, RunError> {
    let path = home.root().join(CONFIG_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RunError::io(format!("read `{}`", path.display()), error)),
    };
    ModelSettings::read(&path, &text).map_err(|error| RunError::Refused {
        hint: Some(error.hint.clone()),
        message: error.to_string(),
    })
}

/// The pool of the configured models.
pub(crate) fn open(
    settings: &ModelSettings,
    opening: &Opening<'_>,
) -> Result<Arc<ModelPool>, RunError> {
    let unpriced = settings.providers.iter().find(|provider| !provider.is_priced());
    let asker = &opening.asker;
    if let (Some(_), Some(provider)) = (asker.cost_micros, unpriced) {
        return Err(RunError::Refused {
            message: format!(
                "`--budget` limits a cost, but model `{}` has no prices",
                provider.name
            ),
            hint: Some(format!("give `input-price` and `output-price` in `{CONFIG_FILE}`")),
        });
    }
    let least = |a: Option<u64>, b: Option<u64>| a.into_iter().chain(b).min();
    let per_run = Spending {
        tokens: settings.per_run.tokens,
        cost_micros: least(settings.per_run.cost_micros, asker.cost_micros),
    };
    let book = Arc::new(Book(opening.store.clone()));
    let account = Account::new(asker.user, per_run)
        .with_days(ModelManager::daily_limits(asker.tier, settings), book);
    let mut secrets = opening.variables.clone();
    secrets.extend(asker.given.clone());
    let parts = PoolParts {
        clock: opening.clock.clone(),
        redactor: Redactor::new(&secrets, is_secret_name),
        account,
        cache: Some(opening.home.root().join("models").join("answers")),
        seed: seed(asker.seed),
    };
    let home = opening.home.root();
    Ok(Arc::new(open_pool(settings, opening.variables, opening.host, home, parts)))
}

/// One configured model, for people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelListing {
    /// Its name in the configuration.
    pub name: String,
    /// What it speaks.
    pub kind: String,
    /// The model.
    pub model: String,
    /// Where it is: an address, or a file.
    pub place: String,
    /// The variable that holds its key.
    pub key_env: Option<String>,
    /// Price of a million tokens sent.
    pub input_price: Option<f64>,
    /// Price of a million tokens received.
    pub output_price: Option<f64>,
    /// Why it cannot be asked, where it cannot.
    pub problem: Option<String>,
}

/// How a model answered when it was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelTrial {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it answered in the asked shape.
    pub ok: bool,
    /// What it answered, or why it did not.
    pub detail: String,
    /// What that took.
    pub call: Option<ModelCall>,
}

/// The configured models in the order in which they are asked.
pub(crate) fn list(pool: &ModelPool) -> Vec<ModelListing> {
    let states = pool.states();
    let listing = states.into_iter().map(|(settings, problem)| ModelListing {
        name: settings.name.clone(),
        kind: settings.kind.as_str().to_owned(),
        model: settings.model.clone(),
        place: match (&settings.local, &settings.base_url) {
            (Some(local), _) => local.file.display().to_string(),
            (None, Some(url)) => url.clone(),
            (None, None) => "the provider's own address".to_owned(),
        },
        key_env: settings.key_env.clone(),
        input_price: settings.input_price,
        output_price: settings.output_price,
        problem,
    });
    listing.collect()
}

/// Asks each model (or the named one) a question that any model can answer, in a given shape.
pub(crate) fn test(
    pool: &ModelPool,
    only: Option<&str>,
    cancel: &CancelToken,
) -> Result<Vec<ModelTrial>, RunError> {
    let names: Vec<String> = pool.states().iter().map(|(s, _)| s.name.clone()).collect();
    if let Some(name) = only.filter(|only| !names.iter().any(|name| name == only)) {
        return Err(RunError::Refused {
            message: format!("there is no model `{name}`"),
            hint: Some(format!("`repo-runner models list` shows {}", names.join(", "))),
        });
    }
    let asked = names.into_iter().filter(|name| only.is_none_or(|only| name == only));
    Ok(asked.map(|name| trial(pool, name, cancel)).collect())
}

fn trial(pool: &ModelPool, name: String, cancel: &CancelToken) -> ModelTrial {
    let words = ["blue", "green"];
    let prompt = Prompt {
        purpose: "test".to_owned(),
        system: "You answer questions about colours.".to_owned(),
        turns: vec![Turn::Ask(vec![Part::ours("Which colour is fresh grass?")])],
        schema: Some(AnswerSchema {
            name: "colour".to_owned(),
            schema: json!({
                "type": "object",
                "properties": {"colour": {"type": "string", "enum": words}},
                "required": ["colour"],
                "additionalProperties": false,
            }),
        }),
        max_tokens: 100,
    };
    let answer = pool.ask_only(&name, &prompt, cancel);
    let call = pool.take_calls().pop();
    match answer {
        Ok(answer) => {
            let detail = answer.value.unwrap_or_default()["colour"].as_str().map(str::to_owned);
            ModelTrial { name, ok: true, detail: detail.unwrap_or_default(), call }
        }
        Err(error) => ModelTrial { name, ok: false, detail: error.message, call },
    }
}

/// The database as the book of what users spend.
struct Book(Arc<Database>);

impl UsageBook for Book {
    fn spent_since(&self, user: &str, since: u64) -> Result<Spent, String> {
        let spent = self.0.model_spending(user, since).map_err(|error| error.to_string())?;
        Ok(Spent { tokens: spent.tokens, cost_micros: spent.cost_micros })
    }

    fn book(&self, user: &str, at: u64, call: &ModelCall) -> Result<(), String> {
        self.0.add_model_call(user, at, call).map_err(|error| error.to_string())
    }
}

/// A number from a text, the same in every version.
fn seed(text: &str) -> u64 {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(text.as_bytes()).iter().take(8).fold(0, |n, byte| n << 8 | u64::from(*byte))
}
