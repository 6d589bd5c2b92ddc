-- What accounts are told. A notice is written in the transaction of what it tells of.
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL, -- see db.NoticeKinds
    flow_id    TEXT NOT NULL, -- empty: about no flow
    detail     TEXT NOT NULL,
    at         INTEGER NOT NULL,
    seen       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notices_account ON notices (account_id, id);
CREATE INDEX notices_unseen ON notices (account_id, id) WHERE seen = 0;

-- What an account wants; no row is the default: shown in the portal, sent by mail as soon as there is an address.
CREATE TABLE notice_settings (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    mail       TEXT NOT NULL, -- address; empty: no mail
    muted      TEXT NOT NULL, -- kinds that are not shown, with spaces between
    unmailed   TEXT NOT NULL  -- kinds that are not sent by mail
);

-- What is sent by mail and to the webhook, with what came of it.
CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel    TEXT NOT NULL, -- mail, webhook
    kind       TEXT NOT NULL,
    flow_id    TEXT NOT NULL,
    account_id TEXT NOT NULL, -- whom the mail is for; empty: a webhook
    detail     TEXT NOT NULL,
    state      TEXT NOT NULL, -- waiting, done, failed
    attempts   INTEGER NOT NULL,
    error      TEXT NOT NULL, -- a code with a text in the catalogues
    due        INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (due, id) WHERE state = 'waiting';
