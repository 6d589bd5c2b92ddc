-- What was made while the world was simulated stays known as such: it counts for nothing once the engine serves for real.
ALTER TABLE engine_codes ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_certificates ADD COLUMN simulated INTEGER NOT NULL DEFAULT 0;
