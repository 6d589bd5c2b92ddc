-- Files, drafts and flows of the portal. Times are microseconds UTC, flags integers, documents JSON text. organization_id is the
-- sub-organisation that owns a row; empty is the application itself, which only accounts of every scope see.

CREATE TABLE files (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    name            TEXT NOT NULL,
    ref             TEXT NOT NULL, -- SHA-256 of the content, its name in the file store
    size            INTEGER NOT NULL,
    pages           TEXT NOT NULL, -- JSON array of {"w","h"} in points, as shown
    warnings        TEXT NOT NULL, -- JSON array of codes
    created_by      TEXT NOT NULL,
    created         INTEGER NOT NULL
);
CREATE INDEX files_created ON files (created, id);
CREATE INDEX files_organization ON files (organization_id, created, id);

CREATE TABLE drafts (
    id              TEXT PRIMARY KEY,
    revision        INTEGER NOT NULL,
    organization_id TEXT NOT NULL,
    name            TEXT NOT NULL,
    document        TEXT NOT NULL, -- JSON, see db.DraftDocument
    created_by      TEXT NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL
);
CREATE INDEX drafts_created ON drafts (created, id);
CREATE INDEX drafts_organization ON drafts (organization_id, created, id);

CREATE TABLE flows (
    id              TEXT PRIMARY KEY, -- ours, and the custom id at the platform
    platform_id     TEXT NOT NULL,        -- FlowId, empty until the platform has answered
    revision        INTEGER NOT NULL,     -- grows with every change
    organization_id TEXT NOT NULL,
    name            TEXT NOT NULL,
    document        TEXT NOT NULL,        -- JSON: the draft as it was sent
    state           INTEGER NOT NULL,     -- see db.FlowState
    problem         TEXT NOT NULL,        -- error code of a sending step that a person must look at
    message         TEXT NOT NULL,        -- reason of a rejection or withdrawal
    deadline        INTEGER NOT NULL,
    created_by      TEXT NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    completed       INTEGER NOT NULL      -- 0 until signed by all, rejected, withdrawn or expired
);
CREATE INDEX flows_created ON flows (created, id);
CREATE INDEX flows_organization ON flows (organization_id, created, id);
CREATE INDEX flows_state ON flows (state, created, id);

CREATE TABLE flow_approvers (
    flow_id           TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    id                TEXT NOT NULL,
    position          INTEGER NOT NULL,
    step              INTEGER NOT NULL, -- from 1; a step is sent when all of the one before have signed
    user_id           TEXT NOT NULL,
    user_name         TEXT NOT NULL,
    organization_id   TEXT NOT NULL,    -- that they sign for; empty: as a person
    organization_name TEXT NOT NULL,
    channel           TEXT NOT NULL,
    sign_id           TEXT NOT NULL,
    status            INTEGER NOT NULL, -- the platform's ApproveStatus, -1 until sent
    message           TEXT NOT NULL,
    sent              INTEGER NOT NULL,
    decided           INTEGER NOT NULL,
    PRIMARY KEY (flow_id, id)
) WITHOUT ROWID;

CREATE TABLE flow_events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    flow_id TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL, -- whom it concerns: a name
    actor   TEXT NOT NULL, -- who did it; empty: the platform or the portal itself
    detail  TEXT NOT NULL
);
CREATE INDEX flow_events_flow ON flow_events (flow_id, seq);

-- What is to be done at the platform. A row is written before a call and again after it; see package routing.
CREATE TABLE flow_outbox (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    flow_id  TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL, -- upload, create, send
    subject  TEXT NOT NULL, -- index of the file, id of the approver
    state    TEXT NOT NULL, -- waiting, trying, unknown, done, failed
    result   TEXT NOT NULL, -- FileId, FlowId, SignId
    error    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    updated  INTEGER NOT NULL,
    UNIQUE (flow_id, kind, subject)
);
CREATE INDEX flow_outbox_open ON flow_outbox (due) WHERE state IN ('waiting', 'trying', 'unknown');
