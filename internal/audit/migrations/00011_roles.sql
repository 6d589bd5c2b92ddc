-- What people did in a role that few have, such as administrators, is found without reading past everybody else's events. The program's own
-- events, which are most, are found without: every page of the log has some.
CREATE INDEX audit_by_role ON audit_events (role) WHERE role NOT IN ('', 'system');
