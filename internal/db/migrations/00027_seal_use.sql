-- Who may use a seal, in which state it is, and where it was used. use_version counts the changes of state and keepers, told_version is the
-- one that the platform was told; likewise of an organisation's people.
ALTER TABLE seals ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled', 'destroyed'));
ALTER TABLE seals ADD COLUMN reason TEXT NOT NULL DEFAULT ''; -- of the state
ALTER TABLE seals ADD COLUMN kept INTEGER NOT NULL DEFAULT 0; -- somebody has named a keeper; until then the first person of the organisation becomes one
ALTER TABLE seals ADD COLUMN use_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE seals ADD COLUMN told_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN members_version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE organizations ADD COLUMN told_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX seals_untold ON seals (id) WHERE organization_id <> '' AND use_version <> told_version;
CREATE INDEX organizations_untold ON organizations (id) WHERE members_version <> told_version;

CREATE TABLE seal_keepers (
    seal_id     TEXT NOT NULL REFERENCES seals (id) ON DELETE CASCADE,
    user_id     TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    valid_from  INTEGER NOT NULL, -- 0: since ever
    valid_until INTEGER NOT NULL, -- exclusive; 0: without end
    granted_by  TEXT NOT NULL,
    granted_at  INTEGER NOT NULL,
    PRIMARY KEY (seal_id, user_id)
) WITHOUT ROWID;
CREATE INDEX seal_keepers_user ON seal_keepers (user_id, seal_id);

CREATE TABLE seal_uses (
    seal_id      TEXT NOT NULL,
    flow_id      TEXT NOT NULL REFERENCES flows (id) ON DELETE CASCADE,
    approver_id  TEXT NOT NULL,
    component_id TEXT NOT NULL,
    used_at      INTEGER NOT NULL,
    PRIMARY KEY (seal_id, used_at, flow_id, approver_id, component_id)
) WITHOUT ROWID;

-- Seals from before are kept by the legal representative, and, but for that person's own seal, by whoever has signed for the organisation.
INSERT INTO seal_keepers (seal_id, user_id, valid_from, valid_until, granted_by, granted_at)
    SELECT s.id, u.id, 0, 0, '', CAST(strftime('%s', 'now') AS INTEGER) * 1000000
    FROM seals s JOIN organizations o ON o.id = s.organization_id JOIN user_organizations m ON m.organization_id = o.id JOIN users u ON u.id = m.user_id
    WHERE u.name = o.legal_name OR s.kind <> 'LEGAL_REPRESENTATIVE' AND EXISTS
        (SELECT 1 FROM flow_approvers a WHERE a.user_id = u.id AND a.organization_id = o.id AND a.status = 1);
UPDATE seals SET kept = 1 WHERE id IN (SELECT seal_id FROM seal_keepers);
