-- Wallets of users' own, whose keys the gateway never sees: linked by a signature, and good for logging in.
CREATE TABLE linked_wallets (
    app_id        TEXT NOT NULL REFERENCES apps (id),
    address       TEXT NOT NULL,
    user_id       TEXT NOT NULL REFERENCES users (id),
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (app_id, address)
);
CREATE INDEX linked_wallets_by_user ON linked_wallets (user_id, address);

-- What a wallet is asked to sign (EIP-4361); good once, for minutes.
CREATE TABLE wallet_challenges (
    nonce         TEXT PRIMARY KEY,
    app_id        TEXT NOT NULL,
    address       TEXT NOT NULL,
    user_id       TEXT,                       -- who links it; NULL: a login
    message       TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX wallet_challenges_by_expiry ON wallet_challenges (expires_at_ms);
