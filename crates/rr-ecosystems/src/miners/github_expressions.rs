//! `${{ matrix.x }}`, `${{ inputs.x }}` and `${{ env.x }}` filled in with what a Linux job gets.

use std::collections::BTreeMap;

use super::yaml::Node;

/// Values of expressions that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    values: BTreeMap<String, String>,
}

/// Most combinations of a matrix that are looked at.
const COMBINATIONS: usize = 40;

impl Scope {
    /// Fills in every expression whose value is known; the rest stays as it is.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${{") {
            let Some(length) = rest[start..].find("}}") else { break };
            let expression = rest[start + 3..start + length].trim();
            out.push_str(&rest[..start]);
            match self.value(expression) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&rest[start..start + length + 2]),
            }
            rest = &rest[start + length + 2..];
        }
        out.push_str(rest);
        out
    }

    /// The value of a name that conditions compare; `None` where it is not known.
    pub(super) fn known(&self, name: &str) -> Option<String> {
        self.value(name)
    }

    /// The value of an expression: a known name, a quoted text, or the first known of `a || b`.
    fn value(&self, expression: &str) -> Option<String> {
        for part in expression.split("||") {
            let part = part.trim();
            if let Some(text) = part.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
                return Some(text.to_owned());
            }
            if let Some(value) = self.values.get(part).filter(|value| !value.is_empty()) {
                return Some(value.clone());
            }
        }
        match expression {
            "runner.os" => Some("Linux".to_owned()),
            "runner.arch" => Some("X64".to_owned()),
            "github.workspace" => Some("$GITHUB_WORKSPACE".to_owned()),
            // Known to be empty: an axis whose first value asks for nothing more.
            _ => self.values.get(expression).cloned(),
        }
    }

    /// This scope with one more value.
    fn with(&self, name: String, value: String) -> Self {
        let mut scope = self.clone();
        scope.values.insert(name, value);
        scope
    }

    /// A scope that knows the inputs that a caller gives.
    pub(super) fn inputs(&self, with: Option<&Node>) -> Self {
        let mut values = BTreeMap::new();
        for (name, value, _) in with.map(Node::variables).unwrap_or_default() {
            values.insert(format!("inputs.{name}"), self.expand(&value));
        }
        Self { values }
    }

    /// This scope with the defaults of the inputs that a workflow or action declares.
    pub(super) fn with_defaults(&self, declared: &Node) -> Self {
        let mut scope = self.clone();
        let call = declared.get("on").and_then(|on| on.get("workflow_call"));
        let inputs = declared.get("inputs").or_else(|| call.and_then(|call| call.get("inputs")));
        for (name, input) in inputs.map(Node::pairs).unwrap_or_default() {
            if let Some(value) = input.text_of("default") {
                scope.values.entry(format!("inputs.{name}")).or_insert_with(|| value.to_owned());
            }
        }
        scope
    }
}

/// The combinations of a job's matrix that run on Linux, in its order; the scope itself where
/// there is no matrix.
pub(super) fn matrix_scopes(job: &Node, base: &Scope) -> Vec<Scope> {
    let Some(matrix) = job.get("strategy").and_then(|strategy| strategy.get("matrix")) else {
        return vec![base.clone()];
    };
    let mut scopes = vec![base.clone()];
    let mut axes = 0;
    for (axis, values) in matrix.pairs() {
        if matches!(&**axis, "include" | "exclude") || values.items().is_empty() {
            continue;
        }
        axes += 1;
        scopes = cross(&scopes, axis, values);
    }
    let included = matrix.get("include").map(Node::items).unwrap_or_default();
    if axes == 0 && !included.is_empty() {
        scopes = included.iter().map(|entry| with_entry(base, entry)).collect();
    } else {
        extend(&mut scopes, included, base);
    }
    scopes.retain(|scope| !scope.values.values().any(|value| foreign_value(value)));
    scopes.truncate(COMBINATIONS);
    scopes
}

fn cross(scopes: &[Scope], axis: &str, values: &Node) -> Vec<Scope> {
    let mut crossed = Vec::new();
    for scope in scopes {
        for value in values.items() {
            if crossed.len() >= COMBINATIONS * 4 {
                return crossed;
            }
            match value.text() {
                Some(text) => {
                    crossed.push(scope.with(format!("matrix.{axis}"), scope.expand(text)));
                }
                None => {
                    let mut inner = scope.clone();
                    for (name, text, _) in value.variables() {
                        inner.values.insert(format!("matrix.{axis}.{name}"), text);
                    }
                    crossed.push(inner);
                }
            }
        }
    }
    crossed
}

/// `include`: adds to the combinations it agrees with, else stands for itself.
fn extend(scopes: &mut Vec<Scope>, included: &[Node], base: &Scope) {
    for entry in included {
        let values = entry.variables();
        let mut agreed = false;
        for scope in scopes.iter_mut() {
            let known = |name: &str| scope.values.get(&format!("matrix.{name}"));
            if values.iter().any(|(name, value, _)| known(name).is_some_and(|v| v != value)) {
                continue;
            }
            agreed = true;
            *scope = with_entry(scope, entry);
        }
        if !agreed {
            scopes.push(with_entry(base, entry));
        }
    }
}

fn with_entry(scope: &Scope, entry: &Node) -> Scope {
    entry.variables().into_iter().fold(scope.clone(), |scope, (name, value, _)| {
        let value = scope.expand(&value);
        scope.with(format!("matrix.{name}"), value)
    })
}

fn foreign_value(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower.starts_with("windows")
        || lower.starts_with("macos")
        || lower.contains("apple-darwin")
        || lower.contains("pc-windows")
}
