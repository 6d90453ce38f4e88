//! MySQL, as MariaDB.

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use crate::fault;
use crate::host::last_lines;

/// Made aside, as every data folder: one cut off while it was made is not taken for a whole one.
const PREPARE: &str = r#"
command -v mariadbd >/dev/null || { echo "no mariadbd on the PATH" >&2; exit 127; }
if [ ! -d "$DATA/mysql" ]; then
    rm -rf "$DATA" "$DATA.new"
    mkdir -p "$DATA.new"
    mariadb-install-db --no-defaults --datadir="$DATA.new" --skip-test-db >/dev/null
    mv "$DATA.new" "$DATA"
fi
echo "version: $(mariadbd --version)"
"#;

/// The log is written at each commit but not synced: it survives the server's own crash.
const START: &str = r#"
exec mariadbd --no-defaults --datadir="$DATA" --port="$PORT" --bind-address=127.0.0.1 \
    --socket="/tmp/mysql-$PORT.sock" --pid-file="$DATA/server.pid" --init-file="$SQL" \
    --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci \
    --innodb-flush-log-at-trx-commit=2 --innodb-doublewrite=0 --max-connections=200 \
    --max-allowed-packet=64M --log-bin-trust-function-creators=1
"#;

const PROVE: &str = r#"
export MYSQL_PWD="$SECRET"
exec mariadb --no-defaults -h 127.0.0.1 -P "$PORT" -u "$LOGIN" -e 'select 1' "$DATABASE"
"#;

/// Starts a server with the user and the databases.
///
/// # Errors
/// Where it cannot be started or the user cannot connect.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(3306))?;
    let user = if requirement.user.is_empty() { "root" } else { &requirement.user };
    let mut databases = requirement.databases.clone();
    if databases.is_empty() {
        databases.push("test".to_owned());
    }
    let data = guest.data("mysql", port);
    let sql = data.with_extension("sql");
    let statements = create_sql(user, &requirement.password, &databases);
    guest.executor.write_file(&sql, statements.as_bytes(), false)?;
    let (data, sql, number) = (data.to_string_lossy(), sql.to_string_lossy(), port.to_string());
    let env = [
        ("DATA", data.as_ref()),
        ("SQL", sql.as_ref()),
        ("PORT", number.as_str()),
        ("LOGIN", user),
        ("SECRET", requirement.password.as_str()),
        ("DATABASE", databases[0].as_str()),
    ];
    let prepared = guest.script("make a MariaDB data folder", PREPARE, &env, "")?;
    let process = guest.start(START, &env)?;
    guest.wait_for("MariaDB", process.as_ref(), port, |_| Ok(()))?;
    guest.script("connect to MariaDB as the user", PROVE, &env, "").map_err(|error| {
        fault::environment(format!("{error}; the server said: {}", last_lines(&process.tail())))
    })?;
    let version = version(&prepared);
    Ok(Up { version, port, process, user: user.to_owned(), database: databases[0].clone() })
}

/// `version: mariadbd  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu on x86_64 (Debian 12)`
fn version(prepared: &str) -> String {
    let line = prepared.lines().rev().find(|line| line.starts_with("version: "));
    let number = line.and_then(|line| line.split_once(" Ver ")).map_or("", |(_, rest)| rest);
    number.split(['-', ' ']).next().unwrap_or_default().to_owned()
}

/// What the server runs before it accepts anybody, at each start: one statement a line. The user
/// may do everything (tests create databases) and logs in the way that every driver knows.
fn create_sql(user: &str, password: &str, databases: &[String]) -> String {
    let mut sql = String::new();
    for database in databases {
        let name = database.replace('`', "``");
        sql.push_str(&format!("CREATE DATABASE IF NOT EXISTS `{name}`;\n"));
    }
    // Code that is written for one often logs in as root with the same password.
    let mut users = vec![user];
    users.extend((user != "root").then_some("root"));
    // The closest host wins, so that accounts of the installation must not be closer.
    for host in ["%", "localhost", "127.0.0.1", "::1"] {
        for user in &users {
            let account = format!("{}@'{host}'", literal(user));
            sql.push_str(&format!(
                "CREATE OR REPLACE USER {account} IDENTIFIED VIA mysql_native_password \
                 USING PASSWORD({});\n\
                 GRANT ALL PRIVILEGES ON *.* TO {account} WITH GRANT OPTION;\n",
                literal(password)
            ));
        }
    }
    sql
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_stands_on_a_line_of_its_own() {
        let sql = create_sql("o'brien", "p\\w", &["a`b".to_owned()]);
        assert!(sql.lines().all(|line| line.ends_with(';')), "{sql}");
        assert!(sql.contains("`a``b`") && sql.contains("'o''brien'@'%'"));
        assert!(sql.contains("PASSWORD('p\\\\w')"));
    }

    #[test]
    fn the_version_is_read() {
        let text = "version: mariadbd  Ver 10.11.14-MariaDB-0+deb12u2 for debian-linux-gnu\n";
        assert_eq!(version(text), "10.11.14");
    }
}
