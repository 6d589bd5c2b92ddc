-- What the audit log has counted and not made an event of yet (audit.Folder): opening is the number of the first act's event.
CREATE TABLE audit_folds (
    opening INTEGER PRIMARY KEY,
    event   TEXT NOT NULL
);
