-- Transfers at a time to come, once or again and again.

CREATE TABLE schedules (
    id                TEXT PRIMARY KEY,
    app_id            TEXT NOT NULL REFERENCES apps (id),
    user_id           TEXT,                        -- who asked, where it was a user
    token_id          TEXT NOT NULL REFERENCES tokens (id),
    wallet_id         TEXT NOT NULL REFERENCES wallets (id),
    receiver          TEXT NOT NULL,               -- as it was asked: usr_, wal_ or an address
    amount            TEXT NOT NULL,
    memo              TEXT,
    start_ms          BIGINT NOT NULL,             -- of the first
    unit              TEXT,                        -- day | week | month; NULL: once
    every             BIGINT,                      -- so many units
    occurrences       BIGINT,                      -- how many at most; NULL: no end
    status            TEXT NOT NULL,               -- active | finished | cancelled
    done              BIGINT NOT NULL DEFAULT 0,   -- how many were due and are settled
    next_ms           BIGINT,                      -- when the next is due; NULL when there is none
    last_ms           BIGINT,                      -- when the last was settled
    last_operation_id TEXT,
    last_error_code   TEXT,
    last_error_detail TEXT,
    request_key       TEXT NOT NULL,               -- its Idempotency-Key
    body_hash         TEXT NOT NULL,
    created_at_ms     BIGINT NOT NULL,
    UNIQUE (app_id, request_key)
);
CREATE INDEX schedules_by_app ON schedules (app_id, id);
CREATE INDEX schedules_due ON schedules (next_ms) WHERE status = 'active';
