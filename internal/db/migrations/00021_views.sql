-- There is one such index already.
DROP INDEX flows_platform_id;

-- A saved filter belongs to a list: that of contracts, or the audit log.
ALTER TABLE flow_views ADD COLUMN list TEXT NOT NULL DEFAULT 'flows';
