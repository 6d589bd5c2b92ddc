-- Each row of the engine's own tables carries a MAC, see store.Sealed: a row that somebody else wrote is found before anything follows from it.
ALTER TABLE engine_applications ADD COLUMN mac BLOB;
ALTER TABLE engine_rights ADD COLUMN mac BLOB;
ALTER TABLE engine_authority ADD COLUMN mac BLOB;
ALTER TABLE engine_certificates ADD COLUMN mac BLOB;
ALTER TABLE engine_organizations ADD COLUMN mac BLOB;
ALTER TABLE engine_members ADD COLUMN mac BLOB;
ALTER TABLE engine_users ADD COLUMN mac BLOB;
ALTER TABLE engine_user_accounts ADD COLUMN mac BLOB;
ALTER TABLE engine_identities ADD COLUMN mac BLOB;
ALTER TABLE engine_seals ADD COLUMN mac BLOB;
ALTER TABLE engine_seal_keepers ADD COLUMN mac BLOB;
ALTER TABLE engine_files ADD COLUMN mac BLOB;
ALTER TABLE engine_flows ADD COLUMN mac BLOB;
ALTER TABLE engine_flow_files ADD COLUMN mac BLOB;
ALTER TABLE engine_flow_versions ADD COLUMN mac BLOB;
ALTER TABLE engine_doomed ADD COLUMN mac BLOB;
ALTER TABLE engine_approvers ADD COLUMN mac BLOB;
ALTER TABLE engine_components ADD COLUMN mac BLOB;
ALTER TABLE engine_reviews ADD COLUMN mac BLOB;
ALTER TABLE engine_readings ADD COLUMN mac BLOB;
ALTER TABLE engine_links ADD COLUMN mac BLOB;
ALTER TABLE engine_codes ADD COLUMN mac BLOB;
ALTER TABLE engine_account_tickets ADD COLUMN mac BLOB;
ALTER TABLE engine_person_checks ADD COLUMN mac BLOB;
ALTER TABLE engine_catalogs ADD COLUMN mac BLOB;
ALTER TABLE engine_catalog_flows ADD COLUMN mac BLOB;
ALTER TABLE engine_outbox ADD COLUMN mac BLOB;
ALTER TABLE engine_callbacks ADD COLUMN mac BLOB;
ALTER TABLE engine_callback_tries ADD COLUMN mac BLOB;
ALTER TABLE engine_console ADD COLUMN mac BLOB;
ALTER TABLE engine_settings ADD COLUMN mac BLOB;

-- Addresses rest in the vault as mobiles do. What stands there as text is put into it when the engine opens.
ALTER TABLE engine_users RENAME COLUMN email TO email_sealed;
ALTER TABLE engine_organizations RENAME COLUMN email TO email_sealed;
