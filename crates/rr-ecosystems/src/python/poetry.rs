//! Poetry's (and Pipfile's) tables, turned into PEP 508 requirements.

use rr_core::{Evidence, Trust};
use serde_json::Value;

use super::document::{at, line_of, members_at, text_at, texts_at};
use super::manifest::Manifest;

/// Reads `[tool.poetry]` into the manifest.
pub(super) fn read(manifest: &mut Manifest, path: &str, text: &str, poetry: &Value) {
    if poetry.is_null() {
        return;
    }
    manifest.name = manifest.name.take().or_else(|| text_at(poetry, &["name"]));
    if let Some(range) = text_at(poetry, &["dependencies", "python"]) {
        let mut place = Evidence::at(path, "python.poetry-python", Trust::Manifest);
        if let Some((line, excerpt)) = line_of(text, "python =") {
            place = place.with_line(line, excerpt);
        }
        manifest.requires_python.get_or_insert((specifiers(&range), place));
    }
    let packages = at(poetry, &["packages"]).as_array().map_or(&[] as &[Value], Vec::as_slice);
    let included = packages.iter().filter_map(|package| text_at(package, &["include"]));
    manifest.modules.extend(included.map(|path| path.split('/').next().unwrap_or("").to_owned()));
    manifest.dependencies.extend(requirements(at(poetry, &["dependencies"])));
    let develop = requirements(at(poetry, &["dev-dependencies"]));
    if !develop.is_empty() {
        manifest.tool_groups.insert("dev".to_owned(), develop);
    }
    for (name, group) in members_at(poetry, &["group"]) {
        let list = requirements(at(group, &["dependencies"]));
        manifest.tool_groups.entry(name.to_owned()).or_default().extend(list);
    }
    for (name, _) in members_at(poetry, &["extras"]) {
        manifest
            .extras
            .entry(name.to_owned())
            .or_insert_with(|| texts_at(poetry, &["extras", name]));
    }
    for (name, target) in members_at(poetry, &["scripts"]) {
        manifest.scripts.push((name.to_owned(), target.as_str().unwrap_or("").to_owned()));
    }
}

/// The requirements of a table `name = constraint`; `python` and optional ones are left out.
pub(super) fn requirements(table: &Value) -> Vec<String> {
    members_at(table, &[])
        .filter(|(name, _)| *name != "python")
        .filter_map(|(name, constraint)| match constraint {
            // Several constraints for several Pythons: each with its own marker.
            Value::Array(many) => {
                let each: Vec<String> = many.iter().filter_map(|c| requirement(name, c)).collect();
                (!each.is_empty()).then(|| each.join("\n"))
            }
            one => requirement(name, one),
        })
        .flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// One entry as PEP 508; `None` where it is optional or a path inside the repository.
pub(super) fn requirement(name: &str, constraint: &Value) -> Option<String> {
    if let Some(text) = constraint.as_str() {
        return Some(format!("{name}{}", specifiers(text)));
    }
    if at(constraint, &["optional"]) == &Value::Bool(true)
        || !at(constraint, &["path"]).is_null()
        || !at(constraint, &["file"]).is_null()
    {
        return None;
    }
    let extras = texts_at(constraint, &["extras"]).join(",");
    let extras = if extras.is_empty() { extras } else { format!("[{extras}]") };
    let target = if let Some(url) = text_at(constraint, &["git"]) {
        let reference =
            ["rev", "tag", "branch", "ref"].iter().find_map(|k| text_at(constraint, &[k]));
        let reference = reference.map_or_else(String::new, |r| format!("@{r}"));
        format!(" @ git+{url}{reference}")
    } else if let Some(url) = text_at(constraint, &["url"]) {
        format!(" @ {url}")
    } else {
        specifiers(&text_at(constraint, &["version"]).unwrap_or_default())
    };
    let marker = marker(constraint);
    Some(format!("{name}{extras}{target}{marker}"))
}

fn marker(constraint: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(marker) = text_at(constraint, &["markers"]) {
        parts.push(format!("({marker})"));
    }
    if let Some(python) = text_at(constraint, &["python"]) {
        let python = specifiers(&python);
        parts.extend(python.split(',').filter_map(|one| {
            let digits = one.find(|c: char| c.is_ascii_digit())?;
            let (operator, version) = one.split_at(digits);
            Some(format!("python_version {} '{version}'", operator.trim()))
        }));
    }
    if let Some(platform) = text_at(constraint, &["platform"]) {
        parts.push(format!("sys_platform == '{platform}'"));
    }
    if let Some(platform) = text_at(constraint, &["sys_platform"]) {
        parts.push(format!("sys_platform {platform}"));
    }
    if parts.is_empty() { String::new() } else { format!("; {}", parts.join(" and ")) }
}

/// Poetry's constraint syntax as PEP 440 specifiers: `^1.2` is `>=1.2,<2`. For `||` the whole
/// span is taken.
pub(super) fn specifiers(constraint: &str) -> String {
    let constraint = constraint.trim();
    if constraint.is_empty() || constraint == "*" {
        return String::new();
    }
    let alternatives: Vec<&str> = constraint.split("||").map(str::trim).collect();
    if let [first, .., last] = alternatives.as_slice() {
        let lower = specifiers(first).split(',').find(|s| s.starts_with('>')).map(str::to_owned);
        let upper = specifiers(last).split(',').find(|s| s.starts_with('<')).map(str::to_owned);
        return [lower, upper].into_iter().flatten().collect::<Vec<_>>().join(",");
    }
    constraint
        .split(',')
        .flat_map(|one| {
            one.split_whitespace()
                .collect::<Vec<_>>()
                .join("")
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|one| !one.is_empty())
        .map(|one| specifier(&one))
        .collect::<Vec<_>>()
        .join(",")
}

fn specifier(one: &str) -> String {
    if let Some(version) = one.strip_prefix('^') {
        return format!(">={version},<{}", next(version, caret_part(version)));
    }
    if let Some(version) = one.strip_prefix("~=") {
        return format!("~={version}");
    }
    if let Some(version) = one.strip_prefix('~') {
        let part = usize::from(version.contains('.'));
        return format!(">={version},<{}", next(version, part));
    }
    if one.starts_with(['>', '<', '=', '!']) {
        return match one.strip_prefix('=') {
            Some(version) if !version.starts_with('=') => format!("=={version}"),
            _ => one.to_owned(),
        };
    }
    format!("=={one}")
}

/// Which part a caret lets grow: the first that is not zero.
fn caret_part(version: &str) -> usize {
    let parts: Vec<&str> = version.split('.').collect();
    parts.iter().position(|part| *part != "0").unwrap_or(parts.len() - 1)
}

fn next(version: &str, part: usize) -> String {
    let numbers: Vec<u64> = version
        .split('.')
        .map(|p| {
            p.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
        })
        .collect();
    let mut parts: Vec<String> = numbers.iter().take(part).map(u64::to_string).collect();
    parts.push((numbers.get(part).copied().unwrap_or(0) + 1).to_string());
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn constraints_become_specifiers() {
        assert_eq!(specifiers("^1.2.3"), ">=1.2.3,<2");
        assert_eq!(specifiers("^0.4"), ">=0.4,<0.5");
        assert_eq!(specifiers("~3.8"), ">=3.8,<3.9");
        assert_eq!(specifiers("~2"), ">=2,<3");
        assert_eq!(specifiers(">=3.6, <4"), ">=3.6,<4");
        assert_eq!(specifiers("1.2.*"), "==1.2.*");
        assert_eq!(specifiers("~2.7 || ^3.5"), ">=2.7,<4");
        assert_eq!(specifiers("*"), "");
    }

    #[test]
    fn tables_become_requirements() {
        let table = json!({
            "python": "^3.8", "a": "^1", "b": {"version": "*", "optional": true},
            "c": {"version": ">=2", "extras": ["x"], "markers": "sys_platform == 'win32'"},
            "d": {"git": "https://h/d.git", "rev": "v1"}, "e": {"version": "*", "python": "<3.9"},
            "local": {"path": "../local"}
        });
        assert_eq!(
            requirements(&table),
            [
                "a>=1,<2",
                "c[x]>=2; (sys_platform == 'win32')",
                "d @ git+https://h/d.git@v1",
                "e; python_version < '3.9'",
            ]
        );
    }
}
