-- Templates are drafts whose approvers are roles, so that the builder works on both. Batches send one template to many.
ALTER TABLE drafts ADD COLUMN template INTEGER NOT NULL DEFAULT 0 CHECK (template IN (0, 1));
DROP INDEX drafts_created;
DROP INDEX drafts_organization;
CREATE INDEX drafts_created ON drafts (template, created, id);
CREATE INDEX drafts_organization ON drafts (template, organization_id, created, id);

-- A row of a batch names people and organisations as whoever wrote the file does: by their names.
CREATE INDEX users_name ON users (name);
CREATE INDEX organizations_name ON organizations (name);

CREATE TABLE bulk_batches (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL,
    template_id     TEXT NOT NULL,    -- may be gone by now
    name            TEXT NOT NULL,    -- the template's
    document        TEXT NOT NULL,    -- JSON, see db.DraftDocument: the template as it was when the file was checked
    state           TEXT NOT NULL,    -- ready, running, paused, cancelled, done
    total           INTEGER NOT NULL, -- rows
    created_by      TEXT NOT NULL,
    created         INTEGER NOT NULL,
    updated         INTEGER NOT NULL
);
CREATE INDEX bulk_batches_created ON bulk_batches (created, id);
CREATE INDEX bulk_batches_organization ON bulk_batches (organization_id, created, id);
CREATE INDEX bulk_batches_open ON bulk_batches (created) WHERE state IN ('ready', 'running');

CREATE TABLE bulk_rows (
    batch_id TEXT NOT NULL REFERENCES bulk_batches (id) ON DELETE CASCADE,
    line     INTEGER NOT NULL, -- in the file, from 2
    state    TEXT NOT NULL,    -- waiting, started, failed, cancelled
    flow_id  TEXT NOT NULL,    -- of a row that was started
    error    TEXT NOT NULL,    -- rule of a row that failed before it became a flow
    subject  TEXT NOT NULL,    -- whom that rule is about
    data     TEXT NOT NULL,    -- JSON, see db.Use; emptied as soon as nobody needs it any more
    PRIMARY KEY (batch_id, line)
) WITHOUT ROWID;
CREATE INDEX bulk_rows_flow ON bulk_rows (flow_id) WHERE flow_id <> '';
