-- Which drafts and contracts have a file. Kept by triggers, so that no writer of a document can forget it.
CREATE TABLE file_uses (
    file_id   TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('draft', 'flow')),
    object_id TEXT NOT NULL,
    PRIMARY KEY (file_id, kind, object_id)
) WITHOUT ROWID;
CREATE INDEX file_uses_object ON file_uses (kind, object_id);

INSERT OR IGNORE INTO file_uses SELECT f.value, 'draft', d.id FROM drafts d, json_each(d.document, '$.files') f WHERE f.type = 'text';
INSERT OR IGNORE INTO file_uses SELECT f.value, 'flow', w.id FROM flows w, json_each(w.document, '$.files') f WHERE f.type = 'text';

CREATE TRIGGER drafts_files_added AFTER INSERT ON drafts BEGIN
    INSERT OR IGNORE INTO file_uses SELECT value, 'draft', new.id FROM json_each(new.document, '$.files') WHERE type = 'text';
END;
CREATE TRIGGER drafts_files_changed AFTER UPDATE OF document ON drafts
WHEN json_extract(new.document, '$.files') IS NOT json_extract(old.document, '$.files') BEGIN
    DELETE FROM file_uses WHERE kind = 'draft' AND object_id = new.id;
    INSERT OR IGNORE INTO file_uses SELECT value, 'draft', new.id FROM json_each(new.document, '$.files') WHERE type = 'text';
END;
CREATE TRIGGER drafts_files_gone AFTER DELETE ON drafts BEGIN
    DELETE FROM file_uses WHERE kind = 'draft' AND object_id = old.id;
END;
CREATE TRIGGER flows_files_added AFTER INSERT ON flows BEGIN
    INSERT OR IGNORE INTO file_uses SELECT value, 'flow', new.id FROM json_each(new.document, '$.files') WHERE type = 'text';
END;
CREATE TRIGGER flows_files_gone AFTER DELETE ON flows BEGIN
    DELETE FROM file_uses WHERE kind = 'flow' AND object_id = old.id;
END;

-- Imports of people and organisations. What the file says stays in the memory of the program; here is only what one needs to know which of
-- its rows are done. A row that was begun and has no outcome is looked up at the platform by its open_id before it is tried again.
CREATE TABLE imports (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('users', 'organizations')),
    file_name  TEXT NOT NULL,
    sha256     TEXT NOT NULL,    -- of the file, so that the same one can go on
    account_id TEXT NOT NULL,    -- whose import it is
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX imports_created ON imports (kind, created_at, id);

CREATE TABLE import_rows (
    import_id TEXT NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    line      INTEGER NOT NULL,  -- of the file
    name      TEXT NOT NULL,
    open_id   TEXT NOT NULL,     -- chosen by the portal; the platform's id as well
    state     TEXT NOT NULL CHECK (state IN ('waiting', 'begun', 'done', 'failed')),
    object_id TEXT NOT NULL,     -- of what was made
    problem   TEXT NOT NULL,     -- error code of the platform
    PRIMARY KEY (import_id, line)
) WITHOUT ROWID;

-- Catalogs that somebody told the portal of: no action of the platform lists or makes them.
CREATE TABLE catalogs (
    id              TEXT PRIMARY KEY, -- CatalogId
    organization_id TEXT NOT NULL,    -- who sees it; empty: accounts of every scope only
    name            TEXT NOT NULL,
    created_by      TEXT NOT NULL,
    created_at      INTEGER NOT NULL
);
CREATE INDEX catalogs_created ON catalogs (created_at, id);
