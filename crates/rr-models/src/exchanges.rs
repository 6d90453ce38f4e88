//! Answers kept in a folder: for the same prompt again, and to play a recorded conversation
//! without any model.
//!
//! A file's name is the hash of what was sent and to which model, so an answer is never given to
//! another question. The folder must lie where no sandbox can write.

use std::path::{Path, PathBuf};

use rr_core::{Generated, Prompt};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::render::{Message, Messages};

/// A folder of answers.
#[derive(Clone, Debug)]
pub(crate) struct Exchanges {
    folder: Option<PathBuf>,
    /// Whether nothing but the folder may answer.
    only: bool,
}

/// One kept answer, with what it answers for whoever reads the file.
#[derive(Serialize, Deserialize)]
struct Exchange {
    model: String,
    purpose: String,
    asked: String,
    answer: Generated,
}

impl Exchanges {
    /// Answers kept in this folder; none without one.
    pub(crate) fn kept_in(folder: Option<PathBuf>) -> Self {
        Self { folder, only: false }
    }

    /// Answers of this folder, and no others.
    pub(crate) fn replayed_from(folder: PathBuf) -> Self {
        Self { folder: Some(folder), only: true }
    }

    /// Whether nothing but the folder may answer.
    pub(crate) fn are_all(&self) -> bool {
        self.only
    }

    /// The folder, where there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The kept answer to what is about to be sent.
    pub(crate) fn find(&self, key: &str) -> Option<Generated> {
        let text = std::fs::read_to_string(self.file(key)?).ok()?;
        // A file that cannot be read is as good as none: the model is asked, the file replaced.
        serde_json::from_str::<Exchange>(&text).ok().map(|exchange| exchange.answer)
    }

    /// Keeps an answer.
    pub(crate) fn keep(
        &self,
        key: &str,
        prompt: &Prompt,
        messages: &Messages,
        answer: &Generated,
    ) -> std::io::Result<()> {
        let Some(file) = self.file(key).filter(|_| !self.only) else { return Ok(()) };
        let asked = match messages.turns.last() {
            Some(Message::User(text)) => text.clone(),
            _ => String::new(),
        };
        let exchange = Exchange {
            model: answer.model.clone(),
            purpose: prompt.purpose.clone(),
            asked,
            answer: answer.clone(),
        };
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let partial = file.with_extension(format!("{}.partial", std::process::id()));
        std::fs::write(&partial, serde_json::to_vec_pretty(&exchange)?)?;
        std::fs::rename(&partial, &file)
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{key}.json")))
    }
}

/// The name of a question to a model.
pub(crate) fn key(model: &str, prompt: &Prompt, messages: &Messages) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    add(model);
    add(&messages.system);
    for turn in &messages.turns {
        match turn {
            Message::User(text) => add(&format!("u{text}")),
            Message::Model(text) => add(&format!("m{text}")),
        }
    }
    add(&prompt.max_tokens.to_string());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
