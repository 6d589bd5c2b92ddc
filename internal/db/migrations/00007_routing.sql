-- Accounts of the portal that must approve before a flow goes on (用印审批).
CREATE TABLE flow_approvals (
    flow_id    TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    position   INTEGER NOT NULL,
    step       INTEGER NOT NULL, -- shares its numbers with flow_approvers.step
    account_id TEXT NOT NULL,    -- exactly one of the two is not empty
    role       TEXT NOT NULL,    -- anybody of the role
    name       TEXT NOT NULL,    -- of the account
    status     INTEGER NOT NULL, -- -1 not asked, 0 asked, 1 approved, 2 refused
    comment    TEXT NOT NULL,
    asked      INTEGER NOT NULL,
    decided    INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    PRIMARY KEY (flow_id, id),
    CHECK ((account_id = '') <> (role = ''))
) WITHOUT ROWID;
CREATE INDEX flow_approvals_asked ON flow_approvals (asked, flow_id) WHERE status = 0;

-- Readers who get a link when a flow is sent or complete.
CREATE TABLE flow_copies (
    flow_id  TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    id       TEXT NOT NULL,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    url      BLOB,             -- encrypted; null until the link is made
    until    INTEGER NOT NULL, -- when the link ends, 0 until it is made
    made     INTEGER NOT NULL,
    PRIMARY KEY (flow_id, id)
) WITHOUT ROWID;

-- An approver may have several channels to prove their will: documents get a list, the column holds them with spaces between.
UPDATE drafts SET document = json_set(document, '$.approvers', (
    SELECT json_group_array(json_remove(json_set(value, '$.channels', json_array(json_extract(value, '$.channel'))), '$.channel'))
    FROM json_each(document, '$.approvers'))) WHERE json_array_length(document, '$.approvers') > 0;
UPDATE flows SET document = json_set(document, '$.approvers', (
    SELECT json_group_array(json_remove(json_set(value, '$.channels', json_array(json_extract(value, '$.channel'))), '$.channel'))
    FROM json_each(document, '$.approvers'))) WHERE json_array_length(document, '$.approvers') > 0;
