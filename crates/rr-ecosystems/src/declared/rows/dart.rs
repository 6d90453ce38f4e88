//! Dart and Flutter.

use rr_core::UnitKind;

use super::super::{Declared, NOTHING, Report, exact, install, range, start, test};

#[rustfmt::skip]
pub(crate) static DART: Declared = Declared {
    id: "dart",
    tool: "dart",
    get: "install Dart, https://dart.dev/get-dart, or Flutter, https://docs.flutter.dev/get-started/install, and put its `bin` on the PATH",
    manifests: &[("pubspec.yaml", "pub")],
    sources: &["dart"],
    versions: &[exact(".tool-versions", r"^(?:dart|flutter)\s+(\S+)"), exact(".fvmrc", r#""flutter"\s*:\s*"([^"]+)""#), range("pubspec.yaml", r#"^\s+sdk:\s*['"]?([^'"\s][^'"]*)"#)],
    frameworks: &[("pubspec.yaml:sdk: flutter", "flutter"), ("pubspec.yaml:shelf:", "shelf"), ("pubspec.yaml:dart_frog:", "dart_frog")],
    kinds: &[("pubspec.yaml:sdk: flutter&lib/main.dart", UnitKind::Site), ("pubspec.yaml:executables:|bin/", UnitKind::Cli)],
    test_programs: &["dart", "flutter"],
    env: &[("PUB_CACHE", "@{caches}/pub")],
    steps: &[
        install("pubspec.yaml:sdk: flutter", "flutter pub get"),
        install("!pubspec.yaml:sdk: flutter", "dart pub get"),
        start("bin/server.dart&pubspec.yaml:shelf:", "exec env PORT=8080 dart run bin/server.dart", 8080),
        test("test/&pubspec.yaml:sdk: flutter", "flutter test --machine", "dart-test", Report::Console),
        test("test/", "dart test --reporter json", "dart-test", Report::Console),
    ],
    ..NOTHING
};
