-- Which task of which contract a message is about; empty for messages about neither.
ALTER TABLE engine_outbox ADD COLUMN flow_id TEXT NOT NULL DEFAULT '';
ALTER TABLE engine_outbox ADD COLUMN sign_id TEXT NOT NULL DEFAULT '';
CREATE INDEX engine_outbox_flow ON engine_outbox (flow_id, created) WHERE flow_id <> '';
