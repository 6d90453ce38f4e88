//! Which branches of a script can run at all: `if [ "hiredis" = "plain" ]` never does.
//!
//! CI fills its expressions in before the shell sees a script, so that conditions on the job's own
//! matrix are constant. Knows `if`, `elif`, `else` and `test`; a condition that names a variable or
//! runs a program is not decided, and its branches all count.

use super::command_line::split_words;

/// One `if` that is open at a place of the script.
struct Branch {
    /// Whether the present arm runs; `None` where that is not known.
    arm: Option<bool>,
    /// Whether an arm before it runs.
    earlier: Option<bool>,
    /// Whether its condition is still being read.
    in_condition: bool,
}

/// The open `if`s, the innermost last.
#[derive(Default)]
pub(super) struct Branches {
    open: Vec<Branch>,
}

impl Branches {
    /// Takes the next piece of the script; whether it may run. `source` is the line the piece
    /// begins on, which shows alternatives (`||`) that the piece does not hold.
    pub(super) fn admit(&mut self, piece: &str, source: &str) -> bool {
        let piece = piece.trim();
        let (word, rest) = piece.split_once(char::is_whitespace).unwrap_or((piece, ""));
        let decided = || truth(rest).filter(|_| !source.contains("||"));
        match word {
            "if" => {
                self.open.push(Branch { arm: decided(), earlier: Some(false), in_condition: true });
            }
            "elif" => self.next_arm(decided(), true),
            "else" => self.next_arm(Some(true), false),
            "then" => {
                if let Some(branch) = self.open.last_mut() {
                    branch.in_condition = false;
                }
            }
            "fi" => {
                self.open.pop();
            }
            // Another part of a condition: `[ a ] && [ b ]`.
            _ => {
                if let Some(branch) = self.open.last_mut().filter(|branch| branch.in_condition) {
                    branch.arm = branch.arm.filter(|runs| !runs);
                }
            }
        }
        self.open.iter().all(|branch| branch.arm != Some(false))
    }

    fn next_arm(&mut self, condition: Option<bool>, in_condition: bool) {
        let Some(branch) = self.open.last_mut() else { return };
        branch.earlier = either(branch.earlier, branch.arm);
        branch.arm = match (branch.earlier, condition) {
            (Some(true), _) | (_, Some(false)) => Some(false),
            (Some(false), Some(true)) => Some(true),
            _ => None,
        };
        branch.in_condition = in_condition;
    }
}

fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// What a test of constants comes to: `[ "a" = "b" ]`, `[[ "a" != "b" ]]`, `test -z ""`, `true`.
fn truth(condition: &str) -> Option<bool> {
    if condition.contains(['$', '`', '*', '?']) {
        return None;
    }
    let words = split_words(condition);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let inner = match &words[..] {
        ["[", inner @ .., "]"] | ["[[", inner @ .., "]]"] | ["test", inner @ ..] => inner,
        ["true"] => return Some(true),
        ["false"] => return Some(false),
        _ => return None,
    };
    match inner {
        [left, "=" | "==", right] => Some(left == right),
        [left, "!=", right] => Some(left != right),
        ["-z", text] => Some(text.is_empty()),
        ["-n", text] => Some(!text.is_empty()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::miners::command_line::simple_commands;

    fn commands(script: &str) -> Vec<String> {
        let found = simple_commands(script, "", &Default::default());
        found.into_iter().map(|command| command.line).collect()
    }

    #[test]
    fn branches_that_never_run_are_left_out() {
        let script = "if [ \"plain\" == \"hiredis\" ]; then\n  if [[ \"x\" == \"unstable\" ]]; then\n    \
                      pip install -e ./h\n  else\n    pip install hiredis\n  fi\nelif [ a = a ]; then\n  \
                      make a\nelse\n  make b\nfi\nmake c\n";
        assert_eq!(commands(script), ["make a", "make c"]);
    }

    #[test]
    fn what_cannot_be_known_keeps_every_branch() {
        let script = "if [ \"$A\" = b ]; then make a; else make b; fi\n\
                      if [ a = b ] || [ -f x ]; then make c; fi\n\
                      if [ a = a ] && grep -q x y; then make d; else make e; fi\n";
        let found = commands(script);
        for line in ["make a", "make b", "make c", "make d", "make e"] {
            assert!(found.iter().any(|command| command == line), "{line}: {found:?}");
        }
    }
}
