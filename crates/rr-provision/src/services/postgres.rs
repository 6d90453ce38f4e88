//! PostgreSQL.

use rr_core::{EngineError, ServiceRequirement};

use super::guest::Guest;
use super::provider::Up;
use crate::fault;
use crate::host::last_lines;

/// Sets `bin` to the folder of the server's programs: of the version that is asked for where it is
/// there, else of the newest.
const FIND: &str = r#"
bin=/usr/lib/postgresql/$WANTED/bin
[ -x "$bin/postgres" ] || bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -x "$bin/postgres" ] || bin=$(dirname "$(command -v postgres || echo /)")
[ -x "$bin/postgres" ] || { echo "no postgres below /usr/lib/postgresql or on the PATH" >&2; exit 127; }
"#;

/// A data folder that is there is used: a run that was cut off goes on with its data. It is made
/// aside, so that one cut off while it was made is not taken for a whole one.
const PREPARE: &str = r#"
version=$("$bin/postgres" --version | grep -o '[0-9][0-9.]*' | head -n 1)
major=${version%%.*}
[ "$major" -ge 10 ] || major=${version%.*}
if [ -s "$DATA/PG_VERSION" ] && [ "$(cat "$DATA/PG_VERSION")" != "$major" ]; then
    rm -rf "$DATA"
fi
if [ ! -s "$DATA/PG_VERSION" ]; then
    rm -rf "$DATA" "$DATA.new"
    mkdir -p "$DATA.new"
    make() { "$bin/initdb" -A trust --no-sync -U postgres -E UTF8 "--locale=$1" -D "$DATA.new"; }
    make C.UTF-8 || { rm -rf "$DATA.new"; make C; }
    mv "$DATA.new" "$DATA"
fi
# The run's lease says that no other server works here; process numbers start anew in each sandbox.
rm -f "$DATA/postmaster.pid"
echo "version: $version"
"#;

/// Durability ends with the run: what survives the server's own crash is enough.
const START: &str = r#"
exec "$bin/postgres" -D "$DATA" -c port="$PORT" -c listen_addresses=127.0.0.1,::1 \
    -c unix_socket_directories=/tmp -c fsync=off -c full_page_writes=off -c max_connections=200
"#;

/// The server listens before it lets anybody in.
const QUERY: &str = r#"
export PGCONNECT_TIMEOUT=10
query() { "$bin/psql" -X -h 127.0.0.1 -p "$PORT" -v ON_ERROR_STOP=1 -Atq "$@"; }
"#;

const READY: &str = r#"
tries=0
until query -U postgres -d postgres -c 'select 1' >/dev/null 2>"$DATA/first-answer"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { cat "$DATA/first-answer" >&2; exit 1; }
    sleep 0.1
done
"#;

/// Starts a server with the user and the databases.
///
/// # Errors
/// Where it cannot be started or the user cannot connect.
pub(super) fn provision(
    guest: &Guest<'_>,
    requirement: &ServiceRequirement,
) -> Result<Up, EngineError> {
    let port = guest.free_port(requirement.port.unwrap_or(5432))?;
    let user = if requirement.user.is_empty() { "postgres" } else { &requirement.user };
    let database = requirement.databases.first().map_or("postgres", String::as_str);
    let data = guest.data("postgres", port).to_string_lossy().into_owned();
    let (number, version) = (port.to_string(), requirement.version.clone().unwrap_or_default());
    let env = [
        ("DATA", data.as_str()),
        ("PORT", &number),
        ("WANTED", major(&version)),
        ("LC_ALL", "C.UTF-8"),
        ("PGUSER", user),
        ("PGPASSWORD", &requirement.password),
        ("PGDATABASE", database),
    ];
    let prepared =
        guest.script("make a PostgreSQL data folder", &(FIND.to_owned() + PREPARE), &env, "")?;
    let version = prepared.lines().rev().find_map(|line| line.strip_prefix("version: "));
    let version = version.unwrap_or_default().to_owned();
    let process = guest.start(&(FIND.to_owned() + START), &env)?;
    guest.wait_for("PostgreSQL", process.as_ref(), port, |_| Ok(()))?;
    let query = format!("{FIND}{QUERY}");
    let create = format!("{query}{READY}query -U postgres -d postgres -f -");
    guest
        .script(
            "create the PostgreSQL user and databases",
            &create,
            &env,
            &create_sql(user, requirement),
        )
        .map_err(|error| explained(error, &process.tail()))?;
    for extension in &requirement.extensions {
        add_extension(guest, &query, &env, extension, &requirement.databases);
    }
    let prove = format!("{query}query -c 'select 1'");
    guest.script("connect to PostgreSQL as the user", &prove, &env, "")?;
    let (user, database) = (user.to_owned(), database.to_owned());
    Ok(Up { version, port, process, user, database })
}

/// `15` of `15.3-alpine`, `9.6` of `9.6`.
fn major(version: &str) -> &str {
    let number = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or("");
    let first = number.split('.').next().unwrap_or("");
    if first.len() > 1 { first } else { number }
}

fn explained(error: EngineError, tail: &str) -> EngineError {
    fault::environment(format!("{error}; the server said: {}", last_lines(tail)))
}

/// What an extension needs may not be installed: the tests will tell whether it matters.
fn add_extension(
    guest: &Guest<'_>,
    query: &str,
    env: &[(&str, &str)],
    extension: &str,
    databases: &[String],
) {
    let sql = format!("CREATE EXTENSION IF NOT EXISTS {} CASCADE", identifier(extension));
    for database in databases {
        let script = format!("{query}query -U postgres -d \"$TARGET\" -c \"$SQL\"");
        let env: Vec<_> =
            env.iter().copied().chain([("SQL", sql.as_str()), ("TARGET", database)]).collect();
        if let Err(error) = guest.script("create an extension", &script, &env, "") {
            guest.tell(&format!("no extension `{extension}` in `{database}`: {error}"));
        }
    }
}

/// Makes the user a superuser (tests create databases and extensions) and the databases theirs;
/// what is there stays.
fn create_sql(user: &str, requirement: &ServiceRequirement) -> String {
    let role = format!("CREATE ROLE {}", identifier(user));
    let mut sql = format!(
        "SELECT {} WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {})\\gexec\n\
         ALTER ROLE {} WITH SUPERUSER LOGIN PASSWORD {};\n",
        literal(&role),
        literal(user),
        identifier(user),
        literal(&requirement.password),
    );
    for database in &requirement.databases {
        let create = format!("CREATE DATABASE {} OWNER {}", identifier(database), identifier(user));
        sql.push_str(&format!(
            "SELECT {} WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {})\\gexec\n",
            literal(&create),
            literal(database),
        ));
    }
    sql
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    // `E''` means the same whatever `standard_conforming_strings` says.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_image_tags_lead_to_folders() {
        for (tag, folder) in [("15.3-alpine", "15"), ("9.6", "9.6"), ("16", "16"), ("latest", "")] {
            assert_eq!(major(tag), folder, "{tag}");
        }
    }

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\ x"), "E'it''s \\\\ x'");
    }
}
