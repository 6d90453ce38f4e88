-- The fix memory: which remedy was tried for which error, and what it did. Rows of a run or of an
-- import are numbered, so that writing them twice changes nothing.
CREATE TABLE fixes (
    origin    TEXT NOT NULL,
    batch     TEXT NOT NULL,
    number    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    ecosystem TEXT NOT NULL,
    class     TEXT NOT NULL,
    signature TEXT NOT NULL,
    kind      TEXT NOT NULL,
    place     INTEGER NOT NULL,
    remedy    TEXT NOT NULL,
    versions  TEXT NOT NULL,
    tries     INTEGER NOT NULL,
    cured     INTEGER NOT NULL,
    seconds   REAL NOT NULL,
    PRIMARY KEY (origin, batch, number)
) STRICT;

CREATE INDEX fixes_of_class ON fixes (ecosystem, class);

-- Classes whose seed the user wants to hear nothing of.
CREATE TABLE fixes_forgotten (
    signature TEXT PRIMARY KEY
) STRICT;
