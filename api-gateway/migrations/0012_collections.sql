-- What the chain issues beside tokens: collections, and their items. They are rows of `tokens` too, so that whatever has
-- balances, holders and a history has them in one way.
--
--   standard   address          collection_id   item
--   erc20      0x4841…          NULL            NULL    a token
--   erc721     0x4841…          NULL            NULL    a collection of unique items; it has no units itself
--   erc721     0x4841…/17       col_…           17      its item 17: no decimals, a supply of 1
--   erc1155    0x4841…/17       col_…           17      an item 17 of which there are many
ALTER TABLE tokens ADD COLUMN standard TEXT NOT NULL DEFAULT 'erc20';
ALTER TABLE tokens ADD COLUMN collection_id TEXT;
ALTER TABLE tokens ADD COLUMN item TEXT;
ALTER TABLE tokens ADD COLUMN uri TEXT;
ALTER TABLE tokens ADD COLUMN royalty_receiver TEXT;
ALTER TABLE tokens ADD COLUMN royalty_basis_points BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tokens_by_collection ON tokens (collection_id, id);

-- A log may tell of several movements (ERC-1155 TransferBatch): each has its place in it.
ALTER TABLE transfers RENAME TO transfers_before;
CREATE TABLE transfers (
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    block_hash   TEXT NOT NULL,
    tx_hash      TEXT NOT NULL,
    app_id       TEXT NOT NULL,
    token_id     TEXT NOT NULL REFERENCES tokens (id),
    from_address TEXT NOT NULL,
    to_address   TEXT NOT NULL,
    amount       TEXT NOT NULL,
    operation_id TEXT,
    timestamp_ms BIGINT NOT NULL,
    PRIMARY KEY (block_number, log_index, place)
);
INSERT INTO transfers SELECT block_number, log_index, 0, block_hash, tx_hash, app_id, token_id, from_address, to_address,
    amount, operation_id, timestamp_ms FROM transfers_before;
DROP TABLE transfers_before;
CREATE INDEX transfers_by_token ON transfers (token_id, block_number, log_index, place);
CREATE INDEX transfers_by_sender ON transfers (from_address, block_number, log_index, place);
CREATE INDEX transfers_by_receiver ON transfers (to_address, block_number, log_index, place);

-- The explorer lists both.
ALTER TABLE chain_tokens ADD COLUMN standard TEXT NOT NULL DEFAULT 'erc20';
