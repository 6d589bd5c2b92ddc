-- What keeps the program from changing what was written. Whoever has the file can drop these: against that stand the signed checkpoints.
-- An event comes after the one before it. Only the first event of a segment that begins after a gap is written without this guard; the log
-- runs this file again when it has begun one.
DROP TRIGGER IF EXISTS audit_events_no_update;
DROP TRIGGER IF EXISTS audit_events_no_delete;
DROP TRIGGER IF EXISTS audit_events_no_gap;
DROP TRIGGER IF EXISTS audit_checkpoint_no_delete;
DROP TRIGGER IF EXISTS audit_checkpoint_grows;
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_events_no_gap BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE seq = NEW.seq)
  OR NEW.seq <> 0 AND NOT EXISTS (SELECT 1 FROM audit_events WHERE seq = NEW.seq - 1) BEGIN
    SELECT RAISE(ABORT, 'the audit log has no gaps');
END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the checkpoint stays');
END;
CREATE TRIGGER audit_checkpoint_grows BEFORE UPDATE ON audit_checkpoint WHEN NEW.size < OLD.size BEGIN
    SELECT RAISE(ABORT, 'the checkpoint only grows');
END;
