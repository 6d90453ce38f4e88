//! Ecosystems that a table row tells whole: manifest names, where the version stands, and the
//! commands that install, build, start and test. One that needs more gets a folder of its own.
//!
//! Adding one is one row of [`table`] and one line of the registry. Must not know any
//! repository, nor which tools a machine has.

mod detect;
mod plan;
mod table;
#[cfg(test)]
mod tests;

use rr_core::{
    Diagnosis, Ecosystem, EcosystemId, FailedStep, PlanContext, RepoView, Unit, UnitPlan,
};
pub(crate) use table::{
    CLOJURE, CRYSTAL, DART, DOTNET, ELIXIR, ERLANG, GLEAM, HASKELL, JULIA, LUA, NIM, OCAML, PHP, R,
    SBT, SWIFT, ZIG,
};

/// One ecosystem of the table.
pub(crate) struct Declared {
    /// Its name.
    id: &'static str,
    /// The toolchain it needs.
    tool: &'static str,
    /// Manifests, the ruling one first, each with its manager. A name that begins with `.` is an
    /// extension.
    manifests: &'static [(&'static str, &'static str)],
    /// Extensions of its sources: a manifest without any beside or below it is somebody else's.
    sources: &'static [&'static str],
    /// Where versions stand, the strongest first: file, expression with one group, whether what
    /// stands there is a range.
    versions: &'static [(&'static str, &'static str, bool)],
    /// Variables of every step.
    env: &'static [(&'static str, &'static str)],
    /// What is done, in order.
    steps: &'static [Row],
}

/// One step of a row.
struct Row {
    /// What it does.
    kind: rr_core::StepKind,
    /// A file that must be there (one of `|`-separated names; `name:text` asks for a text in it);
    /// empty for none.
    when: &'static str,
    /// The shell line.
    line: &'static str,
    /// For starts: the port asked; 0 where what the program does decides. For tests: nothing.
    port: u16,
    /// For tests: runner, and the JUnit files it writes; empty where its exit status is all.
    test: (&'static str, &'static str),
}

impl Ecosystem for Declared {
    fn id(&self) -> EcosystemId {
        EcosystemId::new(self.id)
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        detect::units(self, repo)
    }

    fn plan(&self, repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        plan::plan(self, repo, unit, context)
    }

    /// What every ecosystem shares is diagnosed by the generic rules.
    fn diagnose(&self, _: &dyn RepoView, _: &FailedStep<'_>) -> Vec<Diagnosis> {
        Vec::new()
    }
}
