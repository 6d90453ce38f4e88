//! All configured models behind one face: in their order, each with its circuit, tries and price,
//! within the budgets, with secrets taken out and answers checked.

use std::sync::{Arc, Mutex, PoisonError};

use rr_core::{
    CancelToken, Clock, Generated, GenerativeModel, ModelCall, ModelError, ModelErrorKind, Prompt,
};

use crate::account::{Account, Spent};
use crate::breaker::Breaker;
use crate::exchanges::{self, Exchanges};
use crate::provider::{Provider, Question, RawAnswer};
use crate::redact::Redactor;
use crate::render::{self, Message, Messages};
use crate::retry::Waits;
use crate::schema;
use crate::settings::{ModelSettings, ProviderSettings};

/// All configured models.
pub struct ModelPool {
    slots: Vec<Slot>,
    tries: u32,
    clock: Arc<dyn Clock>,
    redactor: Redactor,
    account: Account,
    exchanges: Exchanges,
    waits: Mutex<Waits>,
    calls: Mutex<Vec<ModelCall>>,
}

struct Slot {
    settings: ProviderSettings,
    provider: Box<dyn Provider>,
    breaker: Mutex<Breaker>,
}

/// What a pool is made of, besides its settings.
pub struct PoolParts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is hidden.
    pub redactor: Redactor,
    /// What may be spent.
    pub account: Account,
    /// Where answers are kept; no sandbox may write there.
    pub cache: Option<std::path::PathBuf>,
    /// Seeds the waits between tries.
    pub seed: u64,
}

impl ModelPool {
    /// A pool of these providers, in this order.
    pub(crate) fn of(
        settings: &ModelSettings,
        providers: Vec<Box<dyn Provider>>,
        parts: PoolParts,
    ) -> Self {
        let pairs = settings.providers.iter().cloned().zip(providers);
        let slots = pairs.map(|(settings, provider)| Slot {
            settings,
            provider,
            breaker: Mutex::default(),
        });
        let exchanges = match &settings.replay {
            Some(folder) => Exchanges::replayed_from(folder.clone()),
            None => Exchanges::kept_in(parts.cache.filter(|_| settings.cache)),
        };
        Self {
            slots: slots.collect(),
            tries: settings.tries,
            clock: parts.clock,
            redactor: parts.redactor,
            account: parts.account,
            exchanges,
            waits: Mutex::new(Waits::seeded(parts.seed)),
            calls: Mutex::default(),
        }
    }

    /// What the run spent, and its limits.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The calls since this was last asked.
    #[must_use]
    pub fn take_calls(&self) -> Vec<ModelCall> {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// Provider and model of each, in order.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.slots.iter().map(|slot| slot.settings.label()).collect()
    }

    /// Each provider's settings with why it would not be asked now, where it would not.
    #[must_use]
    pub fn states(&self) -> Vec<(&ProviderSettings, Option<String>)> {
        let now = self.clock.unix_millis();
        let state = |slot: &Slot| {
            let usable = slot.provider.usable().and_then(|()| lock(&slot.breaker).admits(now));
            usable.err()
        };
        self.slots.iter().map(|slot| (&slot.settings, state(slot))).collect()
    }

    /// Asks one provider alone, by its name; nothing kept is taken for an answer.
    ///
    /// # Errors
    /// As of [`GenerativeModel::generate`]; of kind no-model where there is no such provider.
    pub fn ask_only(
        &self,
        name: &str,
        prompt: &Prompt,
        cancel: &CancelToken,
    ) -> Result<Generated, ModelError> {
        let prompt = self.redactor.prompt(prompt);
        let slot = self.slots.iter().find(|slot| slot.settings.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.slots.iter().map(|s| s.settings.name.as_str()).collect();
            let message = format!("there is no model `{name}`: one of {}", known.join(", "));
            ModelError::new(ModelErrorKind::NoModel, message)
        })?;
        let messages = render::messages(&prompt, slot.settings.prompt_bytes);
        self.ask(slot, &prompt, messages, cancel)
    }

    fn ask_or_find(
        &self,
        slot: &Slot,
        prompt: &Prompt,
        cancel: &CancelToken,
    ) -> Result<Generated, ModelError> {
        let messages = render::messages(prompt, slot.settings.prompt_bytes);
        let key = exchanges::key(&slot.settings.label(), prompt, &messages);
        if let Some(found) = self.exchanges.find(&key) {
            self.book(slot, prompt, &Spending { cached: true, ..Spending::default() }, None);
            return Ok(found);
        }
        if self.exchanges.are_all() {
            let folder = self.exchanges.folder().map(|f| f.display().to_string());
            let folder = folder.unwrap_or_default();
            let message = format!("`{folder}` holds no answer `{key}.json` to this prompt");
            return Err(ModelError::new(ModelErrorKind::NoModel, message));
        }
        let generated = self.ask(slot, prompt, messages.clone(), cancel)?;
        // An answer that cannot be kept is still an answer: the next run asks again.
        let _kept = self.exchanges.keep(&key, prompt, &messages, &generated);
        Ok(generated)
    }

    /// Asks one provider, several times where that may help.
    fn ask(
        &self,
        slot: &Slot,
        prompt: &Prompt,
        mut messages: Messages,
        cancel: &CancelToken,
    ) -> Result<Generated, ModelError> {
        let refused = |why| ModelError::new(ModelErrorKind::NoModel, why);
        lock(&slot.breaker).admits(self.clock.unix_millis()).map_err(refused)?;
        let began = self.clock.unix_millis();
        let mut spent = Spending::default();
        let result = loop {
            if let Err(error) =
                self.account.admit(slot.most(prompt, &messages, &spent), self.clock.unix_millis())
            {
                break Err(error);
            }
            spent.attempts += 1;
            let error = match self.try_once(slot, prompt, &mut messages, &mut spent, cancel) {
                Ok(generated) => break Ok(generated),
                // Providers repeat what they were sent, keys included.
                Err(error) => ModelError { message: self.redactor.text(&error.message), ..error },
            };
            let now = self.clock.unix_millis();
            if error.blames_provider() {
                lock(&slot.breaker).failed(now, &error);
            }
            let wait = lock(&self.waits).after(spent.attempts, &error);
            let more = error.is_retryable() && spent.attempts < self.tries;
            let admitted = lock(&slot.breaker).admits(now).is_ok();
            match wait.filter(|_| more && admitted && !cancel.is_cancelled()) {
                Some(wait) if error.kind != ModelErrorKind::Malformed => self.clock.sleep(wait),
                Some(_) => {}
                None => break Err(error),
            }
        };
        if result.is_ok() {
            lock(&slot.breaker).succeeded();
        }
        spent.millis = self.clock.unix_millis().saturating_sub(began);
        self.book(slot, prompt, &spent, result.as_ref().err());
        result
    }

    /// Sends once. What does not fit is told to the model in `messages` for the next try.
    fn try_once(
        &self,
        slot: &Slot,
        prompt: &Prompt,
        messages: &mut Messages,
        spent: &mut Spending,
        cancel: &CancelToken,
    ) -> Result<Generated, ModelError> {
        let question =
            Question { messages, schema: prompt.schema.as_ref(), max_tokens: prompt.max_tokens };
        let answer = slot.provider.send(&question, cancel)?;
        spent.input += answer.input_tokens;
        spent.output += answer.output_tokens;
        let value = checked(prompt, &answer).map_err(|why| {
            let text: String = answer.text.chars().take(2000).collect();
            messages.turns.push(Message::Model(text));
            let again = format!("That is not what was asked for: {why}. Answer again.");
            messages.turns.push(Message::User(again));
            ModelError::new(ModelErrorKind::Malformed, why)
        })?;
        Ok(Generated {
            text: answer.text,
            value,
            model: slot.settings.label(),
            input_tokens: answer.input_tokens,
            output_tokens: answer.output_tokens,
        })
    }

    fn book(&self, slot: &Slot, prompt: &Prompt, spent: &Spending, error: Option<&ModelError>) {
        let mut error = error.map(|error| error.message.clone());
        let mut call = ModelCall {
            purpose: prompt.purpose.clone(),
            provider: slot.settings.name.clone(),
            model: slot.settings.model.clone(),
            attempts: spent.attempts,
            input_tokens: spent.input,
            output_tokens: spent.output,
            cost_micros: slot.settings.cost_micros(spent.input, spent.output),
            seconds: spent.millis as f64 / 1000.0,
            cached: spent.cached,
            error: None,
        };
        if let Err(why) = self.account.book(&call, self.clock.unix_millis()) {
            error.get_or_insert_with(|| format!("book the call: {why}"));
        }
        call.error = error;
        lock(&self.calls).push(call);
    }
}

/// What one question used.
#[derive(Default)]
struct Spending {
    attempts: u32,
    input: u64,
    output: u64,
    millis: u64,
    cached: bool,
}

impl Slot {
    /// The most that the next try may use, together with what this question used before.
    fn most(&self, prompt: &Prompt, messages: &Messages, used: &Spending) -> Spent {
        let turns = messages.turns.iter().map(|turn| match turn {
            Message::User(text) | Message::Model(text) => text.len(),
        });
        // A token is rarely shorter than three bytes of code.
        let input = (messages.system.len() + turns.sum::<usize>()) as u64 / 3 + used.input;
        let output = u64::from(prompt.max_tokens) + used.output;
        let cost_micros = self.settings.cost_micros(input, output).unwrap_or(0);
        Spent { tokens: input + output, cost_micros }
    }
}

/// The JSON of an answer that was asked for as JSON, where it fits.
fn checked(prompt: &Prompt, answer: &RawAnswer) -> Result<Option<serde_json::Value>, String> {
    if !answer.complete {
        return Err(format!("the answer was cut off at {} tokens", prompt.max_tokens));
    }
    let Some(wanted) = &prompt.schema else {
        return if answer.text.is_empty() { Err("it is empty".to_owned()) } else { Ok(None) };
    };
    let value = schema::object_in(&answer.text).ok_or("it holds no JSON object")?;
    schema::validate(&wanted.schema, &value)?;
    Ok(Some(value))
}

impl GenerativeModel for ModelPool {
    fn name(&self) -> String {
        self.labels().join(", ")
    }

    fn generate(&self, prompt: &Prompt, cancel: &CancelToken) -> Result<Generated, ModelError> {
        let prompt = self.redactor.prompt(prompt);
        let mut passed = Vec::new();
        for slot in &self.slots {
            if cancel.is_cancelled() {
                return Err(ModelError::new(ModelErrorKind::Cancelled, "asked to stop"));
            }
            match self.ask_or_find(slot, &prompt, cancel) {
                Ok(generated) => return Ok(generated),
                Err(error) if error.kind == ModelErrorKind::Cancelled => return Err(error),
                // A dearer model may be over a budget that the next one is within.
                Err(error) => passed.push((slot.settings.name.as_str(), error)),
            }
        }
        let budget = passed.iter().any(|(_, error)| error.kind == ModelErrorKind::Budget);
        let kind = if budget { ModelErrorKind::Budget } else { ModelErrorKind::NoModel };
        let told: Vec<String> =
            passed.iter().map(|(name, error)| format!("{name}: {}", error.message)).collect();
        Err(ModelError::new(kind, told.join("; ")))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
