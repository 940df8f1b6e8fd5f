-- Contracts that an app has named, its own or anybody's, with their interface.
CREATE TABLE contracts (
    id            TEXT PRIMARY KEY,
    app_id        TEXT NOT NULL REFERENCES apps (id),
    name          TEXT NOT NULL,
    address       TEXT,                       -- of one that the gateway deploys: set when its nonce is
    abi           TEXT NOT NULL,              -- JSON
    operation_id  TEXT,                       -- the deployment, where it was the gateway's
    created_at_ms BIGINT NOT NULL,
    UNIQUE (app_id, address)
);
CREATE INDEX contracts_by_app ON contracts (app_id, id);
CREATE INDEX contracts_by_address ON contracts (address);
CREATE INDEX contracts_by_operation ON contracts (operation_id);

-- Their logs in canonical blocks, since they were named.
CREATE TABLE contract_logs (
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    contract_id  TEXT NOT NULL REFERENCES contracts (id),
    app_id       TEXT NOT NULL,
    block_hash   TEXT NOT NULL,
    tx_hash      TEXT NOT NULL,
    topics       TEXT NOT NULL,               -- JSON
    data         TEXT NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    PRIMARY KEY (block_number, log_index, contract_id)
);
CREATE INDEX contract_logs_by_contract ON contract_logs (contract_id, block_number, log_index);
