//! Finds the application object of a web service in a unit's own code.
//!
//! Only code at the unit's own place counts: tests, examples and documentation show how a
//! framework is used, they are not the application.

use std::collections::BTreeSet;

use rr_core::{Evidence, RepoView, Trust};

use super::document::line_of;
use super::paths::{file_name, join, parent, relative};
use super::requirements::normalize;

/// A web framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framework {
    Flask,
    Fastapi,
    Django,
    Streamlit,
    /// Any other ASGI application object: Starlette, Quart, Litestar.
    Asgi,
    /// A script that starts its own server: aiohttp, Tornado, Sanic, Bottle, http.server.
    Script,
    /// A script that starts a gRPC server.
    Grpc,
}

/// An application found in the code.
#[derive(Clone, Debug)]
pub(super) struct Application {
    pub(super) framework: Framework,
    /// File relative to the root.
    pub(super) file: String,
    /// Dotted module as seen from `folder`.
    pub(super) module: String,
    /// Object in it: `app`, `create_app()`.
    pub(super) object: String,
    /// Folder to run in, relative to the root.
    pub(super) folder: String,
    /// Paths without parameters that it routes, the most telling first.
    pub(super) routes: Vec<String>,
    /// Port that the code names.
    pub(super) port: Option<u16>,
    pub(super) evidence: Evidence,
}

impl Framework {
    /// The name by which reports know it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Flask => "flask",
            Self::Fastapi => "fastapi",
            Self::Django => "django",
            Self::Streamlit => "streamlit",
            Self::Asgi => "asgi",
            Self::Script => "script",
            Self::Grpc => "grpc",
        }
    }
}

/// Constructors and what they make.
static CONSTRUCTORS: &[(&str, &str, Framework)] = &[
    ("FastAPI(", "fastapi", Framework::Fastapi),
    ("Flask(", "flask", Framework::Flask),
    ("APIFlask(", "apiflask", Framework::Flask),
    ("Starlette(", "starlette", Framework::Asgi),
    ("Litestar(", "litestar", Framework::Asgi),
    ("Quart(", "quart", Framework::Asgi),
    ("FastHTML(", "python-fasthtml", Framework::Asgi),
    ("fast_app(", "python-fasthtml", Framework::Asgi),
];

/// Calls by which a script starts a server of its own.
static SERVERS: &[(&str, &str)] = &[
    ("web.run_app(", "aiohttp"),
    ("IOLoop.current().start()", "tornado"),
    ("IOLoop.instance().start()", "tornado"),
    ("serve_forever()", ""),
    ("bottle.run(", "bottle"),
    ("uvicorn.run(", "uvicorn"),
    ("hypercorn.run(", "hypercorn"),
    ("waitress.serve(", "waitress"),
    ("cherrypy.quickstart(", "cherrypy"),
    ("app.run(", ""),
    ("socketio.run(", "flask-socketio"),
    (GRPC_CALL, "grpcio"),
];

/// The call with which the main thread of a gRPC server waits.
const GRPC_CALL: &str = ".wait_for_termination(";

/// Folders and files that show rather than are.
const SHOWS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "docs",
    "doc",
    "docs_src",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "benchmark",
    "benchmarks",
    "tutorial",
    "tutorials",
    "fixtures",
    "migrations",
    "venv",
    "site-packages",
    "node_modules",
    "sandbox",
    "scripts",
    "tools",
    "templates",
];

/// The unit's application, where it has one. `declared` are the names its program depends on,
/// `own` is its own distribution's name.
pub(super) fn find(
    repo: &dyn RepoView,
    unit: &str,
    declared: &BTreeSet<String>,
    own: Option<&str>,
) -> Option<Application> {
    let depends =
        |name: &str| declared.contains(name) && own.map(normalize).as_deref() != Some(name);
    if depends("django")
        && let Some(found) = django(repo, unit)
    {
        return Some(found);
    }
    let mut candidates = candidates(repo, unit, |path, text| in_file(unit, path, text, &depends));
    // What is installed as a distribution of its own says what it needs; a plain program whose
    // requirements forgot the framework that it imports is an application all the same.
    if candidates.is_empty() && own.is_none() {
        candidates = self::candidates(repo, unit, |path, text| {
            let near = relative(unit, path).matches('/').count() <= 1;
            near.then(|| in_file(unit, path, text, &|name| imports(text, name))).flatten()
        });
        candidates.retain(|found| !found.object.is_empty());
    }
    candidates.sort_by_key(rank);
    let mut best = candidates.into_iter().next()?;
    best.routes = routes(repo, unit, best.framework);
    Some(best)
}

/// What is found in the unit's own code, file by file.
fn candidates(
    repo: &dyn RepoView,
    unit: &str,
    look: impl Fn(&str, &str) -> Option<Application>,
) -> Vec<Application> {
    let mut candidates: Vec<Application> = Vec::new();
    for entry in repo.below(unit).iter().filter(|entry| entry.path.ends_with(".py")) {
        let inside = relative(unit, &entry.path);
        if shows(inside) || candidates.len() > 40 || repo.size(&entry.path) > 400_000 {
            continue;
        }
        let Some(text) = repo.text(&entry.path) else { continue };
        candidates.extend(look(&entry.path, &text));
    }
    candidates
}

/// Whether a file imports a module at its top level.
fn imports(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix("from ").or_else(|| line.strip_prefix("import "));
        let rest = rest.and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.', ',']))
    })
}

fn shows(inside: &str) -> bool {
    let stem = file_name(inside).trim_end_matches(".py");
    inside.split('/').any(|part| SHOWS.contains(&part))
        || SHOWS.contains(&stem)
        || stem.starts_with("test_")
        || stem.starts_with("example")
        || matches!(stem, "conftest" | "setup")
}

/// Smaller is likelier: known file names and shallow places first, objects before factories.
fn rank(found: &Application) -> (usize, usize, usize, String) {
    let stem = file_name(&found.file).trim_end_matches(".py");
    let names = [
        "asgi",
        "wsgi",
        "main",
        "app",
        "application",
        "server",
        "api",
        "run",
        "autoapp",
        "streamlit_app",
        "index",
        "__init__",
    ];
    let name = names.iter().position(|known| *known == stem).unwrap_or(names.len());
    let factory = usize::from(found.object.ends_with(')'));
    let script = usize::from(matches!(found.framework, Framework::Script | Framework::Grpc)) * 2;
    (factory + script, found.file.matches('/').count(), name, found.file.clone())
}

fn in_file(
    unit: &str,
    path: &str,
    text: &str,
    depends: &dyn Fn(&str) -> bool,
) -> Option<Application> {
    for (call, name, framework) in CONSTRUCTORS {
        if !depends(name) || !text.contains(call) {
            continue;
        }
        let direct = text.lines().find_map(|line| assigned(line, call));
        if let Some(object) = direct {
            return Some(application(unit, path, text, *framework, object, call));
        }
    }
    let web = ["flask", "fastapi", "starlette", "quart"].iter().find(|name| depends(name));
    if let Some(name) = web {
        if let Some(object) = text.lines().find_map(made_by_factory) {
            let framework = if *name == "flask" { Framework::Flask } else { Framework::Fastapi };
            return Some(application(unit, path, text, framework, object, "create_app("));
        }
        if let Some(factory) = text.lines().find_map(factory)
            && CONSTRUCTORS.iter().any(|(call, _, _)| text.contains(call))
        {
            let framework = if *name == "flask" { Framework::Flask } else { Framework::Fastapi };
            let needle = format!("def {factory}");
            return Some(application(unit, path, text, framework, format!("{factory}()"), &needle));
        }
    }
    if depends("streamlit") && text.contains("import streamlit") && text.contains("st.") {
        let main = parent(relative(unit, path)).is_empty();
        return main.then(|| {
            application(unit, path, text, Framework::Streamlit, String::new(), "import streamlit")
        });
    }
    let own_server = SERVERS
        .iter()
        .find(|(call, name)| text.contains(call) && (name.is_empty() || depends(name)));
    let (call, _) = own_server.filter(|_| text.contains("__main__"))?;
    let serves = !call.starts_with("app.run")
        || ["flask", "sanic", "bottle", "quart"].iter().any(|name| depends(name));
    let framework = if *call == GRPC_CALL { Framework::Grpc } else { Framework::Script };
    serves.then(|| application(unit, path, text, framework, String::new(), call))
}

/// `app` of `app = Flask(__name__)` or `app: FastAPI = FastAPI()` at the module's top level.
fn assigned(line: &str, call: &str) -> Option<String> {
    let (left, right) = line.split_once('=')?;
    let right = right.trim_start();
    // `app, rt = fast_app()` gives the application first.
    let name = left.split([':', ',']).next().unwrap_or(left).trim();
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let made = right.starts_with(call)
        || right.split_once('.').is_some_and(|(_, rest)| rest.starts_with(call));
    (plain && made && !line.starts_with([' ', '\t'])).then(|| name.to_owned())
}

/// `app` of `app = create_app(...)` at the module's top level.
fn made_by_factory(line: &str) -> Option<String> {
    let (name, right) = line.split_once('=')?;
    let right = right.trim_start();
    let name = name.split(':').next().unwrap_or(name).trim();
    let factory = [
        "create_app(",
        "make_app(",
        "get_application(",
        "create_application(",
        "get_app(",
        "init_app(",
    ]
    .iter()
    .any(|call| right.starts_with(call));
    let plain = matches!(name, "app" | "application" | "api" | "server" | "asgi_app");
    (factory && plain && !line.starts_with([' ', '\t'])).then(|| name.to_owned())
}

/// `create_app` of `def create_app(...)` whose parameters all have defaults.
fn factory(line: &str) -> Option<String> {
    let rest = line.strip_prefix("def ")?;
    let (name, rest) = rest.split_once('(')?;
    let parameters = rest.split(')').next().unwrap_or("").trim();
    let optional = parameters.is_empty()
        || parameters
            .split(',')
            .all(|p| p.contains('=') || p.trim().starts_with('*') || p.trim().is_empty());
    let known = ["create_app", "make_app", "get_application", "create_application", "get_app"];
    (known.contains(&name.trim()) && optional).then(|| name.trim().to_owned())
}

fn application(
    unit: &str,
    path: &str,
    text: &str,
    framework: Framework,
    object: String,
    needle: &str,
) -> Application {
    let inside = relative(unit, path);
    let (folder, inside) = match inside.strip_prefix("src/") {
        Some(rest) => (join(unit, "src"), rest),
        None => (unit.to_owned(), inside),
    };
    let module = inside.trim_end_matches(".py").trim_end_matches("/__init__").replace('/', ".");
    let mut evidence =
        Evidence::at(path, format!("python.{}-app", framework.name()), Trust::Manifest);
    if let Some((line, excerpt)) = line_of(text, needle) {
        evidence = evidence.with_line(line, excerpt);
    }
    Application {
        framework,
        file: path.to_owned(),
        module,
        object,
        folder,
        routes: Vec::new(),
        port: port_in(text),
        evidence,
    }
}

/// `port=8000` or `:8000` handed to a server call.
fn port_in(text: &str) -> Option<u16> {
    let at = text.find("port=").map(|at| at + 5)?;
    let digits: String = text[at..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// A Django project: a manage.py whose settings module is the unit's own.
fn django(repo: &dyn RepoView, unit: &str) -> Option<Application> {
    for entry in repo.below(unit).iter().filter(|entry| file_name(&entry.path) == "manage.py") {
        let inside = relative(unit, &entry.path);
        if inside.matches('/').count() > 2 || shows(inside) {
            continue;
        }
        let text = repo.text(&entry.path)?;
        let Some(settings) = settings_module(&text) else { continue };
        let folder = parent(&entry.path).to_owned();
        let place = join(&folder, &settings.replace('.', "/"));
        let exists = repo.has(&format!("{place}.py")) || repo.has(&join(&place, "__init__.py"));
        if !exists || settings.split('.').any(|part| SHOWS.contains(&part)) {
            continue;
        }
        let mut found =
            application(unit, &entry.path, &text, Framework::Django, settings, "SETTINGS_MODULE");
        found.folder = folder;
        found.routes = routes(repo, unit, Framework::Django);
        return Some(found);
    }
    None
}

/// `project.settings` of `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")`.
pub(super) fn settings_module(manage: &str) -> Option<String> {
    let at = manage.find("DJANGO_SETTINGS_MODULE")?;
    let rest = &manage[at + "DJANGO_SETTINGS_MODULE".len() + 1..];
    let quoted: Vec<&str> = rest.split(['"', '\'']).collect();
    let value = quoted.get(1)?.trim();
    let plain = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b));
    (plain && !value.is_empty()).then(|| value.to_owned())
}

/// Paths that the unit's own code routes, without parameters, health paths first.
fn routes(repo: &dyn RepoView, unit: &str, framework: Framework) -> Vec<String> {
    let marks = [".route(", ".get(", "path(", "re_path(", "add_get(", "Route("];
    let mut found: Vec<String> = Vec::new();
    for entry in repo.below(unit).iter().filter(|entry| entry.path.ends_with(".py")).take(400) {
        if shows(relative(unit, &entry.path)) {
            continue;
        }
        let Some(text) = repo.text(&entry.path) else { continue };
        for line in text.lines() {
            let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) else { continue };
            let rest = line.split_once(mark).map_or("", |(_, rest)| rest).trim_start();
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                continue;
            };
            let path = rest[1..].split(quote).next().unwrap_or("");
            let path =
                if framework == Framework::Django { format!("/{path}") } else { path.to_owned() };
            let decorated = line.trim_start().starts_with('@') || !mark.contains("get(");
            let plain = path.starts_with('/')
                && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-.".contains(&b));
            if plain && decorated && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    let telling = ["health", "ping", "status", "alive", "ready", "live"];
    found.sort_by_key(|path| {
        (!telling.iter().any(|word| path.contains(word)), path != "/", path.len())
    });
    found.truncate(6);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rr_core::MemoryRepo;

    fn app(files: &[(&str, &str)], declared: &[&str], own: Option<&str>) -> Option<Application> {
        let repo = MemoryRepo::new(files.iter().copied());
        let declared = declared.iter().map(|name| (*name).to_owned()).collect();
        find(&repo, "", &declared, own)
    }

    #[test]
    fn application_objects_and_factories_are_found() {
        let found = app(
            &[("app/main.py", "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/health')\ndef h(): ...\n"), ("tests/app.py", "app = FastAPI()")],
            &["fastapi"],
            Some("thing"),
        )
        .unwrap();
        assert_eq!((found.module.as_str(), found.object.as_str()), ("app.main", "app"));
        assert_eq!(found.routes, ["/health"]);
        let found = app(
            &[(
                "src/shop/__init__.py",
                "def create_app(config=None):\n    app = Flask(__name__)\n    return app\n",
            )],
            &["flask"],
            None,
        )
        .unwrap();
        assert_eq!(
            (found.module.as_str(), found.object.as_str(), found.folder.as_str()),
            ("shop", "create_app()", "src")
        );
    }

    #[test]
    fn a_framework_is_no_application_of_itself_and_examples_are_none() {
        let files = [("src/flask/app.py", "class Flask: ...\napp = Flask(1)\n")];
        assert!(app(&files, &["flask"], Some("Flask")).is_none());
        assert!(app(&[("examples/hello.py", "app = Flask(__name__)")], &["flask"], None).is_none());
        assert!(app(&[("app.py", "app = Flask(__name__)")], &[], None).is_none());
    }

    #[test]
    fn a_django_project_is_known_by_its_settings() {
        let manage = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')";
        let files = [
            ("manage.py", manage),
            ("site1/settings.py", ""),
            ("site1/urls.py", "path('admin/', x)"),
        ];
        let found = app(&files, &["django"], None).unwrap();
        assert_eq!(
            (found.object.as_str(), found.routes[0].as_str()),
            ("site1.settings", "/admin/")
        );
        assert!(
            app(&[("manage.py", manage.replace("site1", "tests").as_str())], &["django"], None)
                .is_none()
        );
    }
}
