//! Tools that hold several units of a repository together, and what they say their members are.

use rr_core::{Evidence, RepoView, Trust, WorkspaceTool};

/// A file, the tool it belongs to, and what must stand in it (nothing where the file is enough).
#[rustfmt::skip]
static FILES: &[(&str, &str, &str)] = &[
    ("pnpm-workspace.yaml", "pnpm", "packages"), ("turbo.json", "turbo", ""), ("nx.json", "nx", ""),
    ("lerna.json", "lerna", ""), ("rush.json", "rush", ""), ("Cargo.toml", "cargo", "[workspace]"),
    ("go.work", "go", ""), ("pom.xml", "maven", "<modules>"),
    ("settings.gradle", "gradle", "include"), ("settings.gradle.kts", "gradle", "include"),
    ("pyproject.toml", "uv", "[tool.uv.workspace]"), ("MODULE.bazel", "bazel", ""),
    ("WORKSPACE", "bazel", ""), ("WORKSPACE.bazel", "bazel", ""), ("pants.toml", "pants", ""),
    (".moon/workspace.yml", "moon", ""), ("melos.yaml", "melos", ""), ("BUCK", "buck", ""),
    ("package.json", "npm", "\"workspaces\""), ("mix.exs", "mix", "apps_path"),
    ("deno.json", "deno", "\"workspace\""),
];

/// Most members that are named.
const MEMBERS: usize = 60;

/// The workspace tools of the tree's root and of the folders directly below it.
pub(super) fn find(repo: &dyn RepoView, folders: &[&str]) -> Vec<WorkspaceTool> {
    let mut found = Vec::new();
    let mut places: Vec<&str> =
        folders.iter().copied().filter(|f| f.matches('/').count() <= 1).collect();
    places.push("");
    places.sort_unstable();
    places.dedup();
    for folder in places {
        for (file, tool, sign) in FILES {
            let path =
                if folder.is_empty() { (*file).to_owned() } else { format!("{folder}/{file}") };
            if !repo.has(&path) {
                continue;
            }
            let Some(text) = repo.text(&path) else { continue };
            if !sign.is_empty() && !text.contains(sign) {
                continue;
            }
            let line =
                text.lines().position(|line| sign.is_empty() || line.contains(sign)).unwrap_or(0);
            let excerpt = text.lines().nth(line).unwrap_or_default();
            let evidence = Evidence::at(&path, "workspace.tool", Trust::Manifest)
                .with_line(u32::try_from(line + 1).unwrap_or(1), excerpt);
            let tool = if *tool == "npm" { node_manager(repo, folder) } else { tool };
            let members = if sign.is_empty() && *file != "go.work" && *file != "lerna.json" {
                Vec::new()
            } else {
                members(tool, &text[text.find(sign).unwrap_or(0)..])
            };
            found.push(WorkspaceTool {
                tool: tool.to_owned(),
                folder: folder.to_owned(),
                members,
                evidence,
            });
        }
    }
    found
}

/// The manager of `workspaces` in a package.json, by the lockfile beside it.
fn node_manager(repo: &dyn RepoView, folder: &str) -> &'static str {
    let has = |name: &str| {
        repo.has(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
    };
    if has("yarn.lock") {
        "yarn"
    } else if has("bun.lock") || has("bun.lockb") {
        "bun"
    } else {
        "npm"
    }
}

/// The members as the tool's own file writes them, from the sign on.
fn members(tool: &str, text: &str) -> Vec<String> {
    let mut found: Vec<String> = match tool {
        "maven" => between(text, "<module>", "</module>"),
        "pnpm" => text
            .lines()
            .skip(1)
            .take_while(|line| line.trim().is_empty() || line.trim_start().starts_with(['-', '#']))
            .filter_map(|line| line.trim().strip_prefix('-'))
            .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
            .collect(),
        "gradle" => text
            .lines()
            .filter(|line| line.trim_start().starts_with("include"))
            .flat_map(quoted)
            .collect(),
        "go" => text
            .lines()
            .map(|line| line.trim().trim_start_matches("use").trim())
            .filter(|line| line.starts_with('.'))
            .map(str::to_owned)
            .collect(),
        _ => {
            let list = text.find('[').map_or("", |at| &text[at + 1..]);
            // `[workspace]` itself is a bracket: the list begins after `members`.
            let list = match text.find("members").or_else(|| text.find("packages")) {
                Some(at) => text[at..].split_once('[').map_or("", |(_, rest)| rest),
                None => list,
            };
            quoted(list.split(']').next().unwrap_or_default())
        }
    };
    found.retain(|member| !member.is_empty());
    found.truncate(MEMBERS);
    found
}

fn quoted(text: &str) -> Vec<String> {
    text.split(['"', '\'']).skip(1).step_by(2).map(str::to_owned).collect()
}

fn between(text: &str, open: &str, close: &str) -> Vec<String> {
    let parts = text.split(open).skip(1);
    parts.filter_map(|part| part.split(close).next()).map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    #[test]
    fn every_tool_is_known_with_its_members() {
        let repo = MemoryRepo::new([
            ("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n  - packages/ui\ncatalog:\n  - x\n"),
            ("turbo.json", "{}"),
            ("package.json", "{\"workspaces\": {\"packages\": [\"apps/*\"]}}"),
            ("yarn.lock", ""),
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
            ("go.work", "go 1.22\nuse (\n\t./x\n\t./y\n)\n"),
            ("pom.xml", "<modules><module>core</module><module>web</module></modules>"),
            ("settings.gradle", "rootProject.name = 'x'\ninclude ':app', ':lib'\n"),
            ("MODULE.bazel", ""),
        ]);
        let mut shown: Vec<_> =
            find(&repo, &[]).into_iter().map(|w| format!("{} {:?}", w.tool, w.members)).collect();
        shown.sort();
        assert_eq!(
            shown,
            [
                "bazel []",
                "cargo [\"a\", \"b\"]",
                "go [\"./x\", \"./y\"]",
                "gradle [\":app\", \":lib\"]",
                "maven [\"core\", \"web\"]",
                "pnpm [\"apps/*\", \"packages/ui\"]",
                "turbo []",
                "yarn [\"apps/*\"]",
            ]
        );
    }
}
