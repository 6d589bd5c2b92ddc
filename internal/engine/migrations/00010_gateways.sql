-- How messages leave: by which way, what came of it, when it is tried again. message_sealed holds what is still to be sent and is emptied once
-- it was; state is kept (there is no way: the console shows it), waiting, trying, done or failed.
ALTER TABLE engine_outbox ADD COLUMN way TEXT NOT NULL DEFAULT '';
ALTER TABLE engine_outbox ADD COLUMN state TEXT NOT NULL DEFAULT 'kept';
ALTER TABLE engine_outbox ADD COLUMN message_sealed BLOB NOT NULL DEFAULT x'';
ALTER TABLE engine_outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_outbox ADD COLUMN error TEXT NOT NULL DEFAULT '';
ALTER TABLE engine_outbox ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_outbox ADD COLUMN expires INTEGER NOT NULL DEFAULT 0; -- what is late is not sent; 0: never
CREATE INDEX engine_outbox_due ON engine_outbox (due) WHERE state IN ('waiting', 'trying');
