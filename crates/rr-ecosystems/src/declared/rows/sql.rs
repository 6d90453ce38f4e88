//! Repositories of database scripts: each is run, in the order of its name, in a new SQLite
//! database or in the PostgreSQL that the run provides.

use rr_core::UnitKind;

use super::super::{Declared, NOTHING, build};

#[rustfmt::skip]
pub(crate) static SQL: Declared = Declared {
    id: "sql",
    tool: "",
    manifests: &[(".sql", "sql")],
    sources: &["sql"],
    frameworks: &[("***/.sql:SERIAL|***/.sql:plpgsql|***/.sql:::text|***/.sql:BIGSERIAL", "postgresql"), ("***/.sql:ENGINE=InnoDB|***/.sql:AUTO_INCREMENT", "mysql"), ("***/.sql:AUTOINCREMENT", "sqlite")],
    kinds: &[("", UnitKind::Library)],
    packages: |_, _| vec!["sqlite3".to_owned()],
    steps: &[
        build("!***/.sql:SERIAL&!***/.sql:plpgsql&!***/.sql:ENGINE=InnoDB&!***/.sql:AUTO_INCREMENT", "rm -f \"@{env}/check.db\"\nmkdir -p \"@{env}\"\nfind . -name '*.sql' ! -name '*down*' ! -name '*rollback*' | sort | while read -r script; do\n  echo \"$script\"\n  sqlite3 -bail \"@{env}/check.db\" < \"$script\" || exit 1\ndone"),
        build("***/.sql:SERIAL|***/.sql:plpgsql", "find . -name '*.sql' ! -name '*down*' ! -name '*rollback*' | sort | while read -r script; do\n  echo \"$script\"\n  psql --quiet --set ON_ERROR_STOP=1 --file \"$script\" \"$DATABASE_URL\" || exit 1\ndone"),
    ],
    ..NOTHING
};
