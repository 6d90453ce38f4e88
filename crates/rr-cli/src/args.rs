//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rr_core::Rung;
use rr_runner::ExportForm;

/// Give it any repository: it sets it up in isolation, starts it, proves from outside that it is
/// up, runs its tests, repairs what breaks, and hands back a verdict with evidence.
#[derive(Debug, Parser)]
#[command(name = "repo-runner", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Folder for state, tools and caches [default: the platform's data directory]
    #[arg(long, global = true, env = "REPO_RUNNER_HOME", value_name = "FOLDER")]
    pub home: Option<PathBuf>,
    /// Room for prepared environments on disk, as `500M` or `20G` [default: 20G]; those unused for
    /// longest are removed first
    #[arg(long, global = true, env = "REPO_RUNNER_CACHE_LIMIT", value_name = "SIZE")]
    #[arg(value_parser = parse_size)]
    pub cache_limit: Option<u64>,
    #[command(subcommand)]
    pub command: Command,
}

/// Bytes of a size such as `500M` (binary units K, M, G, T).
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        unit => return Err(format!("`{unit}` is no unit of size: one of K, M, G, T")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("`{digits}` is no whole number"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("`{text}` is too large"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up, start and test a repository; print the verdict
    Run(RunArguments),
    /// Find out what a repository is, with evidence for every fact
    Analyze(LookArguments),
    /// Show what `run` would do, and why, without doing it
    Plan(LookArguments),
    /// Take up an interrupted run where it was
    Resume {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// List runs, newest first
    List {
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Show a run's verdict and evidence
    Show {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Print the logs of a run's steps
    Logs {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        /// Only logs whose name contains this
        #[arg(long, value_name = "NAME")]
        step: Option<String>,
        /// Go on printing until the run ends
        #[arg(short, long)]
        follow: bool,
    },
    /// List a run's tests
    Tests {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        /// Only tests that failed or could not run
        #[arg(long)]
        failed: bool,
        /// Print JUnit XML
        #[arg(long)]
        junit: bool,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Stop a run that another process drives; it stays resumable
    Stop {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
    },
    /// Remove runs and prepared environments
    Clean {
        /// Runs to remove
        runs: Vec<String>,
        /// Remove every run that is not running
        #[arg(long)]
        all: bool,
        /// Remove prepared environments
        #[arg(long)]
        environments: bool,
    },
    /// Search a run's files
    Search {
        /// A run: its id, the beginning of one, or `latest`
        run: String,
        /// What to look for
        query: String,
        /// How many places at most
        #[arg(long, default_value_t = 20)]
        limit: usize,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Print a run's recipe: a shell script that sets up and tests without repo-runner
    Recipe {
        /// A run: its id, the beginning of one, or `latest`
        #[arg(default_value = "latest")]
        run: String,
    },
    /// Write a recipe as a Dockerfile, a CI workflow and others, from a run's lock
    Export(ExportArguments),
    /// List the outside tools this host has or lacks, with the command that fixes it
    Doctor {
        /// Install what can be installed
        #[arg(long)]
        fix: bool,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The fix memory: which remedies helped against which errors
    Fixes {
        #[command(subcommand)]
        command: FixesCommand,
    },
    /// The language models of `config.toml` in the home, which are asked where rules know nothing more
    Models {
        #[command(subcommand)]
        command: ModelsCommand,
    },
    /// Write a `repo-runner.toml` that says what was found, ready to be changed
    Init(InitArguments),
    /// Print the JSON Schema of the report, of `analyze` and `plan`, of `repo-runner.toml`, or
    /// of `repo-runner.lock`
    Schema {
        /// Of what
        #[arg(default_value = "report")]
        of: SchemaOf,
    },
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FixesCommand {
    /// List what is remembered, with how often it was tried and how often it helped
    List {
        /// Only errors of this ecosystem
        #[arg(long)]
        ecosystem: Option<String>,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Show every remedy for an error, by its signature or class
    Show {
        /// A signature (`python.missing-module:yaml`) or a class (`python.missing-module`)
        signature: String,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Print the memory of this home as JSON, to be imported elsewhere
    Export {
        /// Only classes of errors and kinds of remedies: nothing that points at a repository
        #[arg(long)]
        by_class: bool,
        /// Write to this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Add the records of an exported file; each weighs at most 20 tries
    Import {
        /// A file that `fixes export` wrote
        file: PathBuf,
    },
    /// Forget an error, what the program brought along about it included
    Forget {
        /// A signature or a class
        #[arg(required_unless_present = "all")]
        signature: Option<String>,
        /// Forget everything that runs and imports brought
        #[arg(long, conflicts_with = "signature")]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// List the configured models in the order in which they are asked
    List {
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Ask each model a small question, and say what it took
    Test {
        /// Only this model
        name: Option<String>,
        #[command(flatten)]
        output: OutputArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SourceArguments {
    /// A git URL, `owner/name`, a folder, a bare git folder, a `.zip` or `.tar.gz`, or a published
    /// package: `pypi:NAME[@VERSION]`, `crates:`, `npm:`, `go:`, `maven:GROUP:ARTIFACT`
    pub source: String,
    #[command(flatten)]
    pub of: SourceOptions,
}

/// What narrows a source down.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SourceOptions {
    /// Branch, tag or commit
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Only this unit of a monorepo, by path or name
    #[arg(long, value_name = "PATH")]
    pub package: Option<String>,
    /// A `repo-runner.toml` of your own; it outranks the repository's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// `dockerfile`, `compose`, `devcontainer`, `github-actions`, `gitlab-ci`, `mise`, `script`,
    /// `copilot-setup-steps`, `nix`, or `lock`
    pub form: ExportForm,
    /// A run (its id, the beginning of one, or `latest`), a `repo-runner.lock`, or a source of which
    /// nothing is run: the export then says that it is unproved
    #[arg(default_value = "latest", value_name = "RUN|LOCK|SOURCE")]
    pub from: String,
    #[command(flatten)]
    pub of: SourceOptions,
    /// Write the files below this folder instead of printing the main one
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Only compare the files in the folder with what would be written; exit 1 where they differ
    #[arg(long)]
    pub check: bool,
    /// Overwrite files that repo-runner did not write
    #[arg(long, requires = "out")]
    pub force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub source: SourceArguments,
    /// The rung to reach
    #[arg(long, default_value = "tested", value_name = "RUNG")]
    pub until: Rung,
    /// A variable for every step
    #[arg(long = "env", value_name = "KEY=VALUE")]
    pub env: Vec<String>,
    /// A file of variables, one KEY=VALUE a line
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Time limit of the whole run: 90s, 30m, 2h; what was proved until then is reported
    #[arg(long, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Time limit of each start and each test suite, in place of the plan's (half an hour mostly)
    #[arg(long, value_name = "DURATION")]
    pub step_timeout: Option<String>,
    /// Remedies that repair may try, how long one step's repeated attempts may take together, and
    /// what language models may cost: `10`, `10,30m` or `10,30m,0.50` [default: 24,45m]
    #[arg(long, value_name = "COUNT[,DURATION[,COST]]")]
    pub budget: Option<String>,
    /// Ask no language model, although one is configured
    #[arg(long)]
    pub no_model: bool,
    /// Start the services again after the verdict and leave them up until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// Where steps run
    #[arg(long, default_value = "auto")]
    pub executor: ExecutorArgument,
    /// Trust this repository: allows `--executor host`, passes registry credentials on
    #[arg(long)]
    pub trust: bool,
    /// Do not use a prepared environment of an earlier run
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    #[command(flatten)]
    pub source: SourceArguments,
    /// Show every fact with the rule that produced it, superseded ones too
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// A folder, or any other source
    #[arg(default_value = ".")]
    pub source: String,
    /// Only this unit of a monorepo, by path or name
    #[arg(long, value_name = "PATH")]
    pub package: Option<String>,
    /// Print it instead of writing it; a source that is no folder of yours is always printed
    #[arg(long)]
    pub print: bool,
    /// Write over a file that is there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// What `run` reports
    Report,
    /// What `analyze --output json` prints
    Analysis,
    /// What `plan --output json` prints
    Plan,
    /// The file `repo-runner.toml`
    Config,
    /// The file `repo-runner.lock`
    Lock,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct OutputArguments {
    /// What to print on standard output
    #[arg(long, default_value = "human")]
    pub output: OutputFormat,
    /// Print the verdict only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every line that steps print
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people
    Human,
    /// One JSON object at the end, nothing else
    Json,
    /// One JSON event per line, the report last
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecutorArgument {
    Auto,
    Bubblewrap,
    Host,
}
