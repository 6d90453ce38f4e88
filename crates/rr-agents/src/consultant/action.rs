//! What a model may answer: one of a closed list of actions, typed.

use rr_core::{AnswerSchema, CauseClass, Proposal, RemedyKind};
use serde_json::{Value, json};

/// Looks that change nothing, with what each looks at.
const LOOKS: [&str; 4] = ["read-file", "search", "list-folder", "show-log"];

/// Remedies that may be proposed. Leaving tests out is not among them, and no command of a shell.
const REMEDIES: [&str; 11] = [
    "add-dependency",
    "pin-dependency",
    "install-system-package",
    "use-toolchain",
    "set-variable",
    "provision-service",
    "change-directory",
    "change-user",
    "change-command",
    "retry",
    "extend-time",
];

const GIVE_UP: &str = "give-up";

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// To be shown something.
    Look(Look),
    /// A remedy.
    Propose(Proposal),
    /// Nothing to propose, and whose fault it seems to be.
    GiveUp {
        /// The cause class that was named, where it is one.
        cause: Option<CauseClass>,
        /// Why.
        reason: String,
    },
}

/// What a model asks to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A file, from a line on.
    File { path: String, from: usize },
    /// Places in the repository that hold words.
    Search(String),
    /// The files of a folder.
    Folder(String),
    /// The log of an attempt.
    Log(String),
}

/// The shape of every answer: flat, and bounded everywhere, so that small models come to an end.
pub(super) fn schema() -> AnswerSchema {
    let actions: Vec<&str> = LOOKS.into_iter().chain(REMEDIES).chain([GIVE_UP]).collect();
    AnswerSchema {
        name: "next_action".to_owned(),
        schema: json!({
            "type": "object",
            "properties": {
                "reason": {"type": "string", "maxLength": 300},
                "action": {"type": "string", "enum": actions},
                "subject": {"type": "string", "maxLength": 200},
                "values": {
                    "type": "array",
                    "maxItems": 12,
                    "items": {"type": "string", "maxLength": 200},
                },
            },
            "required": ["reason", "action", "subject", "values"],
            "additionalProperties": false,
        }),
    }
}

/// How each action is written, for the prompt.
pub(super) const MANUAL: &str = "\
Looks (they change nothing):
- read-file: subject = path; values = [first line], may be empty
- search: subject = words to find in the repository
- list-folder: subject = path of a folder, empty for the root
- show-log: subject = name of a log
Remedies:
- add-dependency: values = names of packages, as the package manager knows them
- pin-dependency: values = requirements, such as name<2
- install-system-package: values = names of Debian packages
- use-toolchain: subject = tool; values = [version], such as 3.11
- set-variable: subject = name; values = [value]
- provision-service: subject = postgres, mysql, redis, mongodb, rabbitmq, memcached or nats
- change-directory: subject = folder in which the failed step shall run
- change-user: subject = root or runner
- change-command: values = the words of the command in place of the failed step's
- retry: run the same again
- extend-time: values = [seconds]
Or give-up: subject = intrinsic, needs-secret, needs-network, needs-privilege, needs-hardware or \
environment";

impl Action {
    /// Reads an answer that fits the schema.
    pub(super) fn read(value: &Value) -> Result<Self, String> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().trim().to_owned();
        let (action, subject, reason) = (text("action"), text("subject"), text("reason"));
        let values: Vec<String> = value["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect();
        if action == GIVE_UP {
            let cause = serde_json::from_value(Value::String(subject)).ok();
            return Ok(Self::GiveUp { cause, reason });
        }
        if let Some(look) = Look::of(&action, &subject, &values)? {
            return Ok(Self::Look(look));
        }
        let kind = remedy(&action, &subject, &values)?;
        Ok(Self::Propose(Proposal { kind, values, reason }))
    }
}

impl Look {
    fn of(action: &str, subject: &str, values: &[String]) -> Result<Option<Self>, String> {
        let named = || match subject {
            "" => Err(format!("`{action}` needs a subject")),
            subject => Ok(subject.to_owned()),
        };
        Ok(Some(match action {
            "read-file" => {
                let from = values.first().and_then(|line| line.parse().ok()).unwrap_or(1);
                Self::File { path: named()?, from }
            }
            "search" => Self::Search(named()?),
            "list-folder" => Self::Folder(subject.to_owned()),
            "show-log" => Self::Log(named()?),
            _ => return Ok(None),
        }))
    }
}

/// The kind of remedy that an action names.
fn remedy(action: &str, subject: &str, values: &[String]) -> Result<RemedyKind, String> {
    let subject = subject.to_owned();
    let first = || match values.first() {
        Some(first) => Ok(first.clone()),
        None => Err(format!("`{action}` needs a value")),
    };
    // Small models put the one name into the subject.
    let names = || match values {
        [] if subject.is_empty() => Err(format!("`{action}` needs values")),
        [] => Ok(vec![subject.clone()]),
        values => Ok(values.to_vec()),
    };
    Ok(match action {
        "add-dependency" => RemedyKind::AddDependency { names: names()? },
        "pin-dependency" => RemedyKind::PinDependency { requirements: names()? },
        "install-system-package" => RemedyKind::InstallSystemPackage { names: names()? },
        "use-toolchain" => RemedyKind::UseToolchain { tool: subject, version: first()? },
        "set-variable" => {
            first()?;
            RemedyKind::SetVariable { name: subject }
        }
        "provision-service" => RemedyKind::ProvisionService { service: subject },
        "change-directory" => RemedyKind::ChangeDirectory { to: subject },
        "change-user" => RemedyKind::ChangeUser { to: subject },
        "change-command" => {
            first()?;
            RemedyKind::ChangeCommand { to: values.join(" ") }
        }
        "retry" => RemedyKind::Retry,
        "extend-time" => {
            let seconds = first()?;
            let told = |_| format!("`{seconds}` is no number of seconds");
            RemedyKind::ExtendTime { seconds: seconds.parse().map_err(told)? }
        }
        other => return Err(format!("there is no action `{other}`")),
    })
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { path, from: 1 } => write!(f, "read-file {path}"),
            Self::File { path, from } => write!(f, "read-file {path}:{from}"),
            Self::Search(words) => write!(f, "search {words}"),
            Self::Folder(path) => write!(f, "list-folder {path}"),
            Self::Log(name) => write!(f, "show-log {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(action: &str, subject: &str, values: &[&str]) -> Result<Action, String> {
        let value = json!({"action": action, "subject": subject, "values": values, "reason": "r"});
        Action::read(&value)
    }

    #[test]
    fn every_action_of_the_schema_is_typed_and_told_to_the_model() {
        let schema = schema().schema;
        let actions = schema["properties"]["action"]["enum"].as_array().expect("a list").clone();
        for action in actions {
            let action = action.as_str().expect("a word");
            assert!(MANUAL.contains(action), "{action}");
            let value = if action == "extend-time" { "60" } else { "x" };
            assert!(read(action, "intrinsic", &[value]).is_ok(), "{action}");
        }
        assert!(read("select-tests", "x", &["y"]).is_err(), "no test can be left out");
    }

    #[test]
    fn a_look_a_remedy_and_giving_up_are_told_apart() {
        let look = read("read-file", "a.py", &["20"]);
        assert_eq!(look, Ok(Action::Look(Look::File { path: "a.py".into(), from: 20 })));
        let Ok(Action::Propose(proposal)) = read("add-dependency", "requests", &[]) else {
            panic!("a proposal")
        };
        assert_eq!(proposal.to_string(), "add-dependency requests");
        let Ok(Action::GiveUp { cause, .. }) = read("give-up", "needs-secret", &[]) else {
            panic!("given up")
        };
        assert_eq!(cause, Some(CauseClass::NeedsSecret));
        assert!(read("set-variable", "A", &[]).is_err());
    }
}
