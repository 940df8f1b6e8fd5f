-- Tokens of contracts that somebody has deployed, known by what they tell of movements. They have no app, and their names
-- are asked from them afterwards.
ALTER TABLE chain_tokens ADD COLUMN named BIGINT NOT NULL DEFAULT 1;
CREATE INDEX chain_tokens_unnamed ON chain_tokens (address) WHERE named = 0;
