//! Environment variables that code reads: name, default, whether it fails without.

use rr_core::{FactKey, FactMark};

use super::calls::{Argument, Call, path};
use super::scan::{Found, Source};
use super::syntax::Language;
use super::tokens::{Kind, Token};
use crate::miners::{is_secret_name, variables::valid_name};

/// How a callee treats a variable that is not set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absent {
    /// It gives nothing.
    Nothing,
    /// It fails, unless a default is given.
    Fails,
}

/// Callee, module that must be imported for it (none where it is the language's own), and what
/// happens without the variable. The name is the first argument, a default the second or `default`.
#[rustfmt::skip]
static READERS: &[(Language, &str, &str, Absent)] = &[
    (Language::Python, "os.getenv", "", Absent::Nothing),
    (Language::Python, "getenv", "os", Absent::Nothing),
    (Language::Python, "os.environ.get", "", Absent::Nothing),
    (Language::Python, "environ.get", "os", Absent::Nothing),
    (Language::Python, "os.environ.setdefault", "", Absent::Nothing),
    (Language::Python, "os.environ", "", Absent::Fails),
    (Language::Python, "environ", "os", Absent::Fails),
    (Language::Python, "config", "decouple", Absent::Fails),
    (Language::Python, "env", "environ", Absent::Fails), (Language::Python, "env.str", "environ", Absent::Fails),
    (Language::Python, "env.bool", "environ", Absent::Fails), (Language::Python, "env.int", "environ", Absent::Fails),
    (Language::Python, "env.list", "environ", Absent::Fails), (Language::Python, "env.db", "environ", Absent::Fails),
    (Language::Python, "env", "environs", Absent::Fails), (Language::Python, "env.str", "environs", Absent::Fails),
    (Language::Python, "env.bool", "environs", Absent::Fails), (Language::Python, "env.int", "environs", Absent::Fails),
    (Language::Python, "env.list", "environs", Absent::Fails),
    (Language::Go, "os.Getenv", "", Absent::Nothing), (Language::Go, "os.LookupEnv", "", Absent::Nothing),
    (Language::Go, "syscall.Getenv", "", Absent::Nothing),
    (Language::Jvm, "System.getenv", "", Absent::Nothing),
    (Language::Rust, "env.var", "", Absent::Fails), (Language::Rust, "std.env.var", "", Absent::Fails),
    (Language::Rust, "env.var_os", "", Absent::Nothing), (Language::Rust, "std.env.var_os", "", Absent::Nothing),
    (Language::Rust, "env!", "", Absent::Fails), (Language::Rust, "option_env!", "", Absent::Nothing),
    (Language::Rust, "dotenvy.var", "", Absent::Fails), (Language::Rust, "dotenv.var", "", Absent::Fails),
    (Language::Ruby, "ENV", "", Absent::Nothing), (Language::Ruby, "ENV.fetch", "", Absent::Fails),
    (Language::Php, "getenv", "", Absent::Nothing), (Language::Php, "env", "", Absent::Nothing),
    (Language::Php, "$_ENV", "", Absent::Nothing), (Language::Php, "$_SERVER", "", Absent::Nothing),
    (Language::Script, "process.env", "", Absent::Nothing), (Language::Script, "Deno.env.get", "", Absent::Nothing),
    (Language::Script, "Bun.env", "", Absent::Nothing), (Language::Script, "import.meta.env", "", Absent::Nothing),
];

/// The variables that a source reads.
pub(super) fn read(source: &Source<'_, '_>) -> Vec<Found> {
    let mut found: Vec<Found> =
        source.calls.iter().filter_map(|call| reader(source, call)).collect();
    match source.language {
        Language::Script => found.extend(properties(source.tokens)),
        Language::Go => found.extend(struct_tags(source.tokens)),
        Language::Jvm => found.extend(placeholders(source)),
        Language::Rust => found.extend(clap(source)),
        Language::Python => found.extend(settings_classes(source)),
        Language::Ruby | Language::Php => {}
    }
    found
}

fn reader(source: &Source<'_, '_>, call: &Call<'_, '_>) -> Option<Found> {
    let row = READERS.iter().find(|(language, callee, module, _)| {
        *language == source.language
            && *callee == call.callee
            && (module.is_empty() || source.uses(module))
            && (!call.access || !callee.ends_with("get"))
    })?;
    // An assignment sets the variable: `os.environ["X"] = "y"`.
    let sets = call.access
        && call.after.first().is_some_and(|t| t.is("="))
        && !call.after.get(1).is_some_and(|t| t.is("="));
    let name = call.text(0).filter(|_| !sets)?;
    let default = default_argument(call).or_else(|| fallback(call.after));
    let fails = row.3 == Absent::Fails && call.callee != "os.environ.setdefault";
    // `env::var("X").ok()` and its like do without.
    let handled = source.language == Language::Rust
        && !call.after.get(1).is_some_and(|t| t.says("unwrap") || t.says("expect") || t.is("?"))
        && !call.after.first().is_some_and(|t| t.is("?"))
        && !call.callee.ends_with('!');
    variable(name, default, fails && !handled, call.line)
}

fn default_argument(call: &Call<'_, '_>) -> Option<String> {
    let named = call.named("default").or_else(|| call.named("cast"));
    let given = call.named("default").or_else(|| call.positional(1));
    match given {
        Some(argument) => Some(argument.plain().unwrap_or_else(|| shown(argument))),
        None => named.and_then(Argument::plain).filter(|_| call.named("default").is_some()),
    }
}

/// What an argument that is no plain value looks like.
fn shown(argument: &Argument<'_, '_>) -> String {
    let words: Vec<&str> = argument.tokens.iter().take(8).map(|token| token.text).collect();
    words.join("")
}

/// `… || "x"`, `… ?? "x"`, `… or "x"`, `… ?: "x"`, `….unwrap_or("x")`, `….unwrap_or_else(|_| "x"…)`.
fn fallback(after: &[Token<'_>]) -> Option<String> {
    let plain = |token: &Token<'_>| {
        matches!(token.kind, Kind::Text | Kind::Number).then(|| token.text.to_owned())
    };
    match after {
        [a, b, value, ..]
            if (a.is("|") && b.is("|")) || (a.is("?") && (b.is("?") || b.is(":"))) =>
        {
            plain(value)
        }
        [or, value, ..] if or.says("or") => plain(value),
        [dot, name, rest @ ..] if dot.is(".") && name.text.starts_with("unwrap_or") => {
            rest.iter().find_map(plain).or_else(|| Some(String::new()))
        }
        _ => None,
    }
}

fn variable(name: &str, default: Option<String>, fails: bool, line: u32) -> Option<Found> {
    let known = valid_name(name) && name.bytes().any(|b| b.is_ascii_uppercase());
    if !known || matches!(name, "PATH" | "HOME" | "USER" | "PWD" | "SHELL" | "TERM") {
        return None;
    }
    let mut marks = Vec::new();
    if is_secret_name(name) {
        marks.push(FactMark::Secret);
    }
    if fails && default.is_none() {
        marks.push(FactMark::Required);
    }
    let value = default.unwrap_or_default();
    let key = FactKey::Variable(name.to_owned());
    Some(Found { marks, ..Found::new(key, value, line, "env") })
}

/// `process.env.X`, `import.meta.env.X`, with `|| "default"` or `?? "default"`.
fn properties(tokens: &[Token<'_>]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].kind != Kind::Word {
            at += 1;
            continue;
        }
        let (path, end) = path(tokens, at);
        let line = tokens[at].line;
        at = end;
        let name = ["process.env.", "import.meta.env.", "Bun.env."]
            .iter()
            .find_map(|prefix| path.strip_prefix(prefix));
        let Some(name) = name.filter(|name| !name.contains('.')) else { continue };
        let after = &tokens[end..(end + 6).min(tokens.len())];
        let sets = matches!(after, [a, b, ..] if a.is("=") && !b.is("="));
        // Bundlers set these by themselves.
        let own = matches!(name, "NODE_ENV" | "MODE" | "DEV" | "PROD" | "SSR" | "BASE_URL");
        if !sets && !own {
            // `process.env.X!` says that the code cannot do without.
            let fails = after.first().is_some_and(|t| t.is("!"))
                && !after.get(1).is_some_and(|t| t.is("="));
            found.extend(variable(name, fallback(after), fails, line));
        }
    }
    found
}

/// `` `env:"PORT" envDefault:"8080"` `` and `` `envconfig:"PORT" default:"8080" required:"true"` ``.
fn struct_tags(tokens: &[Token<'_>]) -> Vec<Found> {
    let value = |tag: &str, key: &str| {
        let at = tag.find(&format!("{key}:\""))? + key.len() + 2;
        tag[at..].split('"').next().map(str::to_owned)
    };
    let tags = tokens.iter().filter(|t| t.kind == Kind::Text && t.text.contains(":\""));
    tags.filter_map(|token| {
        let tag = token.text;
        let names = value(tag, "env").or_else(|| value(tag, "envconfig"))?;
        let mut words = names.split(',');
        let name = words.next()?.to_owned();
        let required = words.any(|w| w == "required" || w == "notEmpty")
            || value(tag, "required").as_deref() == Some("true");
        let default = value(tag, "envDefault").or_else(|| value(tag, "default"));
        variable(&name, default, required, token.line)
    })
    .collect()
}

/// `@Value("${NAME:default}")`.
fn placeholders(source: &Source<'_, '_>) -> Vec<Found> {
    let texts = source
        .tokens
        .windows(4)
        .filter(|window| window[0].is("@") && window[1].says("Value") && window[2].is("("));
    texts
        .filter_map(|window| {
            let inside = window[3].text.strip_prefix("${")?.strip_suffix('}')?;
            let (name, default) = match inside.split_once(':') {
                Some((name, default)) => (name, Some(default.to_owned())),
                None => (inside, None),
            };
            variable(name, default, true, window[3].line)
        })
        .collect()
}

/// `#[arg(long, env = "NAME", default_value = "x")]`.
fn clap(source: &Source<'_, '_>) -> Vec<Found> {
    let calls = source.calls.iter().filter(|c| matches!(c.callee.as_str(), "arg" | "clap"));
    calls
        .filter_map(|call| {
            let name = call.named("env")?.text()?;
            let default = ["default_value", "default_value_t"].iter().find_map(|k| call.named(k));
            variable(name, default.map(|d| d.plain().unwrap_or_else(|| shown(d))), false, call.line)
        })
        .collect()
}

/// Fields of a class below `BaseSettings`: each is read from a variable of its own name.
fn settings_classes(source: &Source<'_, '_>) -> Vec<Found> {
    let tokens = source.tokens;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.says("class")) {
        let mut bases = tokens[at..].iter().take(12).take_while(|t| !t.is(":"));
        if bases.any(|t| t.says("BaseSettings")) {
            found.extend(fields(&tokens[at..], token.column));
        }
    }
    found
}

fn fields(class: &[Token<'_>], column: u32) -> Vec<Found> {
    let Some(body) = class.iter().position(|t| t.line > class[0].line) else { return Vec::new() };
    let inside = || class[body..].iter().take_while(|t| t.column > column || t.is(")"));
    let prefix = inside()
        .position(|t| t.says("env_prefix"))
        .and_then(|at| class[body + at..].iter().take(3).find(|t| t.kind == Kind::Text))
        .map_or("", |token| token.text);
    let indent = class[body].column;
    let body = &class[body..body + inside().count()];
    let mut found = Vec::new();
    for (at, token) in body.iter().enumerate() {
        let first = at == 0 || body[at - 1].line != token.line;
        let typed = body.get(at + 1).is_some_and(|next| next.is(":"));
        if !(first && typed && token.column == indent && token.kind == Kind::Word) {
            continue;
        }
        if token.text.starts_with("model_config") || token.text.starts_with('_') {
            continue;
        }
        let line: Vec<&Token<'_>> =
            body[at..].iter().take_while(|t| t.line == token.line).collect();
        let default = line.iter().position(|t| t.is("=")).map(|equals| match &line[equals + 1..] {
            [one] if one.kind != Kind::Mark => one.text.to_owned(),
            rest => rest.iter().take(8).map(|t| t.text).collect(),
        });
        let optional = line.iter().any(|t| t.says("Optional") || t.says("None"));
        let name = format!("{prefix}{}", token.text).to_ascii_uppercase();
        found.extend(variable(&name, default, !optional, token.line));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    fn shown(text: &str, language: Language) -> Vec<String> {
        let found = scan("x", text, language).found;
        let variables = found.iter().filter_map(|found| match &found.key {
            FactKey::Variable(name) => Some(format!("{name}={} {:?}", found.value, found.marks)),
            _ => None,
        });
        variables.collect()
    }

    #[test]
    fn python_reads_with_and_without_defaults() {
        let source = "import os\nfrom decouple import config\n\
            A = os.environ['API_TOKEN']\nB = os.getenv(\n    'PORT',\n    '80',\n)\n\
            C = os.environ.get('LEVEL') or 'info'\nos.environ['SET'] = 'x'\n# os.getenv('NO')\n\
            D = config('DEBUG', default=False, cast=bool)\nE = config('SITE')\n";
        assert_eq!(
            shown(source, Language::Python),
            [
                "API_TOKEN= [Secret, Required]",
                "PORT=80 []",
                "LEVEL=info []",
                "DEBUG=False []",
                "SITE= [Required]",
            ]
        );
    }

    #[test]
    fn settings_classes_name_variables_by_their_fields() {
        let source = "class Settings(BaseSettings):\n    host: str = \"h\"\n    api_key: str\n    note: str | None = None\n\n    class Config:\n        env_prefix = \"APP_\"\n\nother: int = 1\n";
        assert_eq!(
            shown(source, Language::Python),
            ["APP_HOST=h []", "APP_API_KEY= [Secret, Required]", "APP_NOTE=None []"]
        );
    }

    #[test]
    fn other_languages_are_read_too() {
        let script = "const p = process.env.PORT || 3000; const k = process.env['KEY_ID'] ?? 'x'; process.env.SET = '1'; f(process.env.TOKEN!)";
        assert_eq!(
            shown(script, Language::Script),
            ["KEY_ID=x []", "PORT=3000 []", "TOKEN= [Secret, Required]"]
        );
        let go = "type C struct {\n\tP int `env:\"PORT\" envDefault:\"8080\"`\n}\nvar a = os.Getenv(\"HOST\")\n";
        assert_eq!(shown(go, Language::Go), ["HOST= []", "PORT=8080 []"]);
        let rust = "let a = std::env::var(\"DB_URL\").expect(\"x\"); let b = env::var(\"B\").unwrap_or_else(|_| \"c\".into()); #[arg(long, env = \"LOG\", default_value = \"info\")]";
        assert_eq!(shown(rust, Language::Rust), ["DB_URL= [Required]", "B=c []", "LOG=info []"]);
        let ruby = "a = ENV['HOST'] || 'h'\nb = ENV.fetch('SECRET_KEY')\n";
        assert_eq!(shown(ruby, Language::Ruby), ["HOST=h []", "SECRET_KEY= [Secret, Required]"]);
        let php = "<?php $a = env('APP_NAME', 'x'); $b = $_ENV['MODE'] ?? 'dev';";
        assert_eq!(shown(php, Language::Php), ["APP_NAME=x []", "MODE=dev []"]);
        let java = "@Value(\"${CACHE_DIR:/tmp}\") String a; String b = System.getenv(\"MODE\");";
        assert_eq!(shown(java, Language::Jvm), ["MODE= []", "CACHE_DIR=/tmp []"]);
    }
}
