-- The person whose own account it is; empty for none. account_version counts the changes of whose account is a person's, told_account is the
-- one that the platform was told.
ALTER TABLE accounts ADD COLUMN person_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX accounts_person ON accounts (person_id) WHERE person_id <> '';
ALTER TABLE users ADD COLUMN account_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN told_account INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_untold ON users (id) WHERE account_version <> told_account;
CREATE INDEX flow_approvers_person ON flow_approvers (user_id, sent) WHERE status = 0;
