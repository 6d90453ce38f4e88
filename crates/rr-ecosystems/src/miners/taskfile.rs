//! Taskfiles: tasks and their commands.

use rr_core::{FactKey, Trust};

use super::collected::{Mined, Place};
use super::yaml::{self, Node};

/// Mines one Taskfile: a script fact per task; calls of other tasks become `task NAME`.
pub(super) fn mine(path: &str, text: &str, mined: &mut Mined) {
    let root = match yaml::parse(text) {
        Ok(root) => root,
        Err(error) => {
            mined.notes.push(format!("`{path}` not read: {error}"));
            return;
        }
    };
    let place = Place { path, rule: "taskfile.task", trust: Trust::TaskRunner };
    for (name, task) in root.get("tasks").map(Node::pairs).unwrap_or_default() {
        let commands = task.get("cmds").or_else(|| task.get("cmd")).unwrap_or(task);
        let deps = task.get("deps").map(Node::one_or_many).unwrap_or_default();
        let mut lines: Vec<String> = deps.into_iter().filter_map(called).collect();
        for command in commands.one_or_many() {
            lines.extend(match command.text().or_else(|| command.text_of("cmd")) {
                Some(text) => Some(text.to_owned()),
                None => called(command),
            });
        }
        let evidence = place.at(task.line, name);
        mined.fact(FactKey::Script(name.to_string()), place.folder(), &lines.join("\n"), evidence);
    }
}

fn called(node: &Node) -> Option<String> {
    let name = node.text_of("task").or_else(|| node.text())?;
    Some(format!("task {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_scripts() {
        let mut mined = Mined::default();
        mine(
            "Taskfile.yml",
            "version: '3'\ntasks:\n  test:\n    deps: [gen]\n    cmds:\n      - go test ./...\n      - task: lint\n  gen: go generate\n",
            &mut mined,
        );
        assert_eq!(mined.facts[0].value, "task gen\ngo test ./...\ntask lint");
        assert_eq!(mined.facts[1].value, "go generate");
    }
}
