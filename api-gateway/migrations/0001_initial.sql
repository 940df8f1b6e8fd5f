-- The gateway's schema, valid on SQLite and on PostgreSQL.
--
-- Conventions: ids are prefixed UUIDv7 (`app_…`), so their text order is their age. Addresses, hashes and raw
-- bytes are lowercase 0x-hex TEXT. Amounts are decimal TEXT in the token's smallest unit (a U256 fits no SQL
-- type of both engines). Times are BIGINT unix milliseconds. Flags are BIGINT 0 or 1. Every row of a tenant
-- carries its app_id.

-- People ---------------------------------------------------------------------------------------------------

CREATE TABLE owners (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    display_name  TEXT,
    created_at_ms BIGINT NOT NULL
);

-- A login. Its refresh tokens form one family: use of a spent one revokes the session.
CREATE TABLE sessions (
    id             TEXT PRIMARY KEY,
    principal_kind TEXT NOT NULL,          -- owner | user
    principal_id   TEXT NOT NULL,
    app_id         TEXT,                   -- of a user
    created_at_ms  BIGINT NOT NULL,
    expires_at_ms  BIGINT NOT NULL,
    revoked_at_ms  BIGINT
);
CREATE INDEX sessions_by_principal ON sessions (principal_id);

CREATE TABLE refresh_tokens (
    token_hash    TEXT PRIMARY KEY,
    session_id    TEXT NOT NULL REFERENCES sessions (id),
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    used_at_ms    BIGINT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Keys that sign access tokens; the private half is wrapped by the root key (custody::seal_secret).
CREATE TABLE jwt_keys (
    kid           TEXT PRIMARY KEY,
    public_key    TEXT NOT NULL,
    sealed_key    TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    retired_at_ms BIGINT
);

-- Tenants --------------------------------------------------------------------------------------------------

CREATE TABLE apps (
    id                 TEXT PRIMARY KEY,
    owner_id           TEXT NOT NULL REFERENCES owners (id),
    name               TEXT NOT NULL,
    description        TEXT,
    url                TEXT,
    chain_app_id       TEXT NOT NULL UNIQUE,   -- 16 bytes on chain
    treasury_wallet_id TEXT NOT NULL,
    sealed_app_key     TEXT NOT NULL,          -- custody: under the root key
    root_key_id        TEXT NOT NULL,          -- which root key
    created_at_ms      BIGINT NOT NULL
);
CREATE INDEX apps_by_owner ON apps (owner_id, id);

CREATE TABLE server_keys (
    id              TEXT PRIMARY KEY,
    app_id          TEXT NOT NULL REFERENCES apps (id),
    name            TEXT NOT NULL,
    secret_hash     TEXT NOT NULL UNIQUE,
    secret_prefix   TEXT NOT NULL,             -- shown in lists
    created_at_ms   BIGINT NOT NULL,
    last_used_at_ms BIGINT,
    revoked_at_ms   BIGINT
);
CREATE INDEX server_keys_by_app ON server_keys (app_id, id);

CREATE TABLE wallets (
    id              TEXT PRIMARY KEY,
    app_id          TEXT NOT NULL REFERENCES apps (id),
    user_id         TEXT,                      -- NULL: the app's treasury
    address         TEXT NOT NULL UNIQUE,
    sealed_data_key TEXT NOT NULL,             -- under the app key
    sealed_key      TEXT NOT NULL,             -- the private key under the data key
    next_nonce      BIGINT NOT NULL DEFAULT 0, -- what the next accepted operation gets
    created_at_ms   BIGINT NOT NULL
);
CREATE INDEX wallets_by_app ON wallets (app_id, id);

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    app_id        TEXT NOT NULL REFERENCES apps (id),
    external_id   TEXT,
    email         TEXT,
    password_hash TEXT,
    display_name  TEXT,
    wallet_id     TEXT NOT NULL REFERENCES wallets (id),
    operation_id  TEXT,                        -- the on-chain addUsers; filled in the same transaction
    created_at_ms BIGINT NOT NULL,
    UNIQUE (app_id, external_id),
    UNIQUE (app_id, email)
);
CREATE INDEX users_by_app ON users (app_id, id);

CREATE TABLE tokens (
    id                     TEXT PRIMARY KEY,
    app_id                 TEXT NOT NULL REFERENCES apps (id),
    address                TEXT NOT NULL UNIQUE,
    salt                   TEXT NOT NULL,
    name                   TEXT NOT NULL,
    symbol                 TEXT NOT NULL,
    decimals               BIGINT NOT NULL,
    cap                    TEXT NOT NULL,      -- '0': none
    initial_supply         TEXT NOT NULL,
    closed                 BIGINT NOT NULL,
    included_supply        TEXT NOT NULL,      -- at the best block
    finalized_supply       TEXT NOT NULL,      -- at the finalized block
    operation_id           TEXT NOT NULL,      -- the createToken
    created_at_ms          BIGINT NOT NULL
);
CREATE INDEX tokens_by_app ON tokens (app_id, id);

-- The ledger's database side -------------------------------------------------------------------------------

-- What was asked, the signed bytes that do it, and how far the chain has got. `status`:
-- accepted -> sent -> included -> finalized | failed; only chain evidence (block_*) moves a row past `sent`,
-- except a refusal by the node (refused = 1), whose nonce a `cancel` row then fills.
CREATE TABLE operations (
    id               TEXT PRIMARY KEY,
    app_id           TEXT NOT NULL REFERENCES apps (id),
    kind             TEXT NOT NULL,
    status           TEXT NOT NULL,
    wallet_id        TEXT NOT NULL REFERENCES wallets (id),
    sender           TEXT NOT NULL,
    nonce            BIGINT NOT NULL,
    tx_hash          TEXT NOT NULL UNIQUE,
    raw_tx           TEXT NOT NULL,
    target           TEXT NOT NULL,            -- the address called
    token_id         TEXT,
    from_address     TEXT,
    to_address       TEXT,
    amount           TEXT,
    memo             TEXT,
    resource_id      TEXT,                     -- what it creates: app_, usr_, tok_
    user_id          TEXT,                     -- the user who asked or who pays
    effects          TEXT NOT NULL,            -- JSON: the pending balance moves
    effects_pending  BIGINT NOT NULL,          -- 1: they are counted in balances.pending_*
    refused          BIGINT NOT NULL DEFAULT 0,
    error_code       TEXT,
    error_detail     TEXT,
    error_data       TEXT,                     -- revert bytes
    block_number     BIGINT,
    block_hash       TEXT,
    tx_index         BIGINT,
    gas_used         BIGINT,
    send_attempts    BIGINT NOT NULL DEFAULT 0,
    next_send_at_ms  BIGINT NOT NULL DEFAULT 0, -- not sent (again) before
    first_refused_at_ms BIGINT,                 -- since when the node has been refusing it
    created_at_ms    BIGINT NOT NULL,
    sent_at_ms       BIGINT,
    included_at_ms   BIGINT,
    finalized_at_ms  BIGINT
);
-- One operation a nonce; a cancellation stands on the nonce of the refused operation that it replaces.
CREATE UNIQUE INDEX operations_by_nonce ON operations (wallet_id, nonce) WHERE kind <> 'cancel';
CREATE UNIQUE INDEX operations_by_cancelled_nonce ON operations (wallet_id, nonce) WHERE kind = 'cancel';
CREATE INDEX operations_by_app ON operations (app_id, id);
CREATE INDEX operations_by_token ON operations (token_id, id);
CREATE INDEX operations_open ON operations (status, id) WHERE status IN ('accepted', 'sent');
CREATE INDEX operations_by_block ON operations (block_number);

-- The first answer of each accepted request, kept with it.
CREATE TABLE idempotency_keys (
    scope         TEXT NOT NULL,               -- app id, or owner id for what creates an app
    key           TEXT NOT NULL,
    body_hash     TEXT NOT NULL,
    operation_id  TEXT NOT NULL REFERENCES operations (id),
    answer        TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (key, scope)
);

-- The chain as the follower has projected it. One row (id = 1).
CREATE TABLE chain_state (
    id               BIGINT PRIMARY KEY,
    chain_id         BIGINT NOT NULL,
    genesis_hash     TEXT NOT NULL,
    best_number      BIGINT NOT NULL,
    best_hash        TEXT NOT NULL,
    finalized_number BIGINT NOT NULL,
    finalized_hash   TEXT NOT NULL,
    verified_number  BIGINT NOT NULL,
    mismatches       BIGINT NOT NULL DEFAULT 0,   -- found and repaired since the beginning
    finality_losses  BIGINT NOT NULL DEFAULT 0,   -- times a finalized block vanished
    updated_at_ms    BIGINT NOT NULL
);

-- Hashes of the canonical blocks, to find the common ancestor after a reorg.
CREATE TABLE blocks (
    number       BIGINT PRIMARY KEY,
    hash         TEXT NOT NULL,
    parent_hash  TEXT NOT NULL,
    timestamp_ms BIGINT NOT NULL
);

-- Every Transfer log of a known token in a canonical block, whoever sent the transaction.
CREATE TABLE transfers (
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    block_hash   TEXT NOT NULL,
    tx_hash      TEXT NOT NULL,
    app_id       TEXT NOT NULL,
    token_id     TEXT NOT NULL REFERENCES tokens (id),
    from_address TEXT NOT NULL,
    to_address   TEXT NOT NULL,
    amount       TEXT NOT NULL,
    operation_id TEXT,
    timestamp_ms BIGINT NOT NULL,
    PRIMARY KEY (block_number, log_index)
);
CREATE INDEX transfers_by_token ON transfers (token_id, block_number, log_index);
CREATE INDEX transfers_by_sender ON transfers (from_address, block_number, log_index);
CREATE INDEX transfers_by_receiver ON transfers (to_address, block_number, log_index);

-- The cache of balances. pending_own_in is the part of pending_in that the holder's own wallet signs: nonce
-- order guarantees that it lands before anything the wallet signs later, so it may be spent at once.
CREATE TABLE balances (
    token_id       TEXT NOT NULL REFERENCES tokens (id),
    address        TEXT NOT NULL,
    app_id         TEXT NOT NULL,
    included       TEXT NOT NULL,
    finalized      TEXT NOT NULL,
    pending_in     TEXT NOT NULL,
    pending_own_in TEXT NOT NULL,
    pending_out    TEXT NOT NULL,
    PRIMARY KEY (token_id, address)
);
CREATE INDEX balances_by_address ON balances (address, token_id);

-- What the verifier found wrong, with what it did; evidence for the operator.
CREATE TABLE mismatches (
    block_number  BIGINT NOT NULL,
    token_id      TEXT NOT NULL,
    address       TEXT NOT NULL,               -- '' for the total supply
    cached        TEXT NOT NULL,
    on_chain      TEXT NOT NULL,
    found_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (block_number, token_id, address)
);

-- Which gateway replica runs the ledger's background tasks.
CREATE TABLE leases (
    name          TEXT PRIMARY KEY,
    holder        TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
