-- The whole chain as the explorer shows it, whoever sent the transactions. Unlike `blocks`, which the follower keeps for
-- its own sake and prunes, these rows stay.

CREATE TABLE chain_blocks (
    number            BIGINT PRIMARY KEY,
    hash              TEXT NOT NULL,
    parent_hash       TEXT NOT NULL,
    timestamp_ms      BIGINT NOT NULL,
    author            TEXT NOT NULL,
    transaction_count BIGINT NOT NULL,
    failed_count      BIGINT NOT NULL,
    gas_used          BIGINT NOT NULL,
    gas_limit         BIGINT NOT NULL,
    base_fee          TEXT NOT NULL,             -- in wei
    size_bytes        BIGINT NOT NULL
);
CREATE UNIQUE INDEX chain_blocks_by_hash ON chain_blocks (hash);
CREATE INDEX chain_blocks_by_time ON chain_blocks (timestamp_ms, number);

-- What lists and searches need. Input, logs and calls inside are asked from the node, which has them anyway.
CREATE TABLE chain_transactions (
    block_number BIGINT NOT NULL,
    tx_index     BIGINT NOT NULL,
    hash         TEXT NOT NULL,
    kind         TEXT NOT NULL,                  -- transfer | call | create
    from_address TEXT NOT NULL,
    to_address   TEXT,                           -- of a creation: the contract, if there is one
    value        TEXT NOT NULL,                  -- in wei
    method       TEXT,                           -- first four bytes of the input
    type         BIGINT NOT NULL,                -- EIP-2718
    nonce        BIGINT NOT NULL,
    succeeded    BIGINT NOT NULL,
    gas_used     BIGINT NOT NULL,
    gas_price    TEXT NOT NULL,                  -- in wei: what was paid
    log_count    BIGINT NOT NULL,
    PRIMARY KEY (block_number, tx_index)
);
CREATE UNIQUE INDEX chain_transactions_by_hash ON chain_transactions (hash);
CREATE INDEX chain_transactions_by_sender ON chain_transactions (from_address, block_number, tx_index);
CREATE INDEX chain_transactions_by_receiver ON chain_transactions (to_address, block_number, tx_index);
CREATE INDEX chain_transactions_failed ON chain_transactions (block_number, tx_index) WHERE succeeded = 0;
CREATE INDEX chain_transactions_creating ON chain_transactions (block_number, tx_index) WHERE kind = 'create';

-- Tokens that the chain itself keeps, whichever app issued them.
CREATE TABLE chain_tokens (
    address      TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    symbol       TEXT NOT NULL,
    decimals     BIGINT NOT NULL,
    chain_app_id TEXT NOT NULL,
    creator      TEXT NOT NULL,
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    tx_hash      TEXT NOT NULL,
    search_name  TEXT NOT NULL,                  -- name and symbol as they are searched: lowercase
    search_symbol TEXT NOT NULL
);
CREATE UNIQUE INDEX chain_tokens_by_age ON chain_tokens (block_number, log_index);

-- Sums of the blocks of each hour, kept with them.
CREATE TABLE chain_hours (
    hour              BIGINT PRIMARY KEY,        -- hours since 1970
    blocks            BIGINT NOT NULL,
    transactions      BIGINT NOT NULL,
    failed            BIGINT NOT NULL,
    gas_used          BIGINT NOT NULL
);

-- From which block on everything above is complete. One row (id = 1); none before the first block.
CREATE TABLE chain_history (
    id         BIGINT PRIMARY KEY,
    low_number BIGINT NOT NULL
);
