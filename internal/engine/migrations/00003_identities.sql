-- The register of identities that the Check… actions compare with. A column that ends in _result holds the answer that a test wants, or nothing.
CREATE TABLE engine_identities (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               TEXT NOT NULL UNIQUE,
    name_sealed      BLOB,
    id_card_sealed   BLOB,
    id_card_index    BLOB,
    mobile_sealed    BLOB,
    mobile_index     BLOB,
    bank_card_sealed BLOB,
    bank_card_index  BLOB,
    id_card_result   TEXT NOT NULL,
    mobile_result    TEXT NOT NULL,
    bank_card_result TEXT NOT NULL,
    face_result      TEXT NOT NULL,
    created          INTEGER NOT NULL,
    updated          INTEGER NOT NULL
);
CREATE INDEX engine_identities_id_card ON engine_identities (id_card_index) WHERE id_card_index IS NOT NULL;
CREATE INDEX engine_identities_mobile ON engine_identities (mobile_index) WHERE mobile_index IS NOT NULL;
CREATE INDEX engine_identities_bank_card ON engine_identities (bank_card_index) WHERE bank_card_index IS NOT NULL;

-- Codes are bound to a mobile, and where given to a flow or catalog, a user and a task. They live for minutes, so those of before are dropped.
DROP TABLE engine_codes;
CREATE TABLE engine_codes (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    flow_id        TEXT NOT NULL, -- of a flow or a catalog
    sign_id        TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    mobile_index   BLOB NOT NULL,
    code_hash      BLOB NOT NULL,
    attempts       INTEGER NOT NULL,
    used           INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    created        INTEGER NOT NULL
);
CREATE INDEX engine_codes_mobile ON engine_codes (mobile_index, created);

-- Checks of a person: of their face (FACEID) or in WeChat (WEIXINAPP). Tokens open the page, tickets show what came of it; both are kept as
-- SHA-256, and the ticket once more in a box, since the page shows it.
CREATE TABLE engine_person_checks (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    channel        TEXT NOT NULL,
    token_hash     BLOB NOT NULL UNIQUE,
    ticket_hash    BLOB NOT NULL UNIQUE,
    ticket_sealed  BLOB NOT NULL,
    app_number     TEXT NOT NULL, -- WbAppId
    user_id        TEXT NOT NULL, -- whose check it is, where that is a user
    sign_id        TEXT NOT NULL, -- of the task whose signing page began it
    name_sealed    BLOB NOT NULL,
    id_card_sealed BLOB NOT NULL,
    jump_url       TEXT NOT NULL,
    jump_at_once   INTEGER NOT NULL,
    state          INTEGER NOT NULL, -- 0 waits, 1 passed, 2 failed
    live_rate      INTEGER NOT NULL,
    similarity     REAL NOT NULL,
    page_until     INTEGER NOT NULL,
    decided        INTEGER NOT NULL,
    used           INTEGER NOT NULL,
    created        INTEGER NOT NULL
);
CREATE INDEX engine_person_checks_sign ON engine_person_checks (sign_id, decided) WHERE sign_id <> '';
CREATE INDEX engine_person_checks_created ON engine_person_checks (created);

-- What a signer has read of a contract whose sender wants it read. Page 0 of file 0 is the opening of the page.
CREATE TABLE engine_readings (
    sign_id    TEXT NOT NULL REFERENCES engine_approvers (sign_id),
    file_index INTEGER NOT NULL,
    page       INTEGER NOT NULL,
    read_at    INTEGER NOT NULL,
    PRIMARY KEY (sign_id, file_index, page)
) WITHOUT ROWID;

CREATE INDEX engine_outbox_created ON engine_outbox (created);
