//! The JSON face of a typed agent: what journals, APIs and the Admin Agent see.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use rr_core::{Agent, AgentError, AgentName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Wraps an agent's typed function as an [`Agent`] and keeps its state for
/// `agent_state_<Agent>.json`.
pub struct AgentShell<T, O> {
    name: AgentName,
    body: Box<dyn Fn(T) -> Result<O, AgentError> + Send + Sync>,
    state: Mutex<State>,
    types: PhantomData<fn(T) -> O>,
}

#[derive(Default)]
struct State {
    tasks: u64,
    errors: u64,
    last_result: Value,
    last_error: Option<String>,
}

impl<T, O: Serialize> AgentShell<T, O> {
    /// Wraps `body`.
    pub fn new(
        name: AgentName,
        body: impl Fn(T) -> Result<O, AgentError> + Send + Sync + 'static,
    ) -> Self {
        Self { name, body: Box::new(body), state: Mutex::default(), types: PhantomData }
    }

    /// Carries out a task in its typed form and keeps what came of it.
    ///
    /// # Errors
    /// As the agent's own.
    pub fn perform(&self, task: T) -> Result<O, AgentError> {
        let result = (self.body)(task);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.tasks += 1;
        match &result {
            Ok(output) => state.last_result = summary(&self.to_json(output)?),
            Err(error) => {
                state.errors += 1;
                state.last_error = Some(error.to_string());
            }
        }
        result
    }

    fn to_json(&self, output: &O) -> Result<Value, AgentError> {
        serde_json::to_value(output)
            .map_err(|e| AgentError::Task { agent: self.name, reason: e.to_string() })
    }
}

impl<T: DeserializeOwned, O: Serialize> Agent for AgentShell<T, O> {
    fn name(&self) -> AgentName {
        self.name
    }

    fn run(&self, task: Value) -> Result<Value, AgentError> {
        let task = serde_json::from_value(task)
            .map_err(|e| AgentError::Task { agent: self.name, reason: e.to_string() })?;
        let output = self.perform(task)?;
        self.to_json(&output)
    }

    fn checkpoint(&self) -> Value {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "agent": self.name,
            "tasks": state.tasks,
            "errors": state.errors,
            "last_result": state.last_result,
            "last_error": state.last_error,
        })
    }
}

/// A result with long texts and lists cut: a checkpoint is for reading, the journal has it whole.
fn summary(value: &Value) -> Value {
    const TEXT: usize = 400;
    const ITEMS: usize = 40;
    match value {
        Value::String(text) if text.len() > TEXT => {
            Value::String(text.chars().take(TEXT).chain(['…']).collect())
        }
        Value::Array(items) => {
            let mut kept: Vec<Value> = items.iter().take(ITEMS).map(summary).collect();
            if items.len() > ITEMS {
                kept.push(json!(format!("… {} more", items.len() - ITEMS)));
            }
            Value::Array(kept)
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(k, v)| (k.clone(), summary(v))).collect())
        }
        other => other.clone(),
    }
}
