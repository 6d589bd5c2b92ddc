-- Who caused a call that leaves later, and the name of the request or the round in which they did: the audit log finds the act by it.
ALTER TABLE flow_outbox ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE flow_outbox ADD COLUMN request_id TEXT NOT NULL DEFAULT '';

-- Whatever id of the platform somebody has, the contract is found.
CREATE INDEX flows_platform_id ON flows (platform_id) WHERE platform_id <> '';
CREATE INDEX flow_approvers_sign_id ON flow_approvers (sign_id) WHERE sign_id <> '';
CREATE INDEX flow_outbox_result ON flow_outbox (result) WHERE result <> '';
