-- A database as schema version 1 left it. Never changed.
PRAGMA journal_mode = WAL;
CREATE TABLE journal (
    workflow_id TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    event       TEXT NOT NULL,
    PRIMARY KEY (workflow_id, sequence)
) STRICT;
CREATE TABLE leases (
    workflow_id TEXT PRIMARY KEY,
    owner       TEXT,
    token       INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
INSERT INTO journal VALUES
    ('old', 0, 100, 'workflow_started', '{"event":"workflow_started","workflow":"w","version":1,"input":{"a":1}}'),
    ('old', 1, 101, 'step_started', '{"event":"step_started","index":0,"name":"s","attempt":1,"input":null}');
INSERT INTO leases VALUES ('old', 'somebody', 4, 5000);
PRAGMA user_version = 1;
