-- Personal values are hashed as tokens: salted commitments. What a token stands for is kept apart from the events, encrypted with the key of
-- the person whom it tells of, and that key with one that is derived from the log's private key. Erasing a person overwrites the key where it
-- stands, so that no page of the file keeps a copy, and removes the values. label finds a person or a value without showing it: a MAC.
CREATE TABLE audit_people (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    label TEXT UNIQUE, -- none once erased
    key   BLOB NOT NULL
) STRICT;
CREATE TABLE audit_values (
    token  TEXT PRIMARY KEY,
    person INTEGER NOT NULL REFERENCES audit_people (id),
    label  TEXT NOT NULL UNIQUE,
    box    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_values_by_person ON audit_values (person);
