-- Items for sale, and what has become of them as the chain tells it, whoever sent it: the latest change of a slot says how
-- it is, so that taking blocks back is deleting rows.
CREATE TABLE slots (
    id            TEXT PRIMARY KEY,            -- slt_…
    app_id        TEXT NOT NULL REFERENCES apps (id),
    item_id       TEXT NOT NULL REFERENCES tokens (id),
    contract      TEXT NOT NULL,               -- the collection's address
    name          TEXT NOT NULL,               -- the slot's id on chain: the hash of its terms
    seller        TEXT NOT NULL,
    currency      TEXT NOT NULL,               -- a token's address
    price         TEXT NOT NULL,               -- of one, in the currency's smallest unit
    shares        TEXT NOT NULL,               -- JSON: [{"to": "0x…", "basisPoints": 250}]
    amount        TEXT NOT NULL,               -- how many were offered
    operation_id  TEXT NOT NULL,               -- '': opened without this gateway
    created_at_ms BIGINT NOT NULL,
    UNIQUE (contract, name)
);
CREATE INDEX slots_by_app ON slots (app_id, id);
CREATE INDEX slots_by_item ON slots (item_id, id);

CREATE TABLE slot_changes (
    block_number  BIGINT NOT NULL,
    log_index     BIGINT NOT NULL,
    contract      TEXT NOT NULL,
    name          TEXT NOT NULL,
    kind          TEXT NOT NULL,               -- opened, sold, closed
    buyer         TEXT NOT NULL,               -- '' where nobody bought
    amount        TEXT NOT NULL,
    payment       TEXT NOT NULL,
    left_amount   TEXT NOT NULL,               -- '0': the slot is gone
    tx_hash       TEXT NOT NULL,
    timestamp_ms  BIGINT NOT NULL,
    PRIMARY KEY (block_number, log_index)
);
CREATE INDEX slot_changes_by_slot ON slot_changes (contract, name, block_number, log_index);
