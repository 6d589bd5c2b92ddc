-- Who may use a seal and who signs for an organisation, as SetSealUse and SetOrganizationMembers tell it. Of a seal that is not kept, and an
-- organisation whose members are not known, nothing was told: everybody of the application may, as on the platform.
ALTER TABLE engine_seals ADD COLUMN state TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE engine_seals ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_organizations ADD COLUMN members_known INTEGER NOT NULL DEFAULT 0;

-- valid_from and valid_until bound the term; 0 is no bound.
CREATE TABLE engine_seal_keepers (
    seal_id     TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    valid_from  INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    PRIMARY KEY (seal_id, user_id)
) WITHOUT ROWID;

CREATE TABLE engine_members (
    organization_id TEXT NOT NULL REFERENCES engine_organizations (id),
    user_id         TEXT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) WITHOUT ROWID;
