//! The analysis as a whole: units ranked, facts gathered, plans merged, failures diagnosed.
//!
//! Knows all ecosystems through their trait only; what is special to one stays in its folder.

mod analyzer;
mod case_cause;
mod case_names;
mod configure;
mod deepen;
mod disk_view;
mod expected_ports;
mod extensions;
mod facts;
mod generic_diagnosis;
mod generic_remedies;
mod generic_rules;
mod generic_services;
mod generic_variables;
mod health_paths;
mod inputs;
mod languages;
mod links;
mod merge;
mod misplaced;
mod packages;
mod pins;
mod planner;
mod ports;
mod proposals;
mod ranges;
mod roles;
mod scripts;
mod service_bindings;
mod service_code;
mod service_drivers;
mod service_files;
mod service_python;
pub(crate) mod service_schemas;
mod service_settings;
mod services;
mod shares;
mod submodules;
mod system_table;
mod templates;
mod topology;
mod versions;
mod workspaces;

pub use analyzer::{RepoAnalyzer, analyze_view};
pub use case_cause::classify_case;
pub use disk_view::DiskView;
pub(crate) use generic_services::fresh as fresh_service;
pub(crate) use generic_variables::{names_a_service, value as variable_value};
pub(crate) use languages::shares as source_shares;
pub use planner::plan_view;
pub(crate) use services::given as given_service;
