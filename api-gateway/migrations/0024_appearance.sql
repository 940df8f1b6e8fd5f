-- How tokens, collections and apps look to people, and what an app's people want when nothing is said.
ALTER TABLE tokens ADD COLUMN description TEXT;
ALTER TABLE tokens ADD COLUMN icon TEXT;                                -- https, http or ipfs

ALTER TABLE apps ADD COLUMN logo TEXT;                                  -- https, http or ipfs
ALTER TABLE apps ADD COLUMN color TEXT;                                 -- #rrggbb
ALTER TABLE apps ADD COLUMN defaults TEXT NOT NULL DEFAULT '{}';        -- JSON, see services::defaults
ALTER TABLE apps ADD COLUMN operations_per_day BIGINT;                  -- the operator's quota; NULL: as configured for all
