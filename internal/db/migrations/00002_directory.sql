-- The directory: sub-organisations, people and seals that the portal made on the platform, which lists nothing itself. Ids are the
-- platform's. Personal numbers are kept masked only; the platform is asked for the rest.
CREATE TABLE organizations (
    id              TEXT PRIMARY KEY, -- SubOrganizationId
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,    -- OrganizationType
    id_card_type    TEXT NOT NULL,    -- USCC or BIZREGISTNO
    id_card_number  TEXT NOT NULL,    -- a public number, printed on invoice seals
    legal_name      TEXT NOT NULL,    -- legal representative, a public entry of the register; stands on their seal
    verified_at     INTEGER NOT NULL, -- 0 until verified
    created_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
);
CREATE INDEX organizations_created ON organizations (created_at, id);

CREATE TABLE users (
    id              TEXT PRIMARY KEY, -- UserId
    name            TEXT NOT NULL,
    mobile          TEXT NOT NULL,    -- masked
    id_card_type    TEXT NOT NULL,
    id_card_number  TEXT NOT NULL,    -- masked
    home            TEXT NOT NULL,    -- organisation under which the person is counted, empty for none
    verified_at     INTEGER NOT NULL,
    created_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
);
CREATE INDEX users_created ON users (created_at, id);

-- For which organisations a person signs. The platform knows no such relation.
CREATE TABLE user_organizations (
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (user_id, organization_id)
) WITHOUT ROWID;
CREATE INDEX user_organizations_organization ON user_organizations (organization_id, user_id);

CREATE TABLE seals (
    id              TEXT PRIMARY KEY, -- SealId
    organization_id TEXT NOT NULL,    -- owner; exactly one of the two is not empty
    user_id         TEXT NOT NULL,
    owner_name      TEXT NOT NULL,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL,    -- SealType
    source          TEXT NOT NULL CHECK (source IN ('generated', 'drawn', 'uploaded')),
    width_mm        REAL NOT NULL,    -- 0 where only the platform knows
    height_mm       REAL NOT NULL,
    is_default      INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    picture         TEXT NOT NULL DEFAULT '', -- SHA-256 of a copy of the platform's picture in the file store
    created_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    CHECK ((organization_id = '') <> (user_id = ''))
);
CREATE INDEX seals_created ON seals (created_at, id);
CREATE INDEX seals_organization ON seals (organization_id, created_at, id) WHERE organization_id <> '';
CREATE INDEX seals_user ON seals (user_id, created_at, id) WHERE user_id <> '';
CREATE UNIQUE INDEX seals_default ON seals (organization_id, user_id) WHERE is_default = 1;
