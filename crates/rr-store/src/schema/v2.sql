-- Runs of repositories.
CREATE TABLE runs (
    id          TEXT PRIMARY KEY,
    source      TEXT NOT NULL,
    commit_id   TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    state       TEXT NOT NULL,
    asked       TEXT NOT NULL,
    rung        TEXT,
    green       INTEGER NOT NULL,
    summary     TEXT NOT NULL,
    folder      TEXT NOT NULL,
    owner       TEXT NOT NULL,
    report_json TEXT
) STRICT;

CREATE INDEX runs_newest ON runs (created_at DESC, id DESC);
