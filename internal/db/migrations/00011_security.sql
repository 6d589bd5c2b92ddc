-- One-time links by which somebody chooses the password of their account; a newer link takes the place of the one before.
CREATE TABLE account_links (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,                      -- SHA-256 of what the link holds, hex
    expires_at INTEGER NOT NULL
);

-- Second factors: codes of RFC 6238 over a secret that both sides know.
CREATE TABLE second_factors (
    account_id   TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret       BLOB NOT NULL,                           -- in a box of the vault
    confirmed_at INTEGER NOT NULL DEFAULT 0,              -- 0 until the first code has been typed
    last_step    INTEGER NOT NULL DEFAULT 0               -- the newest time step whose code was taken: none is taken twice
);

CREATE TABLE recovery_codes (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    code       BLOB NOT NULL,                             -- a blind index: keyed by the vault
    PRIMARY KEY (account_id, code)
) WITHOUT ROWID;

-- Log-ins half done: what the portal has to remember until the second step.
CREATE TABLE login_steps (
    id_hash    TEXT PRIMARY KEY,                          -- SHA-256 of the cookie's value, hex
    data       BLOB NOT NULL,                             -- JSON in a box of the vault
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_steps_expiry ON login_steps (expires_at);

-- What administrators decide about log-ins.
CREATE TABLE policies (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
