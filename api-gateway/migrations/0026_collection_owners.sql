-- To whom collections were given, as the chain tells it, whoever did it. The latest row says whose one is, so that taking
-- blocks back is deleting rows; without any it is the app's.
CREATE TABLE collection_owners (
    block_number  BIGINT NOT NULL,
    log_index     BIGINT NOT NULL,
    collection_id TEXT NOT NULL REFERENCES tokens (id),
    owner         TEXT NOT NULL,
    PRIMARY KEY (block_number, log_index)
);
CREATE INDEX collection_owners_by_collection ON collection_owners (collection_id, block_number, log_index);
