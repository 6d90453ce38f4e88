//! Azure Pipelines, the plain parts: script steps and version tasks of jobs that run on Linux.

use std::collections::BTreeMap;

use rr_core::Trust;

use super::collected::{Mined, Place, Script};
use super::command_line::join;
use super::yaml::{self, Node};

/// Mines `azure-pipelines.yml`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "azure.script", trust: Trust::Ci };
    walk(&place, &root, "pipeline", 4, mined);
}

/// Stages hold jobs, jobs hold steps.
fn walk(place: &Place<'_>, node: &Node, name: &str, depth: u8, mined: &mut Mined) {
    let pool = node.get("pool");
    let image = pool.and_then(|p| p.text_of("vmImage").or_else(|| p.text())).unwrap_or_default();
    if depth == 0 || image.contains("windows") || image.to_ascii_lowercase().contains("macos") {
        return;
    }
    for key in ["stages", "jobs"] {
        for inner in node.get(key).map(Node::items).unwrap_or_default() {
            let name = inner.text_of("job").or_else(|| inner.text_of("stage")).unwrap_or(name);
            walk(place, inner, name, depth - 1, mined);
        }
    }
    for step in node.get("steps").map(Node::items).unwrap_or_default() {
        read_step(place, step, name, mined);
    }
}

fn read_step(place: &Place<'_>, step: &Node, context: &str, mined: &mut Mined) {
    let inputs = step.get("inputs");
    let tool = match step.text_of("task").map(|task| task.split('@').next().unwrap_or(task)) {
        Some("UsePythonVersion") => Some("python"),
        Some("NodeTool" | "UseNode") => Some("node"),
        Some("GoTool") => Some("go"),
        _ => None,
    };
    if let Some((tool, inputs)) = tool.zip(inputs) {
        for (_, value, line) in
            inputs.variables().into_iter().filter(|(name, _, _)| name.starts_with("version"))
        {
            if !value.contains("$(") {
                mined.version(tool, "", &value, place.at(line, &value));
            }
        }
    }
    let Some(script) = step.get("script").or_else(|| step.get("bash")) else { return };
    let Some(text) = script.text() else { return };
    let cwd = step.text_of("workingDirectory").map_or(Some(String::new()), |to| join("", to));
    let env: BTreeMap<String, String> = step
        .get("env")
        .map(Node::variables)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value, _)| (name, value))
        .collect();
    let line = script.line;
    mined.script(place, Script { text, line, cwd: cwd.as_deref(), env: &env, context });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_jobs_are_read() {
        let mut mined = Mined::default();
        mine(
            "azure-pipelines.yml",
            "jobs:\n- job: win\n  pool: {vmImage: windows-latest}\n  steps:\n  - script: dir\n\
             - job: nix\n  steps:\n  - task: UsePythonVersion@0\n    inputs: {versionSpec: '3.9'}\n\
             \x20 - bash: pytest\n    workingDirectory: sub\n",
            &mut mined,
        );
        assert_eq!(mined.commands.len(), 1);
        assert_eq!(
            (mined.commands[0].line.as_str(), mined.commands[0].cwd.as_str()),
            ("pytest", "sub")
        );
        assert_eq!(mined.facts[0].value, "3.9");
    }
}
