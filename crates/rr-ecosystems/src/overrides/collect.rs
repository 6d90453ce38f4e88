//! Brings the two files together: the repository's own first, the user's after it.

use std::collections::BTreeMap;

use rr_core::{
    ConfigFile, EngineError, Override, OverrideField, OverrideOperation, RepoView, Trust,
};

use super::{FILE, read};

/// What both files say, in the order in which it is applied, secrets hidden.
///
/// # Errors
/// Where one of them is refused: no TOML, unknown keys, values of the wrong shape.
pub fn collect(
    repo: &dyn RepoView,
    config: Option<&ConfigFile>,
) -> Result<Vec<Override>, EngineError> {
    let mut found = match repo.text(FILE) {
        Some(text) => read(FILE, &text, Trust::Configuration)?,
        None => Vec::new(),
    };
    if let Some(config) = config {
        found.extend(read(&config.path, &config.text, Trust::User)?);
    }
    found.iter_mut().for_each(hide);
    Ok(found)
}

/// The variables that a file sets, secrets included.
#[must_use]
pub fn variables(overrides: &[Override]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for change in overrides {
        if let (OverrideField::Variable(name), [value]) = (&change.field, &change.values[..])
            && change.operation == OverrideOperation::Replace
        {
            found.insert(name.clone(), value.clone());
        }
    }
    found
}

/// The variables of the repository's own file, secrets included: they stand in the repository.
pub(super) fn own_variables(repo: &dyn RepoView) -> BTreeMap<String, String> {
    let text = repo.text(FILE);
    let read = text.and_then(|text| read(FILE, &text, Trust::Configuration).ok());
    variables(&read.unwrap_or_default())
}

fn hide(change: &mut Override) {
    let OverrideField::Variable(name) = &change.field else { return };
    if !crate::miners::is_secret_name(name) {
        return;
    }
    for value in &mut change.values {
        Override::HIDDEN.clone_into(value);
    }
    for evidence in &mut change.evidence {
        evidence.excerpt = format!("{name} = {}", Override::HIDDEN);
    }
}
