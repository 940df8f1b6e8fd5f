-- What an app says of its items beside the chain.
ALTER TABLE tokens ADD COLUMN media TEXT;
ALTER TABLE tokens ADD COLUMN rarity TEXT;
ALTER TABLE tokens ADD COLUMN traits TEXT;                 -- JSON: [{"name": "Weather", "value": "Storm"}]
CREATE INDEX tokens_by_rarity ON tokens (collection_id, rarity, id) WHERE rarity IS NOT NULL;
