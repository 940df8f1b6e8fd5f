-- From this height to the head every block is indexed. Below it blocks may be missing: their state had been pruned
-- before they could be indexed.
ALTER TABLE chain ADD COLUMN first_height INTEGER NOT NULL DEFAULT 0;
UPDATE chain SET first_height = (SELECT COALESCE(MIN(number), 0) FROM blocks WHERE canonical = 1);
