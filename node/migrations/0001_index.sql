-- What Ethereum clients ask for and the chain's own database can't find: everything by Ethereum hash, and logs by
-- address and topic. Derived data: delete the file and the node writes it anew from the chain.
--
-- Hashes, addresses and 256-bit numbers are BLOBs, 128-bit numbers 16 bytes big-endian.

CREATE TABLE blocks (
    id             INTEGER PRIMARY KEY,
    number         INTEGER NOT NULL,
    hash           BLOB    NOT NULL,
    substrate_hash BLOB    NOT NULL UNIQUE,
    -- RLP.
    header         BLOB    NOT NULL,
    size_bytes     INTEGER NOT NULL,
    -- 1 on the best chain, 0 after a reorganisation took the block off it.
    canonical      INTEGER NOT NULL
);
-- At most one canonical block at each height.
CREATE UNIQUE INDEX blocks_canonical ON blocks (number) WHERE canonical = 1;
-- For the sweep after finalization.
CREATE INDEX blocks_retracted ON blocks (number) WHERE canonical = 0;
CREATE INDEX blocks_hash ON blocks (hash);

CREATE TABLE transactions (
    block_id            INTEGER NOT NULL REFERENCES blocks (id) ON DELETE CASCADE,
    position            INTEGER NOT NULL,
    hash                BLOB    NOT NULL,
    -- As it was sent (EIP-2718).
    raw                 BLOB    NOT NULL,
    sender              BLOB    NOT NULL,
    recipient           BLOB,
    contract_address    BLOB,
    gas_used            INTEGER NOT NULL,
    cumulative_gas_used INTEGER NOT NULL,
    effective_gas_price BLOB    NOT NULL,
    success             INTEGER NOT NULL,
    -- The position in the block of this transaction's first log.
    first_log           INTEGER NOT NULL,
    PRIMARY KEY (block_id, position)
) WITHOUT ROWID;
CREATE INDEX transactions_hash ON transactions (hash);

CREATE TABLE logs (
    block_id             INTEGER NOT NULL REFERENCES blocks (id) ON DELETE CASCADE,
    -- In the block, over all its transactions.
    position             INTEGER NOT NULL,
    number               INTEGER NOT NULL,
    transaction_position INTEGER NOT NULL,
    address              BLOB    NOT NULL,
    topic0               BLOB,
    topic1               BLOB,
    topic2               BLOB,
    topic3               BLOB,
    data                 BLOB    NOT NULL,
    PRIMARY KEY (block_id, position)
) WITHOUT ROWID;
CREATE INDEX logs_address ON logs (address, number);
CREATE INDEX logs_topic0 ON logs (topic0, number);

-- The last blocks as the chain's database would store them, so that what a client was told outlives the loss of
-- writes that the chain's database had not yet made when the process was killed.
CREATE TABLE journal (
    number         INTEGER NOT NULL,
    substrate_hash BLOB    NOT NULL PRIMARY KEY,
    -- SCALE encoding of header and body.
    block          BLOB    NOT NULL
) WITHOUT ROWID;
CREATE INDEX journal_number ON journal (number);

-- One row: the chain that this index belongs to.
CREATE TABLE chain (
    only         INTEGER PRIMARY KEY CHECK (only = 1),
    genesis_hash BLOB NOT NULL,
    -- Height of the last block that was final when this was written.
    finalized    INTEGER NOT NULL
);
