//! The table of keys: what may stand in the file, in which shape. Reading, the published schema and
//! the answer to a mistyped key all come from it.

use rr_core::{OverrideField, StepKind};

/// One key of the file's top level.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// One sentence for people.
    pub(super) about: &'static str,
    /// A value as it stands in a file.
    pub(super) example: &'static str,
}

/// What a key's value looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One text.
    Text,
    /// A table that says `append`, `replace` or `remove`, each with a list of texts.
    Texts,
    /// The same with port numbers.
    Ports,
    /// The same with commands, and their `folder`.
    Commands(StepKind),
    /// A table of tools with their versions, and `remove`.
    Toolchains,
    /// A table of variables with their values, and `remove`.
    Variables,
}

/// Every key, in the order in which a file shows them best.
pub(super) static FIELDS: &[Field] = &[
    Field {
        name: "packages",
        shape: Shape::Texts,
        about: "Parts of the repository that are run, by path or name.",
        example: "packages.replace = [\"services/api\"]",
    },
    Field {
        name: "folder",
        shape: Shape::Text,
        about: "Folder in which the commands run, relative to the root.",
        example: "folder = \"services/api\"",
    },
    Field {
        name: "toolchains",
        shape: Shape::Toolchains,
        about: "Versions of toolchains: one, a range, or a list in order of preference.",
        example: "toolchains.python = \"3.12\"",
    },
    Field {
        name: "system-packages",
        shape: Shape::Texts,
        about: "Packages of the operating system, by their Debian names.",
        example: "system-packages.append = [\"libpq-dev\"]",
    },
    Field {
        name: "env",
        shape: Shape::Variables,
        about: "Environment variables of every step.",
        example: "env.LOG_LEVEL = \"debug\"",
    },
    Field {
        name: "services",
        shape: Shape::Texts,
        about: "Databases and brokers, with a version where it matters.",
        example: "services.append = [\"postgres:16\"]",
    },
    Field {
        name: "ports",
        shape: Shape::Ports,
        about: "Ports that the application listens on, the main one first.",
        example: "ports.replace = [8080]",
    },
    Field {
        name: "health-path",
        shape: Shape::Text,
        about: "Path that answers when the application is up.",
        example: "health-path = \"/healthz\"",
    },
    Field {
        name: "install",
        shape: Shape::Commands(StepKind::Install),
        about: "Commands that install dependencies.",
        example: "install.append = [\"pip install -r extra.txt\"]",
    },
    Field {
        name: "migrate",
        shape: Shape::Commands(StepKind::Migrate),
        about: "Commands that migrate or seed a database.",
        example: "migrate.append = [\"python manage.py loaddata demo\"]",
    },
    Field {
        name: "build",
        shape: Shape::Commands(StepKind::Build),
        about: "Commands that build.",
        example: "build.replace = [\"make release\"]",
    },
    Field {
        name: "start",
        shape: Shape::Commands(StepKind::Start),
        about: "Commands that start the application.",
        example: "start.replace = [\"./server --port 8080\"]",
    },
    Field {
        name: "test",
        shape: Shape::Commands(StepKind::Test),
        about: "Commands that run the tests, and which tests.",
        example: "test.exclude = [\"tests/slow\"]",
    },
];

/// The operations' words.
pub(super) const OPERATIONS: [&str; 3] = ["append", "replace", "remove"];

impl Field {
    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    /// What an `append`, `replace` or `remove` below it changes.
    pub(super) fn changes(&self) -> Option<OverrideField> {
        Some(match (self.shape, self.name) {
            (Shape::Commands(kind), _) => OverrideField::Commands(kind),
            (Shape::Ports, _) => OverrideField::Ports,
            (Shape::Texts, "packages") => OverrideField::Packages,
            (Shape::Texts, "services") => OverrideField::Services,
            (Shape::Texts, _) => OverrideField::SystemPackages,
            (Shape::Text, "health-path") => OverrideField::HealthPath,
            (Shape::Text, _) => OverrideField::Folder,
            (Shape::Toolchains | Shape::Variables, _) => return None,
        })
    }

    /// The keys that may stand below it; none where any name may.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let mut keys = OPERATIONS.to_vec();
        match self.shape {
            Shape::Text | Shape::Toolchains | Shape::Variables => return Vec::new(),
            Shape::Texts | Shape::Ports => {}
            Shape::Commands(StepKind::Test) => keys.extend(["folder", "select", "exclude"]),
            Shape::Commands(_) => keys.push("folder"),
        }
        keys
    }
}
