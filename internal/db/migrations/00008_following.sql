-- What lists and the overview show of a flow stands in the flow itself, so that a page reads 25 rows of one table. Triggers keep it: whatever
-- changes a flow or an approver changes these columns in the same statement.
ALTER TABLE flows ADD COLUMN approvers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN signed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flows ADD COLUMN waiting_on TEXT NOT NULL DEFAULT '';       -- names of up to three people whose turn it is
ALTER TABLE flows ADD COLUMN waiting_since INTEGER NOT NULL DEFAULT 0;  -- 0: it waits for nobody
ALTER TABLE flows ADD COLUMN stuck_at INTEGER NOT NULL DEFAULT 0;       -- from when on it counts as stuck; 0: never

CREATE INDEX flow_approvers_waiting ON flow_approvers (user_name, flow_id) WHERE status IN (0, 12);

-- Whose turn it is: signers, and those who approve; a role begins with an @.
CREATE VIEW flow_waits AS
    SELECT flow_id, step, position, user_name AS name, sent AS since FROM flow_approvers WHERE status IN (0, 12)
    UNION ALL
    SELECT flow_id, step, position, CASE WHEN account_id = '' THEN '@' || role ELSE name END, asked FROM flow_approvals WHERE status = 0;

-- A problem is stuck at once, a sending that does not come to its end after 15 minutes, a signer who does not act after three days.
CREATE TRIGGER flows_progress AFTER UPDATE OF state, problem ON flows BEGIN
    UPDATE flows SET
        approvers = (SELECT count(*) FROM flow_approvers a WHERE a.flow_id = new.id),
        signed = (SELECT count(*) FROM flow_approvers a WHERE a.flow_id = new.id AND a.status = 1),
        waiting_on = CASE WHEN new.state IN (0, 1) THEN coalesce((SELECT group_concat(w.name, '、') FROM
            (SELECT name FROM flow_waits WHERE flow_id = new.id ORDER BY step, position LIMIT 3) w), '') ||
            CASE WHEN (SELECT count(*) FROM flow_waits WHERE flow_id = new.id) > 3 THEN '、…' ELSE '' END ELSE '' END,
        waiting_since = CASE
            WHEN new.state = -2 OR new.problem <> '' AND new.state IN (-1, 0, 1, 7) THEN new.updated
            WHEN new.state = -1 THEN new.created
            WHEN new.state IN (0, 1) THEN coalesce((SELECT min(since) FROM flow_waits WHERE flow_id = new.id), 0)
            ELSE 0 END,
        stuck_at = CASE
            WHEN new.state = -2 OR new.problem <> '' AND new.state IN (-1, 0, 1, 7) THEN new.updated
            WHEN new.state = -1 THEN new.updated + 900000000
            WHEN new.state IN (0, 1) THEN coalesce((SELECT min(since) FROM flow_waits WHERE flow_id = new.id) + 259200000000, 0)
            ELSE 0 END
    WHERE id = new.id;
END;
CREATE TRIGGER flow_approvers_added AFTER INSERT ON flow_approvers BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
CREATE TRIGGER flow_approvers_changed AFTER UPDATE OF user_id, user_name, status, sent ON flow_approvers BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
CREATE TRIGGER flow_approvers_removed AFTER DELETE ON flow_approvers BEGIN
    UPDATE flows SET state = state WHERE id = old.flow_id;
END;
CREATE TRIGGER flow_approvals_added AFTER INSERT ON flow_approvals BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
CREATE TRIGGER flow_approvals_changed AFTER UPDATE OF status, asked ON flow_approvals BEGIN
    UPDATE flows SET state = state WHERE id = new.flow_id;
END;
CREATE TRIGGER flow_approvals_removed AFTER DELETE ON flow_approvals BEGIN
    UPDATE flows SET state = state WHERE id = old.flow_id;
END;
UPDATE flows SET state = state;

-- One index for every way that the list is narrowed and ordered; see db.Flows.
CREATE INDEX flows_organization_state ON flows (organization_id, state, created, id);
CREATE INDEX flows_creator ON flows (created_by, state, created, id);
CREATE INDEX flows_deadline ON flows (state, deadline, id, created);
CREATE INDEX flows_organization_deadline ON flows (organization_id, state, deadline, id, created);
CREATE INDEX flows_creator_deadline ON flows (created_by, state, deadline, id, created);
CREATE INDEX flows_stuck ON flows (stuck_at, id) WHERE stuck_at > 0;
CREATE INDEX flows_organization_stuck ON flows (organization_id, stuck_at, id) WHERE stuck_at > 0;
CREATE INDEX drafts_creator ON drafts (created_by, created, id);

-- The newest events of some organisations, for the overview.
ALTER TABLE flow_events ADD COLUMN organization_id TEXT NOT NULL DEFAULT '';
UPDATE flow_events SET organization_id = (SELECT organization_id FROM flows WHERE flows.id = flow_events.flow_id);
CREATE INDEX flow_events_organization ON flow_events (organization_id, seq);

-- Contracts sent and completed on a day (of Beijing, counted from 1970), changed in the transaction that changes the flow.
CREATE TABLE flow_days (
    day             INTEGER NOT NULL,
    organization_id TEXT NOT NULL,
    sent            INTEGER NOT NULL,
    completed       INTEGER NOT NULL,
    PRIMARY KEY (day, organization_id)
) WITHOUT ROWID;
INSERT INTO flow_days SELECT (created + 28800000000) / 86400000000, organization_id, count(*), 0 FROM flows GROUP BY 1, 2;
INSERT INTO flow_days SELECT (completed + 28800000000) / 86400000000, organization_id, 0, count(*) FROM flows WHERE state IN (4, 7) AND completed > 0 GROUP BY 1, 2
    ON CONFLICT (day, organization_id) DO UPDATE SET completed = excluded.completed;

-- Saved filters of the list. A shared one shows to everybody whose scope has the organisation; empty: to everybody.
CREATE TABLE flow_views (
    id              TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    query           TEXT NOT NULL,
    shared          INTEGER NOT NULL CHECK (shared IN (0, 1)),
    organization_id TEXT NOT NULL,
    created         INTEGER NOT NULL
);
CREATE INDEX flow_views_account ON flow_views (account_id, created);
CREATE INDEX flow_views_shared ON flow_views (created) WHERE shared = 1;
CREATE TABLE flow_view_defaults (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    view_id    TEXT NOT NULL REFERENCES flow_views (id) ON DELETE CASCADE
);
