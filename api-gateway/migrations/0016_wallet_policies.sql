-- What a user's custodial wallet may do, beside what the chain allows.
ALTER TABLE wallets ADD COLUMN guarded BIGINT NOT NULL DEFAULT 0;       -- has a policy that each write is held against

CREATE TABLE wallet_policies (
    wallet_id     TEXT PRIMARY KEY REFERENCES wallets (id),
    app_id        TEXT NOT NULL,
    allowed       TEXT,                        -- JSON list of addresses that may receive; NULL: all
    signing       TEXT NOT NULL,               -- none | messages | all
    updated_at_ms BIGINT NOT NULL
);

-- Each limit with what was accepted in its present period.
CREATE TABLE wallet_limits (
    wallet_id     TEXT NOT NULL REFERENCES wallets (id),
    token_id      TEXT NOT NULL REFERENCES tokens (id),
    period        TEXT NOT NULL,               -- hour | day | week
    amount        TEXT NOT NULL,
    spent         TEXT NOT NULL,
    period_number BIGINT NOT NULL,             -- which one `spent` is of
    PRIMARY KEY (wallet_id, token_id, period)
);
