-- When whoever sent a flow is to be reminded of somebody who has not signed. A row is removed in the transaction in which the reminder is
-- told, so that each is told once.
CREATE TABLE reminders (
    flow_id     TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    approver_id TEXT NOT NULL,
    due         INTEGER NOT NULL,
    PRIMARY KEY (flow_id, approver_id, due)
) WITHOUT ROWID;
CREATE INDEX reminders_due ON reminders (due);
