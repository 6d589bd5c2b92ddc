-- The embedded platform's own tables. Times are microseconds UTC, flags integers, documents JSON text; columns that end
-- in _sealed hold AES-GCM boxes bound to their table, column and row; columns that end in _index hold blind indexes.

CREATE TABLE engine_applications (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL,
    secret_id         TEXT NOT NULL UNIQUE,
    secret_key_sealed BLOB NOT NULL,
    created           INTEGER NOT NULL
);

CREATE TABLE engine_rights (
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    name           TEXT NOT NULL,
    granted        INTEGER NOT NULL,
    PRIMARY KEY (application_id, name)
) WITHOUT ROWID;

-- One row each: root, issuing, timestamp.
CREATE TABLE engine_authority (
    role       TEXT PRIMARY KEY,
    der        BLOB NOT NULL,
    key_sealed BLOB NOT NULL,
    created    INTEGER NOT NULL
);

-- Certificates of organisations and people. The newest one whose subject is still the owner's name is used.
CREATE TABLE engine_certificates (
    id         TEXT PRIMARY KEY,
    owner_kind TEXT NOT NULL,
    owner_id   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    der        BLOB NOT NULL,
    key_sealed BLOB NOT NULL,
    created    INTEGER NOT NULL,
    not_after  INTEGER NOT NULL
);
CREATE INDEX engine_certificates_owner ON engine_certificates (owner_kind, owner_id, created);

CREATE TABLE engine_organizations (
    id                       TEXT PRIMARY KEY,
    application_id           TEXT NOT NULL REFERENCES engine_applications (id),
    open_id                  TEXT,
    name                     TEXT NOT NULL,
    kind                     TEXT NOT NULL,
    id_card_type             TEXT NOT NULL,
    id_card_sealed           BLOB NOT NULL,
    id_card_index            BLOB NOT NULL,
    id_card_file_type        TEXT NOT NULL,
    license_ref              TEXT NOT NULL,
    license_name             TEXT NOT NULL,
    legal_name               TEXT NOT NULL,
    legal_id_card_type       TEXT NOT NULL,
    legal_id_card_sealed     BLOB,
    legal_mobile_sealed      BLOB,
    contact_name             TEXT NOT NULL,
    contact_address          BLOB NOT NULL,
    email                    TEXT NOT NULL,
    verify_client_ip         TEXT NOT NULL,
    verify_server_ip         TEXT NOT NULL,
    verified                 INTEGER NOT NULL,
    created                  INTEGER NOT NULL,
    updated                  INTEGER NOT NULL,
    UNIQUE (application_id, open_id),
    UNIQUE (application_id, id_card_index)
);

CREATE TABLE engine_users (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    open_id        TEXT NOT NULL,
    name           TEXT NOT NULL,
    id_card_type   TEXT NOT NULL,
    id_card_sealed BLOB NOT NULL,
    id_card_index  BLOB NOT NULL,
    mobile_sealed  BLOB,
    email          TEXT NOT NULL,
    verified       INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    UNIQUE (application_id, open_id)
);

-- owner_kind is organization or user; an organisation with the empty id is the application itself.
CREATE TABLE engine_seals (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    owner_kind     TEXT NOT NULL,
    owner_id       TEXT NOT NULL,
    name           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    source         TEXT NOT NULL,
    spec           TEXT NOT NULL,
    png_ref        TEXT NOT NULL,
    svg_ref        TEXT NOT NULL,
    width_mm       REAL NOT NULL,
    height_mm      REAL NOT NULL,
    creator        TEXT NOT NULL,
    is_default     INTEGER NOT NULL,
    created        INTEGER NOT NULL
);
CREATE INDEX engine_seals_owner ON engine_seals (application_id, owner_kind, owner_id, created);
CREATE UNIQUE INDEX engine_seals_default ON engine_seals (application_id, owner_kind, owner_id) WHERE is_default = 1;
-- One generated personal seal a person (essbasic, GenerateUserSeal).
CREATE UNIQUE INDEX engine_seals_generated ON engine_seals (application_id, owner_id) WHERE owner_kind = 'user' AND source = 'GENERATE';

CREATE TABLE engine_files (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    business_type  TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    name           TEXT NOT NULL,
    ref            TEXT NOT NULL,
    md5            TEXT NOT NULL,
    size           INTEGER NOT NULL,
    pages          TEXT NOT NULL,
    custom_id      TEXT NOT NULL,
    creator        TEXT NOT NULL,
    created        INTEGER NOT NULL
);
CREATE INDEX engine_files_custom ON engine_files (application_id, custom_id, created) WHERE custom_id <> '';

-- version counts every change of a flow; a writer that worked on an older one tries again.
CREATE TABLE engine_flows (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    custom_id      TEXT NOT NULL,
    creator        TEXT NOT NULL,
    name           TEXT NOT NULL,
    description    TEXT NOT NULL,
    kind           TEXT NOT NULL,
    callback_url   TEXT NOT NULL,
    user_data      TEXT NOT NULL,
    status         INTEGER NOT NULL,
    message        TEXT NOT NULL,
    deadline       INTEGER NOT NULL,
    completed      INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    version        INTEGER NOT NULL
);
CREATE UNIQUE INDEX engine_flows_custom ON engine_flows (application_id, custom_id) WHERE custom_id <> '';

CREATE TABLE engine_flow_files (
    flow_id    TEXT NOT NULL REFERENCES engine_flows (id),
    file_index INTEGER NOT NULL,
    file_id    TEXT NOT NULL REFERENCES engine_files (id),
    name       TEXT NOT NULL,
    ref        TEXT NOT NULL,
    md5        TEXT NOT NULL,
    size       INTEGER NOT NULL,
    pages      TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (flow_id, file_index)
) WITHOUT ROWID;

CREATE TABLE engine_approvers (
    sign_id         TEXT PRIMARY KEY,
    flow_id         TEXT NOT NULL REFERENCES engine_flows (id),
    user_id         TEXT NOT NULL REFERENCES engine_users (id),
    organization_id TEXT NOT NULL,
    mobile_sealed   BLOB,
    channels        TEXT NOT NULL,
    status          INTEGER NOT NULL,
    message         TEXT NOT NULL,
    acted           INTEGER NOT NULL,
    deadline        INTEGER NOT NULL,
    is_last         INTEGER NOT NULL,
    is_full_text    INTEGER NOT NULL,
    pre_read_time   INTEGER NOT NULL,
    can_offline     INTEGER NOT NULL,
    jump_url        TEXT NOT NULL,
    callback_url    TEXT NOT NULL,
    sms_template    TEXT NOT NULL,
    ordinal         INTEGER NOT NULL,
    created         INTEGER NOT NULL
);
CREATE INDEX engine_approvers_flow ON engine_approvers (flow_id, ordinal);

-- component is the wire component as placed: points, from the top left of the page as shown, clamped to it.
CREATE TABLE engine_components (
    sign_id      TEXT NOT NULL REFERENCES engine_approvers (sign_id),
    ordinal      INTEGER NOT NULL,
    flow_id      TEXT NOT NULL REFERENCES engine_flows (id),
    component_id TEXT NOT NULL,
    seal_id      TEXT NOT NULL,
    filled       INTEGER NOT NULL,
    component    TEXT NOT NULL,
    PRIMARY KEY (sign_id, ordinal)
) WITHOUT ROWID;
CREATE INDEX engine_components_flow ON engine_components (flow_id, component_id);

-- Links are kept as the SHA-256 of their token.
CREATE TABLE engine_links (
    token_hash     BLOB PRIMARY KEY,
    kind           TEXT NOT NULL,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    flow_id        TEXT NOT NULL,
    sign_id        TEXT NOT NULL,
    target         TEXT NOT NULL,
    deadline       INTEGER NOT NULL,
    created        INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX engine_links_deadline ON engine_links (deadline);

-- Codes for the willingness check. mobile_index serves the sending limits.
CREATE TABLE engine_codes (
    id           TEXT PRIMARY KEY,
    sign_id      TEXT NOT NULL REFERENCES engine_approvers (sign_id),
    mobile_index BLOB NOT NULL,
    code_hash    BLOB NOT NULL,
    attempts     INTEGER NOT NULL,
    used         INTEGER NOT NULL,
    expires      INTEGER NOT NULL,
    created      INTEGER NOT NULL
);
CREATE INDEX engine_codes_sign ON engine_codes (sign_id, created);
CREATE INDEX engine_codes_mobile ON engine_codes (mobile_index, created);

-- What the platform would send by SMS.
CREATE TABLE engine_outbox (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    recipient_sealed BLOB NOT NULL,
    body_sealed      BLOB NOT NULL,
    created          INTEGER NOT NULL,
    delivered        INTEGER NOT NULL
);
