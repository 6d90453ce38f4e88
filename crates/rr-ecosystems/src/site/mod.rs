//! Static sites without a build of their own: pages that any web server shows.

use rr_core::{
    Command, Diagnosis, Ecosystem, EcosystemId, Evidence, FailedStep, HealthProbe, PlanContext,
    ProbeKind, RepoView, Step, StepKind, ToolchainRequirement, Trust, Unit, UnitKind, UnitPlan,
    UnitRole, VersionRequest,
};

use crate::miners::query;

/// Folders that hold a site where the root has no page.
const FOLDERS: &[&str] = &["", "public", "site", "www", "htdocs", "_site", "dist", "src", "docs"];

/// The ecosystem.
pub(crate) struct Site;

impl Ecosystem for Site {
    fn id(&self) -> EcosystemId {
        EcosystemId::new("site")
    }

    fn detect(&self, repo: &dyn RepoView) -> Vec<Unit> {
        FOLDERS.iter().find_map(|folder| page(repo, folder)).into_iter().collect()
    }

    fn plan(&self, _repo: &dyn RepoView, unit: &Unit, context: &PlanContext<'_>) -> UnitPlan {
        let id = self.id();
        let port = query::ports(context.analysis, unit).first().map_or(8000, |(port, _)| *port);
        let line = format!("exec python3 -m http.server \"${{PORT:-{port}}}\" --bind 127.0.0.1");
        let title = "serve the pages";
        let command = Command::shell(line);
        let mut step = Step::new("site.start", &id, &unit.path, StepKind::Start, title, command);
        step.evidence.clone_from(&unit.evidence);
        step.probe = Some(HealthProbe {
            kind: ProbeKind::Http { paths: vec!["/".to_owned(), "/index.html".to_owned()] },
            expected_port: Some(port),
            start_seconds: 20,
        });
        UnitPlan {
            toolchains: unit.toolchains.clone(),
            steps: vec![step],
            notes: vec!["a site of plain pages has no tests to run".to_owned()],
            ..UnitPlan::default()
        }
    }

    fn diagnose(&self, _repo: &dyn RepoView, _failed: &FailedStep<'_>) -> Vec<Diagnosis> {
        // A web server of the standard library fails for what the generic rules know.
        Vec::new()
    }
}

/// The site of a folder: its `index.html` that is a page and not a build tool's template.
fn page(repo: &dyn RepoView, folder: &str) -> Option<Unit> {
    let path =
        if folder.is_empty() { "index.html".to_owned() } else { format!("{folder}/index.html") };
    let text = repo.text(&path)?;
    let lower = text.to_ascii_lowercase();
    let at = lower.lines().position(|line| line.contains("<html") || line.contains("<!doctype"))?;
    let template = ["%public_url%", "/src/main.", "{% ", "{{", "<%", "src=\"/src/"];
    if template.iter().any(|mark| lower.contains(mark)) {
        return None;
    }
    let line = u32::try_from(at).unwrap_or(0) + 1;
    let excerpt = text.lines().nth(at).unwrap_or("");
    let evidence = vec![Evidence::at(path, "site.index", Trust::Default).with_line(line, excerpt)];
    Some(Unit {
        path: folder.to_owned(),
        ecosystem: EcosystemId::new("site"),
        name: if folder.is_empty() { "site".to_owned() } else { folder.to_owned() },
        kind: UnitKind::Site,
        role: UnitRole::Primary,
        managers: Vec::new(),
        toolchains: vec![ToolchainRequirement {
            tool: "python".to_owned(),
            version: VersionRequest::Any,
            evidence: evidence.clone(),
        }],
        frameworks: Vec::new(),
        weight: 20,
        evidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::{EnvironmentReport, MemoryRepo};

    #[test]
    fn plain_pages_are_a_site_that_is_served() {
        let repo = MemoryRepo::new([
            ("index.html", "<!DOCTYPE html>\n<html><script src=\"js/a.js\"></script></html>"),
            ("js/a.js", "let x = 1;"),
            ("Rakefile", "task :x"),
        ]);
        let analysis = crate::analysis::analyze_view(&repo);
        let primary: Vec<_> = analysis.primary_units().map(|u| u.ecosystem.as_str()).collect();
        assert_eq!(primary, ["site"]);
        let environment = EnvironmentReport::default();
        let plan = crate::analysis::plan_view(&repo, &analysis, &environment, None).unwrap();
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(plan.steps[0].kind, StepKind::Start);
    }

    #[test]
    fn templates_of_build_tools_are_no_sites() {
        let repo = MemoryRepo::new([(
            "index.html",
            "<!doctype html><script type=\"module\" src=\"/src/main.ts\"></script>",
        )]);
        assert!(Site.detect(&repo).is_empty());
    }
}
