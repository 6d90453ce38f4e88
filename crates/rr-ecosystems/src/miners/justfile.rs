//! justfiles: recipes.

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place};

/// Mines one justfile: a script fact per recipe. Recipes with parameters keep `{{…}}`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let place = Place { path, rule: "justfile.recipe", trust: Trust::TaskRunner };
    let mut current: Option<(String, u32, String)> = None;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, _, recipe)) = &mut current {
                recipe.push_str(line.trim().trim_start_matches(['@', '-']));
                recipe.push('\n');
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        flush(&place, current.take(), mined);
        let Some((head, rest)) = line.split_once(':') else { continue };
        if rest.starts_with('=')
            || line.starts_with(['#', '['])
            || head.contains('=') && !head.contains(' ')
        {
            continue;
        }
        let name = head.split_whitespace().next().unwrap_or("").trim_start_matches('@');
        if !matches!(name, "" | "set" | "alias" | "export" | "import" | "mod") {
            current = Some((name.to_owned(), u32::try_from(at).unwrap_or(0) + 1, String::new()));
        }
    }
    flush(&place, current, mined);
}

fn flush(place: &Place<'_>, recipe: Option<(String, u32, String)>, mined: &mut Mined) {
    if let Some((name, line, text)) = recipe {
        let evidence = place.at(line, &name);
        mined.fact(FactKey::Script(name), place.folder(), &text, evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_scripts() {
        let mut mined = Mined::default();
        mine(
            "justfile",
            "set shell := ['bash']\nx := 'y'\n\ntest arg='': build\n  @cargo test {{arg}}\n\nbuild:\n  cargo build\n",
            &mut mined,
        );
        let found: Vec<_> = mined.facts.iter().map(|f| (f.key.clone(), f.value.as_str())).collect();
        assert_eq!(
            found,
            [
                (FactKey::Script("test".to_owned()), "cargo test {{arg}}"),
                (FactKey::Script("build".to_owned()), "cargo build"),
            ]
        );
    }
}
