-- One event a row. hashes holds the nodes of the Merkle tree that were born with this event: node (level, k) is in row ((k+1) << level) - 1
-- at byte 32 * level.
CREATE TABLE audit_events (
    seq                 INTEGER PRIMARY KEY,
    time                INTEGER NOT NULL,
    actor               TEXT NOT NULL,
    role                TEXT NOT NULL,
    session             TEXT NOT NULL,
    ip                  TEXT NOT NULL,
    user_agent          TEXT NOT NULL,
    action              TEXT NOT NULL,
    object_type         TEXT NOT NULL,
    object_id           TEXT NOT NULL,
    outcome             TEXT NOT NULL,
    error_code          TEXT NOT NULL,
    request_id          TEXT NOT NULL,
    platform_request_id TEXT NOT NULL,
    duration            INTEGER NOT NULL,
    detail              TEXT NOT NULL,
    hashes              BLOB NOT NULL
) STRICT;

-- Each index costs an append more than its hashing: these are the ones that every filter and pair of filters needs. Time needs none, as it
-- grows with seq. There are four outcomes, so that an actor or an action alone is four short lists.
CREATE INDEX audit_by_actor ON audit_events (actor, outcome);
CREATE INDEX audit_by_action ON audit_events (action, outcome);
CREATE INDEX audit_by_actor_action ON audit_events (actor, action);
CREATE INDEX audit_by_object ON audit_events (object_id, object_type) WHERE object_id <> '';
CREATE INDEX audit_by_trouble ON audit_events (outcome) WHERE outcome IN ('failed', 'denied');

-- The newest signed checkpoint; each commit that appends replaces it.
CREATE TABLE audit_checkpoint (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- Free text is found over words and pairs of Chinese characters. The index is made after the events, outside of their transactions;
-- indexed is the number of events that it covers. It holds nothing that could not be made again.
CREATE VIRTUAL TABLE audit_search USING fts5 (words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 0");
CREATE TABLE audit_search_state (id INTEGER PRIMARY KEY CHECK (id = 1), indexed INTEGER NOT NULL) STRICT;
INSERT INTO audit_search_state (id, indexed) VALUES (1, 0);

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_events_no_gap BEFORE INSERT ON audit_events WHEN NEW.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM audit_events) BEGIN
    SELECT RAISE(ABORT, 'the audit log has no gaps');
END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the checkpoint stays');
END;
CREATE TRIGGER audit_checkpoint_grows BEFORE UPDATE ON audit_checkpoint WHEN NEW.size < OLD.size BEGIN
    SELECT RAISE(ABORT, 'the checkpoint only grows');
END;
