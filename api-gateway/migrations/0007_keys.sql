-- Server keys that end by themselves, and secrets that are exchanged without a gap.
ALTER TABLE server_keys ADD COLUMN expires_at_ms BIGINT;
ALTER TABLE server_keys ADD COLUMN old_secret_hash TEXT;          -- works too, until then
ALTER TABLE server_keys ADD COLUMN old_secret_until_ms BIGINT;
CREATE UNIQUE INDEX server_keys_by_old_secret ON server_keys (old_secret_hash) WHERE old_secret_hash IS NOT NULL;
