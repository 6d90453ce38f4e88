//! PHP with Composer; Laravel, Symfony, Slim, a front controller, or the built-in server.

use std::sync::LazyLock;

use regex::Regex;
use rr_core::{CauseClass, Command, PlanEdit, Remedy, RemedyKind, RepoView, StepKind, UnitKind};

use super::super::condition::join;
use super::super::{Declared, NOTHING, Report, exact, install, range, start, step, test};
use crate::rules::{Match, Rule, no_cure, packages};

#[rustfmt::skip]
pub(crate) static PHP: Declared = Declared {
    id: "php",
    tool: "php",
    get: "install PHP and Composer, https://getcomposer.org/download",
    manifests: &[("composer.json", "composer"), ("artisan", "composer"), ("phpunit.xml", "php"), ("phpunit.xml.dist", "php"), ("index.php", "php")],
    sources: &["php"],
    versions: &[exact(".tool-versions", r"^php\s+(\S+)"), exact(".php-version", r"^(\d[\d.]*)"), range("composer.json", r#"^\s*[{,]?.*"php"\s*:\s*"([^"]+)""#)],
    frameworks: &[
        ("composer.json:\"laravel/framework\"", "laravel"), ("composer.json:\"symfony/framework-bundle\"", "symfony"), ("composer.json:\"slim/slim\"&index.php|composer.json:\"slim/slim\"&public/", "slim"),
        ("composer.json:\"cakephp/cakephp\"", "cakephp"), ("composer.json:\"codeigniter4/", "codeigniter"), ("composer.json:\"yiisoft/yii2\"", "yii"), ("composer.json:\"laminas/laminas-mvc\"", "laminas"),
        ("composer.json:\"pestphp/pest\"", "pest"), ("phpunit.xml|phpunit.xml.dist|phpunit.dist.xml|composer.json:\"phpunit/phpunit\"", "phpunit"),
    ],
    kinds: &[("composer.json:\"type\": \"library\"", UnitKind::Library)],
    test_programs: &["phpunit", "pest", "artisan"],
    env: &[("COMPOSER_NO_INTERACTION", "1"), ("COMPOSER_ALLOW_SUPERUSER", "1"), ("COMPOSER_CACHE_DIR", "@{caches}/composer"), ("COMPOSER_HOME", "@{home}/composer")],
    packages: extensions,
    steps: &[
        install("composer.json", "composer install --no-progress --prefer-dist"),
        install("artisan&.env.example", "test -f .env || cp .env.example .env\nphp artisan key:generate --force"),
        step(StepKind::Migrate, "artisan&.env.example:DB_CONNECTION=sqlite", "mkdir -p database && touch database/database.sqlite\nphp artisan migrate --force"),
        start("artisan", "exec php artisan serve --host 127.0.0.1 --port 8000", 8000),
        start("public/index.php", "exec php -S 127.0.0.1:8000 -t public", 8000),
        start("web/index.php", "exec php -S 127.0.0.1:8000 -t web", 8000),
        start("webroot/index.php", "exec php -S 127.0.0.1:8000 -t webroot", 8000),
        start("index.php", "exec php -S 127.0.0.1:8000", 8000),
        test("composer.json:\"pestphp/pest\"", "vendor/bin/pest --log-junit \"@{reports}/pest.xml\"", "pest", Report::Junit("@{reports}/pest.xml")),
        test("phpunit.xml|phpunit.xml.dist|phpunit.dist.xml|composer.json:phpunit/phpunit", PHPUNIT, "phpunit", Report::Junit("@{reports}/phpunit.xml")),
        test("***/Test.php", PHPUNIT_FOLDER, "phpunit", Report::Junit("@{reports}/phpunit.xml")),
    ],
    rules: RULES,
    ..NOTHING
};

const PHPUNIT: &str = "php \"$(test -f vendor/bin/phpunit && echo vendor/bin/phpunit || command -v phpunit)\" --log-junit \"@{reports}/phpunit.xml\"";
const PHPUNIT_FOLDER: &str = "php \"$(test -f vendor/bin/phpunit && echo vendor/bin/phpunit || command -v phpunit)\" --log-junit \"@{reports}/phpunit.xml\" $(test -d tests && echo tests || echo test)";

/// `"ext-gd": "*"`
static EXTENSION: LazyLock<Regex> = LazyLock::new(|| expression(r#""ext-([\w-]+)"\s*:"#));
/// `"vendor/name": "^1.0"`
static REQUIRED: LazyLock<Regex> =
    LazyLock::new(|| expression(r#""([a-z0-9][\w.-]*)/([\w.-]+)"\s*:\s*"[^"]*[\d*@]"#));

fn expression(text: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant expressions, tried by the tests")]
    Regex::new(text).unwrap()
}

/// The extensions that a manifest names and that do not come with the interpreter.
fn extensions(repo: &dyn RepoView, folder: &str) -> Vec<String> {
    let Some(text) = repo.text(&join(folder, "composer.json")) else { return Vec::new() };
    let names = EXTENSION.captures_iter(&text).filter_map(|found| extension_package(&found[1]));
    names.collect()
}

/// The package of an extension; `None` for those of the interpreter itself.
fn extension_package(name: &str) -> Option<String> {
    const BUILT_IN: &[&str] = &[
        "json",
        "ctype",
        "tokenizer",
        "filter",
        "hash",
        "pcre",
        "spl",
        "session",
        "openssl",
        "iconv",
        "fileinfo",
        "phar",
        "posix",
        "pcntl",
        "sockets",
        "zlib",
        "date",
        "reflection",
        "standard",
        "random",
        "sodium",
        "ftp",
        "calendar",
        "exif",
        "gettext",
        "pdo",
        "shmop",
    ];
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "dom" | "simplexml" | "xmlreader" | "xmlwriter" | "xsl" | "libxml" => {
            Some("php-xml".to_owned())
        }
        "pdo_sqlite" | "sqlite3" => Some("php-sqlite3".to_owned()),
        "pdo_mysql" | "mysqli" => Some("php-mysql".to_owned()),
        "pdo_pgsql" | "pgsql" => Some("php-pgsql".to_owned()),
        "zend-opcache" | "opcache" => Some("php-opcache".to_owned()),
        name if BUILT_IN.contains(&name) => None,
        name => Some(format!("php-{}", name.replace('_', "-"))),
    }
}

#[rustfmt::skip]
static RULES: &[Rule] = &[
    // `  - Root composer.json requires PHP extension ext-gd * but it is missing from your system.`
    // `  - monolog/monolog 3.0 requires ext-mbstring * -> it is missing from your system.`
    Rule { id: "php.missing-extension", pattern: r"requires (?:PHP extension )?ext-([\w-]+) \S* ?(?:but it|-> it) is missing from your system", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.95, explanation: "the PHP extension {} is missing", cure: |m| of_extension(m.subject()) },
    // `Error: Call to undefined function mb_strtoupper()`
    Rule { id: "php.undefined-function", pattern: r"Call to undefined function \\?(?:[\w\\]+\\)?((?:mb|curl|simplexml|bc|image|imagecreate|gmp|intl|numfmt|normalizer|ldap|imap|zip|xml|dom|mysqli|pg|sqlite|apcu|redis|yaml|soap|tidy|enchant)\w*)\(\)", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "no extension of PHP has `{}`", cure: |m| of_function(m.subject()) },
    // `PDOException: could not find driver`
    Rule { id: "php.no-driver", pattern: r"PDOException: could not find driver|could not find driver \(", kinds: &[],
        cause: CauseClass::Environment, confidence: 0.8, explanation: "PHP has no driver for the database", cure: |_| vec![packages("php.no-driver", &["php-sqlite3", "php-mysql", "php-pgsql"])] },
    // `Error: Class "SimpleXMLElement" not found`, `Class "DOMDocument" not found`
    Rule { id: "php.missing-class", pattern: r#"Class "(SimpleXMLElement|DOMDocument|XMLReader|XMLWriter|ZipArchive|NumberFormatter|IntlDateFormatter|Collator|Redis|SoapClient|Imagick|Memcached|MongoDB\\\w+)" not found"#, kinds: &[],
        cause: CauseClass::Environment, confidence: 0.85, explanation: "no extension of PHP has the class {}", cure: |m| of_class(m.subject()) },
    // `curl error 6 while downloading https://repo.packagist.org/packages.json: Could not resolve host: repo.packagist.org`
    Rule { id: "php.registry", pattern: r#"(?:curl error \d+ while downloading |file_get_contents\(|The ")(https?://[^/\s"]+)"#, kinds: &[StepKind::Install],
        cause: CauseClass::NeedsNetwork, confidence: 0.9, explanation: "the package registry {} cannot be reached", cure: from_the_system },
    // `Root composer.json requires php ^8.3 but your php version (8.2.28) does not satisfy that requirement.`
    Rule { id: "php.version", pattern: r"requires php (\S[^\n]*?) (?:but|->) your php version", kinds: &[StepKind::Install],
        cause: CauseClass::Environment, confidence: 0.9, explanation: "needs PHP {}", cure: no_cure },
];

fn of_extension(name: &str) -> Vec<Remedy> {
    let package = extension_package(name).unwrap_or_else(|| format!("php-{name}"));
    vec![packages("php.missing-extension", &[&package])]
}

fn of_function(name: &str) -> Vec<Remedy> {
    let prefix = name.split('_').next().unwrap_or(name);
    let extension = match prefix {
        "mb" => "mbstring",
        "bc" | "bcadd" | "bcsub" | "bcmul" | "bcdiv" | "bccomp" | "bcmod" | "bcpow" => "bcmath",
        "numfmt" | "normalizer" => "intl",
        "pg" => "pgsql",
        "sqlite" => "sqlite3",
        other if other.starts_with("image") => "gd",
        other if other.starts_with("bc") => "bcmath",
        other => other,
    };
    of_extension(extension)
}

fn of_class(name: &str) -> Vec<Remedy> {
    of_extension(match name {
        "ZipArchive" => "zip",
        "NumberFormatter" | "IntlDateFormatter" | "Collator" => "intl",
        "Redis" => "redis",
        "SoapClient" => "soap",
        "Imagick" => "imagick",
        "Memcached" => "memcached",
        name if name.starts_with("MongoDB") => "mongodb",
        _ => "xml",
    })
}

/// The distribution's libraries in place of the registry's: they lie in one folder by their
/// namespaces, where a loader of ours finds them.
fn from_the_system(found: &Match<'_>) -> Vec<Remedy> {
    let failed = found.failed.step;
    let text = found.repo.text(&join(&failed.unit, "composer.json")).unwrap_or_default();
    let mut names: Vec<String> =
        REQUIRED.captures_iter(&text).map(|found| library(&found[1], &found[2])).collect();
    names.sort();
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut remedy = packages("php.registry", &names);
    remedy.title = "take the distribution's libraries".to_owned();
    remedy.kind = RemedyKind::InstallSystemPackage {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let command = Command::shell("composer dump-autoload");
    remedy.edits.push(PlanEdit::SetCommand { step: failed.id.clone(), command });
    remedy.edits.push(PlanEdit::SetEnv {
        step: None,
        name: "PHP_INI_SCAN_DIR".to_owned(),
        value: ":@{tools}/recorder/php".to_owned(),
    });
    remedy.edits.push(PlanEdit::SetEnv {
        step: None,
        name: "REPO_RUNNER_PHP".to_owned(),
        value: "@{tools}/recorder/php".to_owned(),
    });
    vec![remedy]
}

/// Debian's name of a library: `symfony/console` is `php-symfony-console`, `monolog/monolog` is
/// `php-monolog`.
fn library(vendor: &str, name: &str) -> String {
    let name = name.replace(['_', '.'], "-");
    match (vendor, name.as_str()) {
        ("phpunit", "phpunit") => "phpunit".to_owned(),
        (vendor, name) if name == vendor => format!("php-{name}"),
        (vendor, name) if name.starts_with(&format!("{vendor}-")) => format!("php-{name}"),
        (vendor, name) => format!("php-{vendor}-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_and_libraries_have_the_distributions_names() {
        assert_eq!(extension_package("json"), None);
        assert_eq!(extension_package("SimpleXML").as_deref(), Some("php-xml"));
        assert_eq!(extension_package("pdo_pgsql").as_deref(), Some("php-pgsql"));
        assert_eq!(extension_package("gd").as_deref(), Some("php-gd"));
        assert_eq!(library("psr", "http-message"), "php-psr-http-message");
        assert_eq!(library("monolog", "monolog"), "php-monolog");
        assert_eq!(library("phpunit", "phpunit"), "phpunit");
    }
}
