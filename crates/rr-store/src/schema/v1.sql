-- Journals of durable workflows, and the right to drive them.
CREATE TABLE journal (
    workflow_id TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    event       TEXT NOT NULL,
    PRIMARY KEY (workflow_id, sequence)
) STRICT;

-- A row stays when its lease is given back, so that tokens never repeat.
CREATE TABLE leases (
    workflow_id TEXT PRIMARY KEY,
    owner       TEXT,
    token       INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
