-- What a user shows of himself to the other users of his app.
ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT 'private';   -- open | private
ALTER TABLE users ADD COLUMN avatar TEXT;                               -- https, http or ipfs
ALTER TABLE users ADD COLUMN name_key TEXT;                             -- what searches compare, see services::profiles
CREATE INDEX users_by_name ON users (app_id, name_key, id) WHERE name_key IS NOT NULL;
