//! Databases in Python's settings modules: Django's `DATABASES`, and addresses as plain texts.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::ServiceKind;

use super::service_bindings::LOCAL;
use super::service_settings::{Endpoint, address};

/// Largest module read, in bytes.
const SIZE_LIMIT: usize = 200_000;

/// A quoted text without quotes or substitutions in it.
static TEXTS: LazyLock<Regex> =
    LazyLock::new(|| expression(r#""([^"\n{}]{8,200})"|'([^'\n{}]{8,200})'"#));
/// `'NAME': 'app',` and `"HOST": os.environ.get("DB_HOST", "localhost"),`.
static PAIRS: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"['"](NAME|USER|PASSWORD|HOST|PORT)['"]\s*:\s*(.+)"#));
static ENGINES: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"['"]ENGINE['"]\s*:.*(postgresql|postgis|mysql)"#));
static WORDS: LazyLock<Regex> = LazyLock::new(|| expression(r#"['"]([^'"]*)['"]"#));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The endpoints on the own machine that a module configures.
pub(super) fn endpoints(text: &str) -> Vec<Endpoint> {
    if text.len() > SIZE_LIMIT {
        return Vec::new();
    }
    let mut found: Vec<Endpoint> = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let number = u32::try_from(at).unwrap_or(0) + 1;
        let addresses = TEXTS
            .captures_iter(line)
            .filter_map(|c| address(c.get(1).or_else(|| c.get(2))?.as_str()));
        let django = ENGINES.captures(line).and_then(|c| database(c.get(1)?.as_str(), &lines, at));
        for endpoint in addresses.chain(django) {
            let endpoint = Endpoint { line: number, ..endpoint };
            if !found.iter().any(|known| Endpoint { line: number, ..known.clone() } == endpoint) {
                found.push(endpoint);
            }
        }
    }
    found
}

/// The entry of Django's `DATABASES` whose engine stands at a line.
fn database(engine: &str, lines: &[&str], at: usize) -> Option<Endpoint> {
    let opens = |line: &&&str| line.trim_end().ends_with('{');
    let start = at - lines[..at].iter().rev().take(12).take_while(|line| !opens(line)).count();
    let entry = lines[start..].iter().take(20).take_while(|line| !line.trim().starts_with('}'));
    let mut values: Vec<(String, Option<String>)> = Vec::new();
    for line in entry.filter(|line| !line.trim_start().starts_with('#')) {
        if let Some(captures) = PAIRS.captures(line) {
            values.push((captures[1].to_owned(), literal(&captures[2])));
        }
    }
    let value = |name: &str| {
        values.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.clone())
    };
    let known = |name: &str| values.iter().any(|(known, _)| known == name);
    let host = value("HOST").unwrap_or_default();
    // A host that only a variable tells is not this machine by anybody's word.
    if !host.is_empty() && !LOCAL.contains(&host.as_str())
        || known("HOST") && value("HOST").is_none()
    {
        return None;
    }
    let kind = if engine == "mysql" { ServiceKind::Mysql } else { ServiceKind::Postgres };
    Some(Endpoint {
        kind,
        port: value("PORT").and_then(|port| port.parse().ok()),
        user: value("USER").unwrap_or_default(),
        password: value("PASSWORD").unwrap_or_default(),
        database: value("NAME")?,
        line: 1,
    })
}

/// A plain text or number, or the default of a call that reads a variable; `None` where only a
/// variable tells.
fn literal(expression: &str) -> Option<String> {
    let expression = expression.trim().trim_end_matches(',');
    let words: Vec<&str> =
        WORDS.captures_iter(expression).filter_map(|c| Some(c.get(1)?.as_str())).collect();
    let call = expression.contains('(') || expression.contains('[');
    match (call, &words[..]) {
        (false, [text]) => Some((*text).to_owned()),
        (false, []) if expression.bytes().all(|b| b.is_ascii_digit()) => {
            Some(expression.to_owned())
        }
        (true, [_, default]) => Some((*default).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn djangos_databases_are_read_with_their_defaults() {
        let settings = "DATABASES = {\n    'default': {\n        'NAME': os.getenv('DB', 'app'),\n        \
             'ENGINE': 'django.db.backends.postgresql_psycopg2',\n        'USER': 'me',\n        \
             'PASSWORD': os.environ.get(\"DB_PASSWORD\", \"pw\"),\n        'HOST': 'localhost',\n        'PORT': 5433,\n    }\n}\n";
        let found = endpoints(settings);
        let one = &found[0];
        assert_eq!((one.kind, one.port, found.len()), (ServiceKind::Postgres, Some(5433), 1));
        assert_eq!((one.user.as_str(), one.password.as_str()), ("me", "pw"));
        assert_eq!((one.database.as_str(), one.line), ("app", 4));
        let elsewhere = settings.replace("'localhost'", "os.environ['DB_HOST']");
        assert!(endpoints(&elsewhere).is_empty());
        assert!(endpoints(&settings.replace("postgresql_psycopg2", "sqlite3")).is_empty());
    }

    #[test]
    fn addresses_in_settings_are_found() {
        let config = "class Config(BaseSettings):\n    DB: str = \"mysql+aiomysql://me:pw@localhost:3306/app\"\n    \
                      # X = \"postgres://localhost/x\"\n    DOCS = 'https://localhost/docs'\n    REDIS = 'redis://cache:6379'\n";
        let found = endpoints(config);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].line), (ServiceKind::Mysql, 2));
    }
}
