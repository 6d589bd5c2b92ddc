-- Whose account at the portal is a person's own, as SetUserAccount tells it, and the tickets by which it signs.
CREATE TABLE engine_user_accounts (
    user_id    TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    name       TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE engine_account_tickets (
    id            TEXT PRIMARY KEY,
    ticket_hash   BLOB NOT NULL UNIQUE,
    flow_id       TEXT NOT NULL,
    sign_id       TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    account_id    TEXT NOT NULL,
    name          TEXT NOT NULL,
    second_factor INTEGER NOT NULL,
    used          INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    created       INTEGER NOT NULL
) WITHOUT ROWID;
