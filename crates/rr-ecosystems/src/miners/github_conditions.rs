//! Conditions of GitHub's steps, as far as what a Linux job knows decides them.
//!
//! Knows the expression language's operators; must not know what a condition guards.

use super::github_expressions::Scope;

/// Whether a condition holds in a combination of the matrix; `None` where that cannot be known.
pub(super) fn holds(condition: &str, scope: &Scope) -> Option<bool> {
    let text = condition.trim().trim_start_matches("${{").trim_end_matches("}}").trim();
    let text = scope.expand(text);
    let tokens = tokens(&text);
    let mut reader = Reader { tokens: &tokens, at: 0, scope };
    let value = reader.or();
    // What was not read to its end is not understood.
    (reader.at == tokens.len()).then_some(value)?.truth()
}

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    Truth(bool),
    Unknown,
}

impl Value {
    fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Text(text) => Some(!matches!(text.as_str(), "" | "false" | "0" | "null")),
            Self::Unknown => None,
        }
    }

    fn of(truth: Option<bool>) -> Self {
        truth.map_or(Self::Unknown, Self::Truth)
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.to_ascii_lowercase()),
            Self::Truth(truth) => Some(truth.to_string()),
            Self::Unknown => None,
        }
    }
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    scope: &'a Scope,
}

impl Reader<'_> {
    fn take(&mut self, wanted: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token == wanted);
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Value {
        let mut left = self.and();
        while self.take("||") {
            let right = self.and();
            left = match (left.truth(), right.truth()) {
                (Some(true), _) => left,
                (Some(false), _) => right,
                (None, Some(true)) => right,
                (None, _) => Value::Unknown,
            };
        }
        left
    }

    fn and(&mut self) -> Value {
        let mut left = self.equal();
        while self.take("&&") {
            let right = self.equal();
            left = match (left.truth(), right.truth()) {
                (Some(false), _) => left,
                (Some(true), _) => right,
                (None, Some(false)) => right,
                (None, _) => Value::Unknown,
            };
        }
        left
    }

    fn equal(&mut self) -> Value {
        let left = self.one();
        for (operator, wanted) in [("==", true), ("!=", false)] {
            if self.take(operator) {
                let right = self.one();
                let same = left.text().zip(right.text()).map(|(a, b)| a == b);
                return Value::of(same.map(|same| same == wanted));
            }
        }
        left
    }

    fn one(&mut self) -> Value {
        if self.take("!") {
            return Value::of(self.one().truth().map(|truth| !truth));
        }
        if self.take("(") {
            let value = self.or();
            self.take(")");
            return value;
        }
        let Some(token) = self.tokens.get(self.at) else { return Value::Unknown };
        self.at += 1;
        if self.take("(") {
            return self.call(token);
        }
        if let Some(text) = token.strip_prefix('\'') {
            return Value::Text(text.trim_end_matches('\'').to_owned());
        }
        match token.as_str() {
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            name if name.starts_with(|c: char| c.is_ascii_digit()) => Value::Text(name.to_owned()),
            name => self.scope.known(name).map_or(Value::Unknown, Value::Text),
        }
    }

    fn call(&mut self, name: &str) -> Value {
        let mut arguments = Vec::new();
        while !self.take(")") {
            if self.at >= self.tokens.len() {
                return Value::Unknown;
            }
            arguments.push(self.or().text());
            self.take(",");
        }
        let pair = match &arguments[..] {
            [Some(whole), Some(part)] => Some((whole, part)),
            _ => None,
        };
        match name.to_ascii_lowercase().as_str() {
            "success" | "always" => Value::Truth(true),
            "failure" | "cancelled" => Value::Truth(false),
            "contains" => Value::of(pair.map(|(whole, part)| whole.contains(part.as_str()))),
            "startswith" => Value::of(pair.map(|(whole, part)| whole.starts_with(part.as_str()))),
            "endswith" => Value::of(pair.map(|(whole, part)| whole.ends_with(part.as_str()))),
            _ => Value::Unknown,
        }
    }
}

/// Names, quoted texts (their first quote kept) and operators.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            rest[1..].find('\'').map_or(rest.len(), |end| end + 2)
        } else if ["==", "!=", "&&", "||"].iter().any(|operator| rest.starts_with(operator)) {
            2
        } else if "!(),<>".contains(first) {
            1
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "!(),<>=&|'".contains(c));
            end.unwrap_or(rest.len()).max(first.len_utf8())
        };
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::miners::github_expressions::matrix_scopes;
    use crate::miners::yaml;

    #[test]
    fn conditions_are_decided_as_far_as_they_are_known() {
        let job = "strategy: {matrix: {os: [ubuntu-latest], n: ['3.12'], flag: ['true']}}";
        let job = yaml::parse(job).unwrap();
        let scope = matrix_scopes(&job, &Scope::default()).remove(0);
        let cases = [
            ("matrix.os == 'windows-latest'", Some(false)),
            ("${{ matrix.os != 'windows-latest' }}", Some(true)),
            ("runner.os == 'Windows'", Some(false)),
            ("matrix.n == 3.12 && matrix.os == 'ubuntu-latest'", Some(true)),
            ("startsWith(matrix.os, 'windows') || matrix.n == '3.9'", Some(false)),
            ("!contains(matrix.os, 'macos')", Some(true)),
            ("matrix.flag", Some(true)),
            ("failure()", Some(false)),
            ("always() && (github.event_name == 'push')", None),
            ("github.ref == 'x' && matrix.n == '3.9'", Some(false)),
            ("steps.cache.outputs.cache-hit != 'true'", None),
            ("${{ matrix.os }} == 'ubuntu-latest'", None),
            ("((", None),
            ("'open", Some(true)),
        ];
        for (condition, truth) in cases {
            assert_eq!(holds(condition, &scope), truth, "{condition}");
        }
    }
}
