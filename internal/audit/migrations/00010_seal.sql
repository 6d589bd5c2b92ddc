-- A MAC of the checkpoint under a key that is derived from the log's private one. It stands nowhere else, so that a checkpoint that was given
-- out does not fit here. Empty until the first event after this migration.
ALTER TABLE audit_checkpoint ADD COLUMN seal TEXT NOT NULL DEFAULT '';
