-- What language models were asked, for the budgets of users and tiers.
CREATE TABLE model_calls (
    user          TEXT NOT NULL,
    at            INTEGER NOT NULL,
    provider      TEXT NOT NULL,
    model         TEXT NOT NULL,
    purpose       TEXT NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_micros   INTEGER NOT NULL
) STRICT;

CREATE INDEX model_calls_of_user ON model_calls (user, at);
