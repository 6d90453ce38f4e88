//! Schemas of databases: Prisma's own commands, and the scripts that call other migration tools.

use rr_core::{Analysis, Command, Evidence, RepoView, ServiceKind, Trust};

use super::build::run_script;
use super::managers::Manager;
use super::package_json::Manifest;
use super::workspace::Workspace;
use crate::analysis::service_schemas::schemas;

/// A command that brings a database to the schema the code expects.
pub(super) struct Migration {
    pub(super) command: Command,
    pub(super) cwd: String,
    /// Whether the program may do it by itself.
    pub(super) optional: bool,
    pub(super) evidence: Evidence,
}

/// Most packages of a workspace that are migrated.
const PACKAGES: usize = 4;

/// Scripts by which packages migrate, the most telling first.
#[rustfmt::skip]
const SCRIPTS: &[&str] = &[
    "db:migrate", "migrate", "migrate:latest", "migrate:up", "db:migrate:up", "db:migrate:latest",
    "migration:run", "migrations:run", "typeorm:migration:run", "migration:up", "db:setup",
    "knex:migrate", "sequelize:migrate", "migrate:deploy", "db:push", "db:migrate:deploy",
];
/// Programs that migrate.
#[rustfmt::skip]
const TOOLS: &[&str] = &[
    "typeorm", "sequelize", "knex", "prisma", "drizzle-kit", "db-migrate", "mikro-orm",
    "node-pg-migrate", "umzug", "kysely", "migrate",
];

/// The migrations of a workspace's packages.
pub(super) fn migrations(
    repo: &dyn RepoView,
    workspace: &Workspace,
    manager: &Manager,
    analysis: &Analysis,
) -> Vec<Migration> {
    let stores = [ServiceKind::Postgres, ServiceKind::Mysql];
    let served = analysis.services.iter().any(|service| stores.contains(&service.kind));
    workspace
        .packages()
        .filter_map(|package| {
            let by_script = || scripted(package, manager).filter(|_| served);
            prisma(repo, package).or_else(by_script)
        })
        .take(PACKAGES)
        .collect()
}

/// The schema of a package that uses Prisma, relative to the root.
pub(super) fn prisma_schema(repo: &dyn RepoView, package: &Manifest) -> Option<String> {
    if !["prisma", "@prisma/client"].iter().any(|name| package.depends_on(name)) {
        return None;
    }
    let named = package.nested("prisma", "schema").map(|path| package.path(path));
    named
        .filter(|path| repo.has(path))
        .or_else(|| schemas(repo, &package.folder).into_iter().next())
}

/// Prisma's options for a schema that lies where it does not look by itself.
pub(super) fn schema_option(package: &Manifest, schema: &str) -> Vec<String> {
    let usual = ["prisma/schema.prisma", "schema.prisma"].map(|path| package.path(path));
    if usual.iter().any(|path| path == schema) || package.nested("prisma", "schema").is_some() {
        return Vec::new();
    }
    let inside = schema.strip_prefix(&format!("{}/", package.folder)).unwrap_or(schema);
    vec!["--schema".to_owned(), inside.to_owned()]
}

fn prisma(repo: &dyn RepoView, package: &Manifest) -> Option<Migration> {
    if !package.depends_on("prisma") {
        return None;
    }
    let schema = prisma_schema(repo, package)?;
    let folder = schema.rsplit_once('/').map_or("", |(folder, _)| folder);
    let written = repo.below(format!("{folder}/migrations").trim_start_matches('/'));
    let call: &[&str] = match written.iter().any(|entry| entry.path.ends_with(".sql")) {
        true => &["prisma", "migrate", "deploy"],
        false => &["prisma", "db", "push"],
    };
    let mut words: Vec<String> = call.iter().map(|word| (*word).to_owned()).collect();
    words.extend(schema_option(package, &schema));
    Some(Migration {
        command: Command::argv(words),
        cwd: package.folder.clone(),
        optional: false,
        evidence: Evidence::at(schema, "javascript.prisma-schema", Trust::Manifest),
    })
}

fn scripted(package: &Manifest, manager: &Manager) -> Option<Migration> {
    let migrates = |name: &&&str| {
        package.scripts.get(**name).is_some_and(|body| TOOLS.iter().any(|tool| body.contains(tool)))
    };
    let name = SCRIPTS.iter().find(migrates)?;
    Some(Migration {
        command: run_script(manager, name),
        cwd: package.folder.clone(),
        optional: true,
        evidence: package.evidence(
            "javascript.migrate-script",
            &format!("\"{name}\":"),
            Trust::TaskRunner,
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::analysis::{analyze_view, plan_view};
    use rr_core::{EnvironmentReport, MemoryRepo, RunPlan, ServiceKind, StepKind};

    fn planned(files: &[(&str, &str)]) -> RunPlan {
        let repo = MemoryRepo::new(files.iter().copied());
        let analysis = analyze_view(&repo);
        plan_view(&repo, &analysis, &EnvironmentReport::default(), None).unwrap()
    }

    fn commands(plan: &RunPlan, kind: StepKind) -> Vec<String> {
        plan.of_kind(kind).map(|step| step.command.to_string()).collect()
    }

    const SCHEMA: &str =
        "datasource db {\n  provider = \"postgresql\"\n  url = env(\"DB_URL\")\n}\n";

    #[test]
    fn a_schema_asks_for_its_database_and_is_brought_into_it() {
        let package = r#"{"name": "a", "scripts": {"start": "node index.js"}, "dependencies":
            {"express": "4", "@prisma/client": "5"}, "devDependencies": {"prisma": "5"}}"#;
        let plan = planned(&[
            ("package.json", package),
            ("index.js", "require('express')().listen(3000)"),
            ("src/db/schema.prisma", SCHEMA),
        ]);
        let service = &plan.services[0];
        assert_eq!(service.kind, ServiceKind::Postgres);
        assert_eq!(service.bindings[0].name, "DB_URL");
        assert!(service.bindings[0].template.starts_with("postgresql://{user}:"));
        assert_eq!(
            commands(&plan, StepKind::Migrate),
            ["prisma db push --schema src/db/schema.prisma"]
        );
        let generated = commands(&plan, StepKind::Build);
        assert!(generated.contains(&"prisma generate --schema src/db/schema.prisma".to_owned()));
    }

    #[test]
    fn scripts_migrate_only_where_there_is_a_database() {
        let package = r#"{"name": "a", "scripts": {"start": "node index.js",
            "migrate": "knex migrate:latest"}, "dependencies": {"express": "4", "pg": "8"}}"#;
        let index = ("index.js", "require('express')().listen(3000)");
        let env = (".env.example", "DATABASE_URL=postgres://me:pw@localhost:5432/app\n");
        let with = planned(&[("package.json", package), index, env]);
        assert_eq!(commands(&with, StepKind::Migrate), ["npm run migrate"]);
        let without = planned(&[("package.json", package), index]);
        assert!(commands(&without, StepKind::Migrate).is_empty());
    }
}
