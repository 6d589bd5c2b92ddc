CREATE TABLE accounts (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,                      -- as typed
    name_key          TEXT NOT NULL UNIQUE,               -- folded, for log-in
    display_name      TEXT NOT NULL,
    role              TEXT NOT NULL CHECK (role IN ('admin', 'business', 'compliance')),
    all_organizations INTEGER NOT NULL CHECK (all_organizations IN (0, 1)),
    password_hash     TEXT NOT NULL,
    must_change       INTEGER NOT NULL CHECK (must_change IN (0, 1)), -- the password was set by somebody else
    language          TEXT NOT NULL DEFAULT '',
    disabled          INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at        INTEGER NOT NULL,
    last_login_at     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX accounts_created ON accounts (created_at DESC, id DESC);

CREATE TABLE account_organizations (
    account_id      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL,
    PRIMARY KEY (account_id, organization_id)
);

CREATE TABLE sessions (
    id_hash      TEXT PRIMARY KEY,                        -- SHA-256 of the cookie's value, hex
    public_id    TEXT NOT NULL UNIQUE,                    -- names the session in lists and in the audit log
    account_id   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    data         TEXT NOT NULL DEFAULT '{}',
    ip           TEXT NOT NULL,
    user_agent   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id, last_seen_at DESC);
CREATE INDEX sessions_seen ON sessions (last_seen_at);

-- One number for each kind of object and sub-organisation, changed in the transaction that changes the objects.
CREATE TABLE counters (
    name            TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    value           INTEGER NOT NULL,
    PRIMARY KEY (name, organization_id)
);

-- Full-text search over bigrams; search_objects maps the rows of the index to objects.
CREATE TABLE search_objects (
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,
    object_id TEXT NOT NULL,
    UNIQUE (kind, object_id)
);
CREATE VIRTUAL TABLE search_terms USING fts5(terms, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2");
