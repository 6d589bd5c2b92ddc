-- Where codes reach a person: what an administrator registered, never what a sender typed. The mobile is encrypted, the e-mail masked; the
-- platform has both in clear.
ALTER TABLE users ADD COLUMN mobile_box BLOB NOT NULL DEFAULT x'';
ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';
