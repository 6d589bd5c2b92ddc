-- Settings of the engine, callbacks that are to be sent or were, and log-ins to the console.

CREATE TABLE engine_settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- A callback: what has happened to a flow, for one address. Rows of one flow and address are sent in the order of seq. Times are those of
-- the world: the engine's own clock may have been advanced. due is 0 once nothing is left to do.
CREATE TABLE engine_callbacks (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    flow_id     TEXT NOT NULL REFERENCES engine_flows (id),
    sign_id     TEXT NOT NULL, -- of the task that it is about, where it is about one
    url         TEXT NOT NULL,
    operate     TEXT NOT NULL, -- start, sign, review, reject, cancel, finish, deadline
    body_sealed BLOB NOT NULL,
    state       TEXT NOT NULL, -- waiting, delivered, failed
    attempts    INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    delivered   INTEGER NOT NULL
);
CREATE INDEX engine_callbacks_due ON engine_callbacks (due) WHERE state = 'waiting';
CREATE INDEX engine_callbacks_flow ON engine_callbacks (flow_id, url, seq);
-- Flows that a deadline can still end, and those of them whose end has been told.
CREATE INDEX engine_flows_open ON engine_flows (deadline) WHERE status IN (0, 1);

-- One row a try.
CREATE TABLE engine_callback_tries (
    callback_seq INTEGER NOT NULL REFERENCES engine_callbacks (seq),
    attempt      INTEGER NOT NULL,
    tried        INTEGER NOT NULL,
    duration     INTEGER NOT NULL, -- microseconds
    status       INTEGER NOT NULL, -- of the answer; 0: none came
    problem      TEXT NOT NULL,
    PRIMARY KEY (callback_seq, attempt)
) WITHOUT ROWID;

-- One-time tokens to log in with, and sessions. Both are kept as SHA-256.
CREATE TABLE engine_console (
    token_hash BLOB PRIMARY KEY,
    kind       TEXT NOT NULL, -- token, session
    expires    INTEGER NOT NULL,
    used       INTEGER NOT NULL, -- a session's last request
    created    INTEGER NOT NULL
) WITHOUT ROWID;
