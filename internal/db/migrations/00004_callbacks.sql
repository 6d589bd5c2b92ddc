-- Callbacks of the platform that have been dealt with, so that one that comes again does no work twice.
CREATE TABLE callbacks (
    id       TEXT PRIMARY KEY,
    received INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX callbacks_received ON callbacks (received);
CREATE INDEX flows_platform ON flows (platform_id) WHERE platform_id <> '';
