//! Swift packages.

use super::super::{Declared, NOTHING, Report, at_least, build, exact, install, start, test};

#[rustfmt::skip]
pub(crate) static SWIFT: Declared = Declared {
    id: "swift",
    tool: "swift",
    get: "install Swift with swiftly, https://www.swift.org/install",
    manifests: &[("Package.swift", "swiftpm")],
    sources: &["swift"],
    versions: &[exact(".swift-version", r"^(\d[\d.]*)"), at_least("Package.swift", r"swift-tools-version:\s*(\d[\d.]*)")],
    frameworks: &[("Package.swift:vapor", "vapor"), ("Package.swift:hummingbird", "hummingbird"), ("***/.swift:import XCTest", "xctest")],
    test_programs: &["swift"],
    steps: &[
        install("", "swift package resolve"),
        build("", "swift build --build-tests"),
        start("Package.swift:vapor", "exec swift run App serve --hostname 127.0.0.1 --port 8080", 8080),
        test("Tests/", "swift test --parallel --xunit-output \"@{reports}/swift.xml\"", "swift-test", Report::Junit("@{reports}/swift*.xml")),
    ],
    ..NOTHING
};
