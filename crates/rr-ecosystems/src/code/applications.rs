//! Web applications and servers that the code makes: objects, factories, main classes, and the
//! ports they are told.

use rr_core::FactKey;

use super::calls::Call;
use super::scan::{Found, Source};
use super::syntax::Language;
use super::tokens::Kind;

/// Language, what must be imported (a part of the path; none where nothing must), the callee (its
/// end), and what it makes.
#[rustfmt::skip]
static MAKERS: &[(Language, &str, &str, &str)] = &[
    (Language::Python, "flask", "Flask", "flask application"),
    (Language::Python, "apiflask", "APIFlask", "flask application"),
    (Language::Python, "fastapi", "FastAPI", "fastapi application"),
    (Language::Python, "fastapi", "APIRouter", "fastapi router"),
    (Language::Python, "starlette", "Starlette", "starlette application"),
    (Language::Python, "litestar", "Litestar", "litestar application"),
    (Language::Python, "quart", "Quart", "quart application"),
    (Language::Python, "sanic", "Sanic", "sanic application"),
    (Language::Python, "aiohttp", "web.Application", "aiohttp application"),
    (Language::Python, "tornado", "Application", "tornado application"),
    (Language::Python, "bottle", "Bottle", "bottle application"),
    (Language::Python, "falcon", "App", "falcon application"),
    (Language::Python, "dash", "Dash", "dash application"),
    (Language::Python, "gradio", "Blocks", "gradio application"),
    (Language::Python, "gradio", "Interface", "gradio application"),
    (Language::Python, "celery", "Celery", "celery worker"),
    (Language::Python, "django", "get_wsgi_application", "django application"),
    (Language::Python, "django", "get_asgi_application", "django application"),
    (Language::Python, "grpc", "grpc.server", "grpc server"),
    (Language::Script, "express", "express", "express application"),
    (Language::Script, "fastify", "fastify", "fastify application"),
    (Language::Script, "fastify", "Fastify", "fastify application"),
    (Language::Script, "koa", "Koa", "koa application"),
    (Language::Script, "hono", "Hono", "hono application"),
    (Language::Script, "@nestjs/core", "NestFactory.create", "nest application"),
    (Language::Script, "@nestjs/core", "NestFactory.createMicroservice", "nest microservice"),
    (Language::Script, "elysia", "Elysia", "elysia application"),
    (Language::Script, "restify", "restify.createServer", "restify server"),
    (Language::Script, "polka", "polka", "polka application"),
    (Language::Script, "@apollo/server", "ApolloServer", "graphql server"),
    (Language::Script, "@hapi/hapi", "server", "hapi server"),
    (Language::Script, "http", "http.createServer", "http server"),
    (Language::Script, "http", "createServer", "http server"),
    (Language::Script, "", "Bun.serve", "bun server"),
    (Language::Script, "", "Deno.serve", "deno server"),
    (Language::Go, "net/http", "http.ListenAndServe", "net/http server"),
    (Language::Go, "net/http", "http.ListenAndServeTLS", "net/http server"),
    (Language::Go, "github.com/gin-gonic", "gin.Default", "gin router"),
    (Language::Go, "github.com/gin-gonic", "gin.New", "gin router"),
    (Language::Go, "labstack/echo", "echo.New", "echo application"),
    (Language::Go, "gofiber/fiber", "fiber.New", "fiber application"),
    (Language::Go, "go-chi/chi", "chi.NewRouter", "chi router"),
    (Language::Go, "gorilla/mux", "mux.NewRouter", "gorilla router"),
    (Language::Go, "google.golang.org/grpc", "grpc.NewServer", "grpc server"),
    (Language::Jvm, "springframework", "SpringApplication.run", "spring main class"),
    (Language::Jvm, "springframework", "runApplication", "spring main class"),
    (Language::Jvm, "quarkus", "Quarkus.run", "quarkus main class"),
    (Language::Jvm, "micronaut", "Micronaut.run", "micronaut main class"),
    (Language::Jvm, "micronaut", "Micronaut.build", "micronaut main class"),
    (Language::Jvm, "javalin", "Javalin.create", "javalin application"),
    (Language::Jvm, "ktor", "embeddedServer", "ktor server"),
    (Language::Jvm, "httpserver", "HttpServer.create", "http server"),
    (Language::Rust, "axum", "Router.new", "axum router"),
    (Language::Rust, "actix_web", "HttpServer.new", "actix server"),
    (Language::Rust, "", "rocket.build", "rocket application"),
    (Language::Rust, "", "warp.serve", "warp server"),
    (Language::Ruby, "rack", "Rack.Server.start", "rack server"),
    (Language::Php, "Slim", "AppFactory.create", "slim application"),
    (Language::Php, "Illuminate", "Application.configure", "laravel application"),
    (Language::Php, "", "Illuminate.Foundation.Application", "laravel application"),
];

/// Names of calls that take an address or a port to listen on.
#[rustfmt::skip]
static LISTENERS: &[&str] = &[
    "listen", "Listen", "ListenAndServe", "ListenAndServeTLS", "Run", "run", "Start", "start",
    "run_app", "serve", "bind", "InetSocketAddress", "port", "from", "add_insecure_port", "setPort",
];

/// What a source makes.
pub(super) fn read(source: &Source<'_, '_>) -> Vec<Found> {
    let mut found: Vec<Found> =
        source.calls.iter().filter_map(|call| maker(source, call)).collect();
    found.extend(classes(source));
    found.extend(source.calls.iter().filter_map(|call| settings(source, call)));
    found.extend(source.calls.iter().filter_map(|call| port(source, call)));
    found
}

fn maker(source: &Source<'_, '_>, call: &Call<'_, '_>) -> Option<Found> {
    let row = MAKERS.iter().find(|(language, module, callee, _)| {
        *language == source.language
            && !call.access
            && is_or_ends_in(&call.callee, callee)
            && (module.is_empty() || imported(source, module))
    })?;
    let value = format!("{} {}", row.3, place(source, call));
    Some(Found::new(FactKey::EntryPoint, value, call.line, "application"))
}

/// Whether a dotted name is another, or ends in it behind a dot.
fn is_or_ends_in(callee: &str, end: &str) -> bool {
    callee.strip_suffix(end).is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

fn imported(source: &Source<'_, '_>, module: &str) -> bool {
    match source.language {
        Language::Python => source.uses(module),
        Language::Script => {
            source.uses(module)
                || source.uses(&format!("node:{module}"))
                || source.uses_part(&format!("npm:{module}"))
        }
        _ => source.uses_part(module) || source.tokens.iter().any(|token| token.says(module)),
    }
}

/// `pkg.module:app`, `pkg.module:create_app()`, or the file.
fn place(source: &Source<'_, '_>, call: &Call<'_, '_>) -> String {
    if source.language != Language::Python {
        return source.path.to_owned();
    }
    let module = source.path.trim_end_matches(".py").trim_end_matches("/__init__");
    let module = module.strip_prefix("src/").unwrap_or(module).replace('/', ".");
    if call.outer {
        return call.assigned.map_or_else(|| module.clone(), |name| format!("{module}:{name}"));
    }
    match source.function_at(call.line) {
        Some(function) => format!("{module}:{function}()"),
        None => module,
    }
}

/// Applications that are declared rather than called: annotated and inherited classes.
fn classes(source: &Source<'_, '_>) -> Vec<Found> {
    let tokens = source.tokens;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let annotation = before.is_some_and(|t| t.is("@"));
        let what = match (source.language, token.text) {
            (Language::Jvm, "SpringBootApplication") if annotation => "spring main class",
            (Language::Jvm, "QuarkusMain") if annotation => "quarkus main class",
            (Language::Rust, "launch") if before.is_some_and(|t| t.is("[")) => "rocket application",
            (Language::Ruby, "Sinatra") if before.is_some_and(|t| t.is("<")) => {
                "sinatra application"
            }
            (Language::Ruby, "Rails") if before.is_some_and(|t| t.is("<")) => "rails application",
            _ => continue,
        };
        found.push(Found::new(
            FactKey::EntryPoint,
            format!("{what} {}", source.path),
            token.line,
            "application",
        ));
    }
    if source.language == Language::Ruby
        && found.is_empty()
        && let Some(import) = source.imports.iter().find(|import| import.module == "sinatra")
    {
        let value = format!("sinatra application {}", source.path);
        found.push(Found::new(FactKey::EntryPoint, value, import.line, "application"));
    }
    found
}

/// `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")`.
fn settings(source: &Source<'_, '_>, call: &Call<'_, '_>) -> Option<Found> {
    let names =
        source.language == Language::Python && call.text(0) == Some("DJANGO_SETTINGS_MODULE");
    let module = call.text(1).filter(|_| names && call.name() == "setdefault")?;
    let value = format!("django settings {module}");
    Some(Found::new(FactKey::EntryPoint, value, call.line, "application"))
}

/// The port that a listening call is given, as a number or at the end of an address.
fn port(source: &Source<'_, '_>, call: &Call<'_, '_>) -> Option<Found> {
    if call.access || !LISTENERS.contains(&call.name()) || !serves(source, call) {
        return None;
    }
    let named = call.named("port").and_then(|argument| argument.tokens.iter().find_map(number));
    let any = || call.arguments.iter().find_map(|argument| argument.tokens.iter().find_map(number));
    let text = || {
        let texts = call.arguments.iter().flat_map(|argument| argument.tokens);
        texts.filter(|token| token.kind == Kind::Text).find_map(|token| address(token.text))
    };
    let port = named.or_else(text).or_else(any)?;
    Some(Found::new(FactKey::Port, port.to_string(), call.line, "port"))
}

/// Names that many other things bear listen only where the source speaks of a server.
fn serves(source: &Source<'_, '_>, call: &Call<'_, '_>) -> bool {
    match (source.language, call.name()) {
        (Language::Rust, "from") => call.callee.ends_with("SocketAddr.from"),
        (Language::Rust, "bind") => true,
        (Language::Rust | Language::Ruby | Language::Php, _) => false,
        (Language::Python, "run" | "run_app") => call.named("port").is_some(),
        (Language::Python, "listen" | "add_insecure_port" | "serve") => true,
        (Language::Python, _) => false,
        (Language::Script, "listen") => true,
        (Language::Script, "serve") => {
            imported(source, "@hono/node-server") || call.callee.contains('.')
        }
        (Language::Script, _) => false,
        (Language::Go, name) => name.starts_with("Listen") || matches!(name, "Run" | "Start"),
        (Language::Jvm, name) => {
            matches!(name, "InetSocketAddress" | "port" | "setPort")
                || (name == "start" && imported(source, "javalin"))
        }
    }
}

fn number(token: &super::tokens::Token<'_>) -> Option<u16> {
    let digits = token.text.replace('_', "");
    (token.kind == Kind::Number)
        .then(|| digits.parse::<u16>().ok())
        .flatten()
        .filter(|port| *port >= 80)
}

/// `:8080`, `0.0.0.0:8080`, `localhost:8080`, `[::]:8080`.
fn address(text: &str) -> Option<u16> {
    let (host, port) = text.rsplit_once(':')?;
    let local = host.is_empty()
        || matches!(host, "0.0.0.0" | "127.0.0.1" | "localhost" | "[::]" | "[::1]" | "::");
    local.then(|| port.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::scan::scan;
    use super::*;

    fn shown(path: &str, text: &str, language: Language) -> Vec<String> {
        let found = scan(path, text, language).found;
        let kept = found.iter().filter(|f| matches!(f.key, FactKey::EntryPoint | FactKey::Port));
        kept.map(|found| format!("{}: {}", found.line, found.value)).collect()
    }

    #[test]
    fn python_objects_and_factories_are_named_with_their_module() {
        let source = "from flask import Flask\n\n\ndef create_app(name=None):\n    app = Flask(\n        __name__)\n    return app\n";
        assert_eq!(
            shown("src/shop/__init__.py", source, Language::Python),
            ["5: flask application shop:create_app()"]
        );
        let source = "import fastapi\napp = fastapi.FastAPI()\nif __name__ == '__main__':\n    uvicorn.run(app, host='0.0.0.0', port=9000)\n";
        assert_eq!(
            shown("api/main.py", source, Language::Python),
            ["2: fastapi application api.main:app", "4: 9000"]
        );
        let source = "# app = Flask(__name__)\n'''\nfrom flask import Flask\napp = Flask(1)\n'''\nclass Flask: pass\nx = Flask(1)\n";
        assert!(shown("a.py", source, Language::Python).is_empty());
    }

    #[test]
    fn servers_of_other_languages_are_found() {
        let script = "const express = require('express');\nconst app = express();\napp.listen(process.env.PORT || 3000, () => {});\n";
        assert_eq!(
            shown("src/server.js", script, Language::Script),
            ["2: express application src/server.js", "3: 3000"]
        );
        let nest = "import { NestFactory } from '@nestjs/core';\nasync function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  await app.listen(3001);\n}\n";
        assert_eq!(shown("m.ts", nest, Language::Script), ["3: nest application m.ts", "4: 3001"]);
        let go =
            "import (\n\t\"net/http\"\n)\nfunc main() { http.ListenAndServe(\":8081\", nil) }\n";
        assert_eq!(shown("main.go", go, Language::Go), ["4: net/http server main.go", "4: 8081"]);
        let java = "import org.springframework.boot.SpringApplication;\n@SpringBootApplication\npublic class App {\n void m() { SpringApplication.run(App.class, a); } }\n";
        assert_eq!(
            shown("App.java", java, Language::Jvm),
            ["4: spring main class App.java", "2: spring main class App.java"]
        );
        let rust = "use axum::Router;\nlet app = Router::new();\nTcpListener::bind((\"0.0.0.0\", 3_000));\n";
        assert_eq!(shown("main.rs", rust, Language::Rust), ["2: axum router main.rs", "3: 3000"]);
        assert_eq!(
            shown("app.rb", "require 'sinatra'\n", Language::Ruby),
            ["1: sinatra application app.rb"]
        );
        let php = "<?php\nuse Slim\\Factory\\AppFactory;\n$app = AppFactory::create();\n";
        assert_eq!(shown("index.php", php, Language::Php), ["3: slim application index.php"]);
    }
}
