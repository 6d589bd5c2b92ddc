-- What happened in the course of one request: calls are shown below the act that caused them. The names of requests begin with their time, so
-- that the index grows at its end.
CREATE INDEX audit_by_request ON audit_events (request_id) WHERE request_id <> '';
