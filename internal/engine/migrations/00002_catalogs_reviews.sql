-- A catalog is a group of flows that are read and signed through one link.
CREATE TABLE engine_catalogs (
    id             TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES engine_applications (id),
    name           TEXT NOT NULL,
    created        INTEGER NOT NULL
);

CREATE TABLE engine_catalog_flows (
    catalog_id TEXT NOT NULL REFERENCES engine_catalogs (id),
    ordinal    INTEGER NOT NULL,
    flow_id    TEXT NOT NULL REFERENCES engine_flows (id),
    PRIMARY KEY (catalog_id, ordinal)
) WITHOUT ROWID;

-- Links of a catalog name it and, where they are for signing, the user.
ALTER TABLE engine_links ADD COLUMN catalog_id TEXT NOT NULL DEFAULT '';
ALTER TABLE engine_links ADD COLUMN user_id TEXT NOT NULL DEFAULT '';

-- Signatures whose willingness was shown offline. act is the signer's act as they sent it; decided is 0 while it waits.
CREATE TABLE engine_reviews (
    id       TEXT PRIMARY KEY,
    flow_id  TEXT NOT NULL REFERENCES engine_flows (id),
    sign_id  TEXT NOT NULL REFERENCES engine_approvers (sign_id),
    act      TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    note     TEXT NOT NULL,
    created  INTEGER NOT NULL,
    decided  INTEGER NOT NULL
);
CREATE INDEX engine_reviews_sign ON engine_reviews (sign_id, created);

-- Contents of a flow's files that a newer version has replaced, and contents that are to be deleted once nothing refers to them.
CREATE TABLE engine_flow_versions (
    flow_id TEXT NOT NULL REFERENCES engine_flows (id),
    ref     TEXT NOT NULL,
    PRIMARY KEY (flow_id, ref)
) WITHOUT ROWID;

CREATE TABLE engine_doomed (
    ref TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE INDEX engine_files_ref ON engine_files (ref);
CREATE INDEX engine_flow_files_ref ON engine_flow_files (ref);
CREATE INDEX engine_flow_files_file ON engine_flow_files (file_id);
CREATE INDEX engine_flow_versions_ref ON engine_flow_versions (ref);
CREATE INDEX engine_links_flow ON engine_links (flow_id) WHERE kind = 'd';
CREATE INDEX engine_components_seal ON engine_components (seal_id) WHERE filled = 0;
