//! The central types of Repo Runner, shared by every other crate.
//!
//! This crate holds data and pure functions only. It must not read files, start
//! processes, open sockets or ask the clock: whoever needs that takes one of the
//! traits defined here ([`RepoView`], [`Executor`], [`Clock`], [`JournalStore`]).

pub mod agent;
pub mod analysis;
pub mod cause;
pub mod clock;
pub mod command;
pub mod decision;
pub mod diagnosis;
pub mod ecosystem;
pub mod enforcement;
pub mod engine;
pub mod environment;
pub mod event;
pub mod evidence;
pub mod executor;
pub mod fix;
pub mod generative;
pub mod id;
pub mod index;
pub mod journal;
pub mod manager;
pub mod outcome;
pub mod overrides;
pub mod phase;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod proposal;
pub mod remedy_policy;
pub mod report;
pub mod requirement;
pub mod rung;
pub mod source;
pub mod test_run;
pub mod tier;
pub mod view;

pub use agent::{Agent, AgentError, AgentName};
pub use analysis::{
    Analysis, Fact, FactKey, FactMark, LanguageShare, Unit, UnitKind, UnitLink, UnitRole,
    VersionChoice, VersionPin, WorkspaceTool,
};
pub use cause::CauseClass;
pub use clock::Clock;
pub use command::{Command, CommandClass, MinedCommand};
pub use decision::{Decision, DecisionModel, DecisionOption, DecisionQuestion};
pub use diagnosis::{Diagnosis, PlanEdit, Remedy, RemedyKind};
pub use ecosystem::{Ecosystem, EcosystemId, FailedStep, PlanContext, UnitPlan};
pub use enforcement::{Enforcement, EnforcementItem, EnforcementLevel};
pub use engine::{
    Analyzer, EngineError, EngineErrorKind, EnvironmentProbe, FetchedSource, Listing, Look, Looked,
    ProvisionedService, SandboxBackend, ServiceProvider, SourceFetcher, SystemLayer, SystemNeed,
    SystemPackageProvider, Toolchain, ToolchainProvider,
};
pub use environment::{EnvironmentKind, EnvironmentReport, HostTool};
pub use event::{Observer, RunEvent};
pub use evidence::{Evidence, Trust};
pub use executor::{
    CancelToken, ExecError, Executor, GuestLayout, ListeningSocket, OutputSink, ProcessSpec,
    RunningProcess, Usage,
};
pub use fix::{FixCounts, FixHistory, FixKey, FixOrigin, FixRecord};
pub use generative::{
    AnswerSchema, Generated, GenerativeModel, ModelCall, ModelError, ModelErrorKind, Part, Prompt,
    Turn,
};
pub use id::{RunId, StepId};
pub use index::{ContextIndex, IndexError, IndexKind, SearchHit};
pub use journal::{JournalError, JournalEvent, JournalRecord, JournalStore, Lease, RetryPolicy};
pub use manager::{Manager, ManagerName};
pub use outcome::{Exit, Outcome};
pub use overrides::{ConfigFile, Override, OverrideField, OverrideOperation};
pub use phase::{Phase, PhaseOutcome, PhaseRecord};
pub use plan::{NetworkNeed, RunPlan, Step, StepKind, TestSpec, TopologyNode};
pub use policy::{Bind, Limits, SandboxPolicy};
pub use probe::{HealthProbe, ProbeKind, ProbeResult};
pub use proposal::{ModelConsultation, Proposal};
pub use report::RunReport;
pub use requirement::{
    EnvBinding, ServiceKind, ServiceRequirement, SystemPackage, ToolchainRequirement,
    VersionRequest,
};
pub use rung::Rung;
pub use source::RepoSource;
pub use test_run::{CaseOutcome, ReportFormat, TestCase, TestCounts, TestRun};
pub use tier::Tier;
pub use view::{FileEntry, FileKind, MemoryRepo, RepoView};
