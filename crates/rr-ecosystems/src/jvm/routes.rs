//! Paths on which controllers answer a plain GET: Spring's mappings and JAX-RS resources. Paths with
//! parameters are left out: nobody knows values that they accept.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::RepoView;

use super::paths::join;

/// What stands for the whole class: all that is mapped in it lies below.
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"@(?:RequestMapping|Path)\s*\(\s*(?:(?:value|path)\s*=\s*)?\{?\s*"([^"]*)"[^)]*\)(?:\s*@\w+(?:\([^)]*\))?)*\s*(?:(?:public|final|open|abstract)\s+)*class\b"#,
    )
});
static SPRING: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"@GetMapping\b(?:\s*\(\s*(?:(?:value|path)\s*=\s*)?[\[{]?\s*"([^"]*)"|\s*\(\s*\)|\s+)"#,
    )
});
static JAX_RS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r#"@GET\b(?:\s*@(?:Produces|Consumes|Operation)\([^)]*\))*(?:\s*@Path\(\s*"([^"]*)")?"#,
    )
});

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// Most paths that are asked, and most sources that are read for them.
const PATHS: usize = 3;
const SOURCES: usize = 200;

/// The shortest paths that controllers of a module answer without parameters, the root left out.
pub(super) fn plain(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let sources = repo.below(&join(folder, "src/main"));
    let sources = sources.iter().filter(|e| e.path.ends_with(".java") || e.path.ends_with(".kt"));
    let mut found: Vec<String> = sources
        .take(SOURCES)
        .filter_map(|entry| repo.text(&entry.path))
        .flat_map(|text| of_source(&text))
        .filter(|path| path != "/")
        .collect();
    found.sort_by_key(|path| (path.len(), path.clone()));
    found.dedup();
    found.truncate(PATHS);
    found
}

fn of_source(text: &str) -> Vec<String> {
    let prefix = PREFIX.captures(text).map_or("", |found| found.get(1).map_or("", |m| m.as_str()));
    let controller = text.contains("Controller");
    let mapped = SPRING.captures_iter(text).filter(|_| controller);
    let resources = JAX_RS.captures_iter(text).filter(|_| text.contains("@Path"));
    mapped
        .chain(resources)
        .map(|found| joined(prefix, found.get(1).map_or("", |m| m.as_str())))
        .filter(|path| !path.contains(['{', '*', '$', ':']))
        .collect()
}

/// `/a` and `b` as `/a/b`.
fn joined(prefix: &str, path: &str) -> String {
    let parts = [prefix, path].map(|part| part.trim_matches('/'));
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_lie_below_the_path_of_their_class_and_those_with_parameters_are_left_out() {
        let of = |text: &str| of_source(text);
        let spring = "@RestController @RequestMapping(\"/api/v1\")\npublic class Bells {\n\
            @GetMapping(\"/bells\") List<Bell> all() {}\n@GetMapping(\"/bells/{id}\") Bell one() {}\n\
            @PostMapping(\"/rings\") void ring() {}\n@GetMapping\npublic String top() {} }";
        assert_eq!(of(spring), ["/api/v1/bells", "/api/v1"]);
        assert_eq!(
            of("@Controller class A { @GetMapping(value = \"ring\") void f() {} }"),
            ["/ring"]
        );
        let kotlin = "@RestController\nclass A {\n  @GetMapping(\"/ding\")\n  fun ding() = 1\n}";
        assert_eq!(of(kotlin), ["/ding"]);
        let resource = "@Path(\"/hello\")\npublic class Hello {\n@GET\n@Produces(TEXT)\nString a() {}\n\
            @GET\n@Path(\"/all\")\nString b() {} }";
        assert_eq!(of(resource), ["/hello", "/hello/all"]);
        assert_eq!(of("class Client { @GetMapping(\"/elsewhere\") String f(); }"), [""; 0]);
    }

    #[test]
    fn the_shortest_come_first_and_tests_are_not_read() {
        let repo = rr_core::MemoryRepo::new([
            (
                "src/main/java/A.java",
                "@RestController class A { @GetMapping(\"/long/way\") @GetMapping(\"/\") }",
            ),
            ("src/main/java/B.java", "@RestController class B { @GetMapping(\"/b\") }"),
            ("src/test/java/C.java", "@RestController class C { @GetMapping(\"/c\") }"),
        ]);
        assert_eq!(plain(&repo, ""), ["/b", "/long/way"]);
    }
}
