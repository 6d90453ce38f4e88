//! How the languages that are read write comments and strings.

/// A language's lexical rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    /// JavaScript and TypeScript.
    Script,
    Go,
    /// Java and Kotlin.
    Jvm,
    Rust,
    Ruby,
    Php,
}

impl Language {
    /// The language of a file by its name.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        Some(match name.rsplit_once('.')?.1 {
            "py" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Self::Script,
            "go" => Self::Go,
            "java" | "kt" => Self::Jvm,
            "rs" => Self::Rust,
            "rb" | "ru" => Self::Ruby,
            "php" => Self::Php,
            _ => return None,
        })
    }

    /// Its word in rules: `code.python.env`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Script => "javascript",
            Self::Go => "go",
            Self::Jvm => "jvm",
            Self::Rust => "rust",
            Self::Ruby => "ruby",
            Self::Php => "php",
        }
    }

    /// Whether `#` begins a comment.
    pub(super) const fn hash_comments(self) -> bool {
        matches!(self, Self::Python | Self::Ruby | Self::Php)
    }

    /// Whether `//` and `/* */` are comments.
    pub(super) const fn slash_comments(self) -> bool {
        !matches!(self, Self::Python | Self::Ruby)
    }

    /// Whether three quotes begin a text of several lines.
    pub(super) const fn triple_quotes(self) -> bool {
        matches!(self, Self::Python | Self::Jvm)
    }

    /// Whether `'` begins a string (elsewhere it is a character or a lifetime).
    pub(super) const fn single_quotes(self) -> bool {
        matches!(self, Self::Python | Self::Script | Self::Ruby | Self::Php)
    }

    /// Whether a backtick begins a text of several lines.
    pub(super) const fn backticks(self) -> bool {
        matches!(self, Self::Script | Self::Go | Self::Ruby | Self::Php)
    }

    /// Whether a plain string cannot go on on the next line.
    pub(super) const fn strings_end_with_lines(self) -> bool {
        matches!(self, Self::Python | Self::Script | Self::Go | Self::Jvm)
    }
}
