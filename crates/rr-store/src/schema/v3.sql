-- Prepared environments by the hash of their inputs.
CREATE TABLE env_cache (
    key         TEXT PRIMARY KEY,
    path        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    last_used   INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    inputs_json TEXT NOT NULL
) STRICT;

CREATE INDEX env_cache_oldest ON env_cache (last_used);

-- Decisions with their inputs and, later, what came of them.
CREATE TABLE decisions (
    id           INTEGER PRIMARY KEY,
    run_id       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    topic        TEXT NOT NULL,
    question     TEXT NOT NULL,
    options_json TEXT NOT NULL,
    choice       TEXT NOT NULL,
    confidence   REAL NOT NULL,
    model        TEXT NOT NULL,
    manager      TEXT NOT NULL,
    rationale    TEXT NOT NULL,
    outcome      TEXT
) STRICT;

CREATE INDEX decisions_of_run ON decisions (run_id, id);
