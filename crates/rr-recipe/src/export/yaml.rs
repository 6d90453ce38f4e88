//! YAML and JSON documents with the export's head.

use serde_json::{Map, Value};

use super::{ExportFile, header};
use crate::error::RecipeError;
use crate::lock::RecipeLock;

/// A document in the order in which it was built.
#[derive(Clone, Debug, Default)]
pub(super) struct Document(Map<String, Value>);

impl Document {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a value, where there is one.
    pub(super) fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if !empty {
            self.0.insert(key.to_owned(), value);
        }
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.0)
    }
}

/// A YAML file.
pub(super) fn file(
    lock: &RecipeLock,
    path: &str,
    document: Document,
    remarks: &[String],
) -> Result<ExportFile, RecipeError> {
    let failed = |reason: String| RecipeError::Write { what: path.to_owned(), reason };
    let body =
        serde_saphyr::to_string(&Value::from(document)).map_err(|e| failed(e.to_string()))?;
    let mut text = header::comment(lock, "#");
    for remark in remarks {
        text += &format!("# {}\n", header::one_line(remark));
    }
    Ok(ExportFile::text(path, format!("{text}{body}")))
}

/// A JSON file with comments, as development containers read it.
pub(super) fn json(
    lock: &RecipeLock,
    path: &str,
    document: Document,
) -> Result<ExportFile, RecipeError> {
    let body = serde_json::to_string_pretty(&Value::from(document))
        .map_err(|e| RecipeError::Write { what: path.to_owned(), reason: e.to_string() })?;
    Ok(ExportFile::text(path, format!("{}{body}\n", header::comment(lock, "//"))))
}

/// What the reader of a CI or compose file must give: names without values.
pub(super) fn remarks(required: &[&str], where_from: &str) -> Vec<String> {
    required
        .iter()
        .map(|name| format!("{name} is read from {where_from}: its value is not in the lock."))
        .collect()
}
