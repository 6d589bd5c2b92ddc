-- What the signatures in an uploaded file were found to be worth (JSON; empty: uploaded before they were verified), and who wants to use the
-- file although they are broken.
ALTER TABLE files ADD COLUMN signatures TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN accepted_by TEXT NOT NULL DEFAULT '';
ALTER TABLE files ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0;
