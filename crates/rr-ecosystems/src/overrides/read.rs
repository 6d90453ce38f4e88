//! Reads the file. Everything it does not know is an error that names the place and the way out.

use std::ops::Range;

use rr_core::{
    EngineError, EngineErrorKind, Evidence, Override, OverrideField, OverrideOperation, Trust,
};
use toml_edit::{Document, Item, Value};

use super::fields::{FIELDS, Field, OPERATIONS, Shape};
use super::nearest::nearest;
use super::{refuse, values};

/// Reads a file's text. `path` is how the file is called in messages and evidence.
///
/// # Errors
/// Where it is no TOML, has keys that do not exist, or values of the wrong shape.
pub fn read(path: &str, text: &str, trust: Trust) -> Result<Vec<Override>, EngineError> {
    let reader = Reader { path, text, trust };
    let document = Document::parse(text).map_err(|error| {
        let message = error.message().replace('\n', ", ");
        reader.refused(error.span(), format!("no TOML: {message}"), None)
    })?;
    let mut found = Vec::new();
    for (key, item) in document.iter() {
        let at =
            document.as_table().key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        reader.field(key, at, item, &mut found)?;
    }
    Ok(found)
}

/// One file being read.
pub(super) struct Reader<'a> {
    path: &'a str,
    text: &'a str,
    trust: Trust,
}

impl Reader<'_> {
    fn field(
        &self,
        key: &str,
        at: Option<Range<usize>>,
        item: &Item,
        found: &mut Vec<Override>,
    ) -> Result<(), EngineError> {
        let Some(field) = Field::named(key) else {
            return Err(self.unknown("", key, at, &names()));
        };
        if field.shape == Shape::Text {
            let text = self.text_of(field.name, item)?;
            let value = values::checked_text(field.name, &text)
                .map_err(|why| self.refused(item.span(), why, Some(field.example)))?;
            found.extend(field.changes().map(|changes| {
                self.one(changes, OverrideOperation::Replace, vec![(value, item.span())])
            }));
            return Ok(());
        }
        let Some(table) = item.as_table_like() else {
            return Err(self.no_operation(field, item));
        };
        for (name, item) in table.iter() {
            let at = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
            match field.shape {
                Shape::Toolchains => self.toolchain(name, item, found)?,
                Shape::Variables => self.variable(name, at, item, found)?,
                _ => self.entry(field, name, at, item, found)?,
            }
        }
        Ok(())
    }

    /// `append`, `replace`, `remove`, and what commands have besides.
    fn entry(
        &self,
        field: &Field,
        name: &str,
        at: Option<Range<usize>>,
        item: &Item,
        found: &mut Vec<Override>,
    ) -> Result<(), EngineError> {
        let key = format!("{}.{name}", field.name);
        if !field.keys().contains(&name) {
            return Err(self.unknown(field.name, name, at, &field.keys()));
        }
        if let (Shape::Commands(kind), "folder") = (field.shape, name) {
            let folder = values::checked_text("folder", &self.text_of(&key, item)?)
                .map_err(|why| self.refused(item.span(), why, None))?;
            let values = vec![(folder, item.span())];
            let field = OverrideField::CommandFolder(kind);
            found.push(self.one(field, OverrideOperation::Replace, values));
            return Ok(());
        }
        let values = self.list(field, &key, item)?;
        let (changes, operation) = match name {
            "select" => (Some(OverrideField::SelectTests), OverrideOperation::Replace),
            "exclude" => (Some(OverrideField::ExcludeTests), OverrideOperation::Append),
            _ => (field.changes(), operation(name)),
        };
        found.extend(changes.map(|changes| self.one(changes, operation, values)));
        Ok(())
    }

    fn toolchain(
        &self,
        name: &str,
        item: &Item,
        found: &mut Vec<Override>,
    ) -> Result<(), EngineError> {
        let key = format!("toolchains.{name}");
        let values = self.list_of(&key, item, |value| match value {
            Value::String(text) => Some(text.value().clone()),
            _ => None,
        })?;
        if name == "remove" {
            for (tool, span) in values {
                let field = OverrideField::Toolchain(tool.clone());
                found.push(self.one(field, OverrideOperation::Remove, vec![(tool, span)]));
            }
            return Ok(());
        }
        for (value, span) in &values {
            values::checked_version(value).map_err(|why| {
                self.refused(span.clone(), format!("`{key}`: {why}"), Some("python = \"3.12\""))
            })?;
        }
        let field = OverrideField::Toolchain(name.to_owned());
        found.push(self.one(field, OverrideOperation::Replace, values));
        Ok(())
    }

    fn variable(
        &self,
        name: &str,
        at: Option<Range<usize>>,
        item: &Item,
        found: &mut Vec<Override>,
    ) -> Result<(), EngineError> {
        let key = format!("env.{name}");
        if item.is_array() {
            if name != "remove" {
                let why = format!("`{key}` is a list, where one value is expected");
                return Err(self.refused(at, why, Some("LOG_LEVEL = \"debug\"")));
            }
            for (name, span) in self.list_of(&key, item, values::text)? {
                let field = OverrideField::Variable(name.clone());
                found.push(self.one(field, OverrideOperation::Remove, vec![(name, span)]));
            }
            return Ok(());
        }
        if !crate::miners::variables::valid_name(name) || refuse::owned_variable(name) {
            let why = format!("`{key}`: the variable `{name}` is not a file's to set");
            return Err(self.refused(at, why, None));
        }
        let value = item.as_value().and_then(values::scalar).ok_or_else(|| {
            let why = format!("`{key}` is {}, where a text is expected", kind_of(item));
            self.refused(item.span(), why, Some("LOG_LEVEL = \"debug\""))
        })?;
        let field = OverrideField::Variable(name.to_owned());
        found.push(self.one(field, OverrideOperation::Replace, vec![(value, item.span())]));
        Ok(())
    }

    /// A list of a field's own kind of values, each checked.
    fn list(&self, field: &Field, key: &str, item: &Item) -> Result<Spanned, EngineError> {
        let listed = match field.shape {
            Shape::Ports => self.list_of(key, item, values::port)?,
            _ => self.list_of(key, item, values::text)?,
        };
        for (value, span) in &listed {
            values::checked(field.name, value).map_err(|why| {
                self.refused(span.clone(), format!("`{key}`: {why}"), Some(field.example))
            })?;
        }
        Ok(listed)
    }

    /// The values of a list, or of one value that stands for a list of one.
    fn list_of(
        &self,
        key: &str,
        item: &Item,
        read: impl Fn(&Value) -> Option<String>,
    ) -> Result<Spanned, EngineError> {
        let wrong = |span: Option<Range<usize>>, kind: &str| {
            let shown = self.excerpt(span.clone());
            let why = format!("`{key}` is {kind}, which does not fit here: `{shown}`");
            self.refused(span, why, None)
        };
        match item.as_value() {
            Some(Value::Array(array)) => array
                .iter()
                .map(|value| match read(value) {
                    Some(text) => Ok((text, value.span())),
                    None => Err(wrong(value.span(), value.type_name())),
                })
                .collect(),
            Some(value) => match read(value) {
                Some(text) => Ok(vec![(text, value.span())]),
                None => Err(wrong(value.span(), value.type_name())),
            },
            None => Err(wrong(item.span(), kind_of(item))),
        }
    }

    fn text_of(&self, key: &str, item: &Item) -> Result<String, EngineError> {
        item.as_str().map(str::to_owned).ok_or_else(|| {
            let shown = self.excerpt(item.span());
            let why = format!("`{key}` is {}, where a text is expected: `{shown}`", kind_of(item));
            self.refused(item.span(), why, None)
        })
    }

    /// A value where `append`, `replace` or `remove` must be said.
    fn no_operation(&self, field: &Field, item: &Item) -> EngineError {
        let shown = self.excerpt(item.span());
        if matches!(field.shape, Shape::Toolchains | Shape::Variables) {
            let why = format!("`{}` is {}, where a table is expected", field.name, kind_of(item));
            return self.refused(item.span(), why, Some(field.example));
        }
        let why = format!(
            "`{0} = {shown}` does not say what it does: write `{0}.append`, `{0}.replace` or \
             `{0}.remove`",
            field.name
        );
        self.refused(item.span(), why, Some(field.example))
    }

    fn unknown(
        &self,
        within: &str,
        key: &str,
        at: Option<Range<usize>>,
        known: &[&str],
    ) -> EngineError {
        let full = if within.is_empty() { key.to_owned() } else { format!("{within}.{key}") };
        if let Some(option) = refuse::granted_by(key) {
            let why = match self.trust {
                Trust::User => format!("`{full}` is said on the command line, not in a file"),
                _ => format!("`{full}` is refused: only the user's command line grants that"),
            };
            return self.refused(at, why, Some(&format!("repo-runner run SOURCE {option} …")));
        }
        let near = match nearest(key, known) {
            Some(word) if within.is_empty() => format!("did you mean `{word}`?"),
            Some(word) => format!("did you mean `{within}.{word}`?"),
            None => format!("there are {}", known.join(", ")),
        };
        self.refused(at, format!("there is no key `{full}`; {near}"), None)
    }

    fn one(&self, field: OverrideField, operation: OverrideOperation, values: Spanned) -> Override {
        let evidence = values.iter().map(|(_, span)| self.evidence(span.clone())).collect();
        let values = values.into_iter().map(|(value, _)| value).collect();
        Override { field, operation, values, evidence }
    }

    fn evidence(&self, span: Option<Range<usize>>) -> Evidence {
        let evidence = Evidence::at(self.path, Override::RULE, self.trust);
        let line = self.line(span);
        let text = self.text.lines().nth(line as usize - 1).unwrap_or_default();
        evidence.with_line(line, text)
    }

    /// The line, from 1.
    fn line(&self, span: Option<Range<usize>>) -> u32 {
        let end = span.map_or(0, |span| span.start.min(self.text.len()));
        let before = self.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    fn excerpt(&self, span: Option<Range<usize>>) -> String {
        let text = span.and_then(|span| self.text.get(span)).unwrap_or_default();
        text.lines().next().unwrap_or_default().chars().take(60).collect()
    }

    fn refused(
        &self,
        span: Option<Range<usize>>,
        why: String,
        example: Option<&str>,
    ) -> EngineError {
        let message = format!("`{}` line {}: {why}", self.path, self.line(span));
        let error = EngineError::new(EngineErrorKind::Refused, message);
        match example {
            Some(example) => error.with_hint(format!("for example `{example}`")),
            None => error.with_hint("`repo-runner schema config` prints what may stand there"),
        }
    }
}

type Spanned = Vec<(String, Option<Range<usize>>)>;

fn names() -> Vec<&'static str> {
    FIELDS.iter().map(|field| field.name).collect()
}

fn operation(name: &str) -> OverrideOperation {
    match OPERATIONS.iter().position(|word| *word == name) {
        Some(0) => OverrideOperation::Append,
        Some(2) => OverrideOperation::Remove,
        _ => OverrideOperation::Replace,
    }
}

fn kind_of(item: &Item) -> &'static str {
    item.as_value().map_or("a table", Value::type_name)
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
