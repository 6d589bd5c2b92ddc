-- The newest checkpoint of each log that the witness signed.
CREATE TABLE witness_logs (
    origin      TEXT PRIMARY KEY,
    size        INTEGER NOT NULL,
    root        TEXT NOT NULL,
    checkpoint  TEXT NOT NULL, -- with the log's signature
    cosignature TEXT NOT NULL, -- line of the witness
    at          INTEGER NOT NULL
) STRICT;

-- A log never shrinks in the memory of its witness, whoever writes here.
CREATE TRIGGER witness_logs_grow BEFORE UPDATE ON witness_logs WHEN NEW.size < OLD.size BEGIN
    SELECT RAISE(ABORT, 'a witnessed log only grows');
END;
CREATE TRIGGER witness_logs_stay BEFORE DELETE ON witness_logs BEGIN
    SELECT RAISE(ABORT, 'a witnessed log stays');
END;

-- Checkpoints that a log signed and that do not grow from the one above: proof that the log has told two histories.
CREATE TABLE witness_refused (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    origin     TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    known      TEXT NOT NULL, -- the checkpoint that it contradicts
    at         INTEGER NOT NULL,
    UNIQUE (origin, checkpoint)
) STRICT;
