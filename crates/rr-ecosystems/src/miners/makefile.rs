//! Makefiles: targets and their recipes, with the file's own simple variables filled in.

use std::collections::BTreeMap;

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place};

/// Largest recipe kept, in bytes.
const RECIPE_LIMIT: usize = 4000;

struct Target<'a> {
    name: &'a str,
    line: u32,
    /// Prerequisites that are targets themselves are run before.
    needs: Vec<&'a str>,
    recipe: String,
}

/// Mines one Makefile: a script fact per explicit target.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "makefile.target", trust: Trust::TaskRunner };
    let variables = variables(text);
    let targets = targets(text);
    let default = targets.iter().find(|t| !t.name.starts_with('.')).map(|t| t.name);
    for target in &targets {
        if target.name.starts_with('.') || target.name.contains(['%', '$', '/', '*']) {
            continue;
        }
        let mut recipe = String::new();
        for need in &target.needs {
            if let Some(other) = targets.iter().find(|t| &t.name == need && !t.recipe.is_empty()) {
                recipe.push_str(&other.recipe);
            }
        }
        recipe.push_str(&target.recipe);
        let recipe = fill(&recipe, &variables);
        let recipe: String = recipe.chars().take(RECIPE_LIMIT).collect();
        if recipe.trim().is_empty() {
            continue;
        }
        let evidence = place.at(target.line, target.name);
        let folder = place.folder();
        if default == Some(target.name) && target.name != "all" {
            let key = FactKey::Script("all".to_owned());
            mined.fact(key, folder, &recipe, evidence.clone());
        }
        mined.fact(FactKey::Script(target.name.to_owned()), folder, &recipe, evidence);
    }
}

fn targets(text: &str) -> Vec<Target<'_>> {
    let mut found: Vec<Target<'_>> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        if let Some(recipe) = line.strip_prefix('\t') {
            if let Some(target) = found.last_mut().filter(|_| open) {
                target.recipe.push_str(recipe.trim_start_matches(['@', '-', '+', ' ']));
                target.recipe.push('\n');
            }
            continue;
        }
        if line.trim().is_empty() || line.starts_with('#') || line.starts_with(' ') {
            continue;
        }
        open = false;
        let Some((names, rest)) = line.split_once(':') else { continue };
        if rest.starts_with('=') || rest.starts_with(":=") || names.contains('=') {
            continue;
        }
        let rest = rest.trim_start_matches(':').split('#').next().unwrap_or("");
        let (needs, inline) = rest.split_once(';').unwrap_or((rest, ""));
        if needs.contains('=') {
            continue;
        }
        for name in names.split_whitespace() {
            found.push(Target {
                name,
                line: u32::try_from(at).unwrap_or(0) + 1,
                needs: needs.split_whitespace().filter(|need| *need != "|").collect(),
                recipe: if inline.is_empty() { String::new() } else { format!("{inline}\n") },
            });
        }
        open = true;
    }
    found
}

/// `NAME = value`, `:=`, `?=`: the first assignment counts.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with(['\t', '#'])) {
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim_start_matches("export ").trim_end_matches([':', '?', '+', '!']).trim();
        if super::variables::valid_name(name) {
            found.entry(name).or_insert(value.split(" #").next().unwrap_or(value).trim());
        }
    }
    found
}

/// Fills in `$(NAME)` and `${NAME}`; `$(MAKE)` is `make`; unknown ones vanish as make has it, but
/// `$$` stays a dollar.
fn fill(text: &str, variables: &BTreeMap<&str, &str>) -> String {
    let mut out = text.to_owned();
    for _ in 0..4 {
        let mut next = String::with_capacity(out.len());
        let mut rest = out.as_str();
        let mut changed = false;
        while let Some(start) = rest.find(['$']) {
            next.push_str(&rest[..start]);
            let tail = &rest[start..];
            let close = match tail.as_bytes().get(1) {
                Some(b'(') => tail.find(')'),
                Some(b'{') => tail.find('}'),
                _ => None,
            };
            let name = close.map(|close| &tail[2..close]);
            let value = match name {
                Some("MAKE") => Some("make"),
                Some(name) => variables.get(name).copied(),
                None => None,
            };
            match (value, close) {
                (Some(value), Some(close)) if next.len() < RECIPE_LIMIT => {
                    next.push_str(value);
                    rest = &tail[close + 1..];
                    changed = true;
                }
                _ => {
                    let step = if tail.starts_with("$$") { 2 } else { 1 };
                    next.push_str(&tail[..step]);
                    rest = &tail[step..];
                }
            }
        }
        next.push_str(rest);
        out = next;
        if !changed {
            break;
        }
    }
    out.replace("$$", "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_carry_their_recipe_and_that_of_their_needs() {
        let mut mined = Mined::default();
        mine(
            "Makefile",
            "PYTHON ?= python3\nSRC := a b\n.PHONY: test deps\n\nbuild: deps ## help\n\t@echo $(SRC)\n\
             deps:\n\tpip install -e .\ntest:: deps\n\t$(PYTHON) -m pytest $$X\n",
            &mut mined,
        );
        let of = |name: &str| {
            let key = FactKey::Script(name.to_owned());
            mined.facts.iter().find(|f| f.key == key).map(|f| (f.value.as_str(), f.evidence.line))
        };
        assert_eq!(of("test"), Some(("pip install -e .\npython3 -m pytest $X", Some(9))));
        assert_eq!(of("all"), Some(("pip install -e .\necho a b", Some(5))));
        assert_eq!(of(".PHONY"), None);
    }
}
