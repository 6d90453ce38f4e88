//! Miners: read what the repository itself says about how it is built, tested and run.
//!
//! Each miner knows one kind of file and gives facts and commands with their place and trust. A
//! miner decides nothing about plans and must not know ecosystems; ecosystems ask [`query`].

mod app_json;
mod azure;
mod circle;
mod classify;
mod collected;
pub(crate) mod command_line;
mod command_table;
mod compose;
mod compose_files;
mod devcontainer;
mod dockerfile;
pub(crate) mod dotenv;
mod drone;
mod github;
mod github_conditions;
mod github_expressions;
mod github_setup;
mod gitlab;
mod hosting;
mod images;
mod jenkins;
mod justfile;
mod kubernetes;
mod lexer;
mod machines;
mod mage;
mod main_test;
mod makefile;
mod mine;
mod name_class;
#[cfg(test)]
mod never_run_tests;
mod nox;
mod package_json;
mod pins;
mod procfile;
mod program_ecosystem;
mod pyproject;
pub mod query;
mod readme;
mod resolve;
#[cfg(test)]
mod robustness_tests;
mod script_branches;
mod script_class;
mod shell_scripts;
mod task_class;
mod taskfile;
mod tox;
mod tox_environment;
mod travis;
pub(crate) mod variables;
mod wrappers;
pub(crate) mod yaml;

pub use classify::classify;
pub(crate) use collected::{Mined, MinedService};
pub(crate) use command_line::join as join_folder;
pub use command_line::{program, split_words, unwrapped};
pub(crate) use images::usual_port;
pub(crate) use mine::mine;
pub use name_class::class_of_name;
pub(crate) use program_ecosystem::ecosystem_of;
pub(crate) use tox_environment::ToxEnvironment;
pub use variables::{INVENTED as INVENTED_SECRET, secret_name as is_secret_name};
