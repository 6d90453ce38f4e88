//! What a package is: a library, a command, a service, a site, or a root of others.

use rr_core::{RepoView, UnitKind};

use super::package_json::Manifest;
use super::workspace::Workspace;

/// Run-time dependencies that make a package listen.
const SERVERS: &[&str] = &[
    "express",
    "koa",
    "fastify",
    "@nestjs/core",
    "hapi",
    "@hapi/hapi",
    "restify",
    "polka",
    "hono",
    "@hono/node-server",
    "h3",
    "sails",
    "@feathersjs/express",
    "@feathersjs/koa",
    "moleculer-web",
    "apollo-server",
    "@apollo/server",
    "graphql-yoga",
    "socket.io",
    "ws",
    "micro",
    "connect",
    "@adonisjs/core",
    "@loopback/rest",
    "strapi",
    "@strapi/strapi",
    "json-server",
    "egg",
    "midway",
    "elysia",
    "http-server",
    "serve",
    "keystone",
    "parse-server",
    "actionhero",
];

/// Frameworks whose own command serves the application.
const FRAMEWORKS: &[&str] = &[
    "next",
    "nuxt",
    "nuxt3",
    "astro",
    "@sveltejs/kit",
    "@remix-run/dev",
    "@react-router/dev",
    "gatsby",
    "react-scripts",
    "@vue/cli-service",
    "@angular/cli",
    "vite",
    "vite-ssg",
    "parcel",
    "@11ty/eleventy",
    "webpack-dev-server",
    "@redwoodjs/core",
    "solid-start",
    "@builder.io/qwik",
    "umi",
    "snowpack",
    "@docusaurus/core",
    "vitepress",
    "expo",
    "@rspack/cli",
    "rsbuild",
    "@rsbuild/core",
];

/// What a package is, as far as its manifest and files tell.
pub(super) fn kind_of(repo: &dyn RepoView, workspace: &Workspace, package: &Manifest) -> UnitKind {
    let published = !package.is_private() && !package.entry_files().is_empty();
    let framework = FRAMEWORKS.iter().any(|name| package.depends_on(name));
    let page = ["index.html", "src/index.html"].iter().any(|at| repo.has(&package.path(at)))
        || [
            "next",
            "nuxt",
            "astro",
            "@sveltejs/kit",
            "gatsby",
            "react-scripts",
            "@vue/cli-service",
        ]
        .iter()
        .any(|name| package.depends_on(name) && !published);
    let scripted =
        ["start", "dev", "serve", "preview"].iter().any(|s| package.scripts.contains_key(*s));
    if framework && page && scripted && !published {
        return if package.depends_on("next") || package.depends_on("nuxt") {
            UnitKind::Service
        } else {
            UnitKind::Site
        };
    }
    let serves = SERVERS.iter().any(|name| package.runs_with(name));
    let entry = server_file(repo, package).is_some();
    let own_server = serves && starts_apart_from_bins(package);
    if !package.bins().is_empty() && (!package.is_private() || !serves) && !own_server {
        return UnitKind::Cli;
    }
    if (entry || serves && package.scripts.contains_key("start"))
        && !published_library(package, entry)
    {
        return UnitKind::Service;
    }
    if !workspace.members.is_empty() && package.folder == workspace.root.folder {
        return UnitKind::Workspace;
    }
    UnitKind::Library
}

/// Whether the start script runs something else than the package's own commands: a service that
/// can also be scaffolded or administered from the command line.
fn starts_apart_from_bins(package: &Manifest) -> bool {
    let Some(start) = package.scripts.get("start") else { return false };
    let bins = package.bins();
    let calls = |bin: &(String, String)| {
        let file = bin.1.trim_start_matches("./");
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        start.contains(stem) || start.split_whitespace().any(|word| word == bin.0)
    };
    !bins.is_empty() && !bins.iter().any(calls) && !published_library(package, false)
}

/// Published, with an entry that other code requires: a framework or a plug-in, not an app.
fn published_library(package: &Manifest, entry: bool) -> bool {
    !package.is_private()
        && !entry
        && (package.field("files").is_some() || package.field("exports").is_some())
}

/// A file that listens by itself: `main`, `server.js`, `app.js`, `index.js`.
pub(super) fn server_file(repo: &dyn RepoView, package: &Manifest) -> Option<String> {
    let main = package.text("main").map(|file| file.trim_start_matches("./").to_owned());
    let usual = [
        "server.js",
        "app.js",
        "index.js",
        "src/server.js",
        "src/index.js",
        "src/app.js",
        "server.mjs",
    ];
    main.into_iter()
        .chain(usual.iter().map(|file| (*file).to_owned()))
        .find(|file| repo.text(&package.path(file)).is_some_and(|text| listens(&text)))
}

/// Whether a script calls `listen` at its own level with a port, as servers do.
fn listens(text: &str) -> bool {
    text.lines().any(|line| {
        let own_level =
            !line.starts_with([' ', '\t', '*', '/']) || line.starts_with("  app.listen");
        let called = [".listen(", "serve({", "serve(app"].iter().any(|mark| line.contains(mark));
        own_level && called && !line.contains("prototype") && !line.contains("function")
    })
}
