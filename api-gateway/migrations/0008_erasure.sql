-- What has to be found when a user is erased: the events and the stored answers of his operations.

ALTER TABLE events ADD COLUMN operation_id TEXT;        -- that it is about or that did it
CREATE INDEX events_by_operation ON events (operation_id) WHERE operation_id IS NOT NULL;

-- New ids are the largest, so that it grows at its end.
CREATE INDEX idempotency_keys_by_operation ON idempotency_keys (operation_id);
