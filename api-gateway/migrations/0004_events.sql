-- What happened, in one order, and who is told by webhook.

-- The last sequence number given out. Who adds events holds this row until the commit, so that they appear in the order
-- of their numbers: a reader that has seen number n has not missed a smaller one.
CREATE TABLE event_heads (
    id   BIGINT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO event_heads (id, last) VALUES (1, 0);

CREATE TABLE events (
    sequence       BIGINT PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,       -- evt_
    app_id         TEXT NOT NULL,
    type           TEXT NOT NULL,
    account        TEXT,                       -- addresses whose events are delivered in order
    other_account  TEXT,
    user_id        TEXT,                       -- users who may see it
    other_user_id  TEXT,
    data           TEXT NOT NULL,              -- JSON
    created_at_ms  BIGINT NOT NULL
);
CREATE INDEX events_by_app ON events (app_id, sequence);
CREATE INDEX events_by_user ON events (user_id, sequence) WHERE user_id IS NOT NULL;
CREATE INDEX events_by_other_user ON events (other_user_id, sequence) WHERE other_user_id IS NOT NULL;
CREATE INDEX events_by_age ON events (created_at_ms);

CREATE TABLE webhooks (
    id                  TEXT PRIMARY KEY,      -- whk_
    app_id              TEXT NOT NULL REFERENCES apps (id),
    url                 TEXT NOT NULL,
    description         TEXT,
    types               TEXT NOT NULL,         -- JSON array; empty: all
    sealed_secret       TEXT NOT NULL,         -- custody::seal_secret
    sealed_old_secret   TEXT,                  -- signs too, until then
    old_secret_until_ms BIGINT,
    status              TEXT NOT NULL,         -- enabled | disabled
    disabled_reason     TEXT,
    cursor              BIGINT NOT NULL,       -- events up to this one have their deliveries
    failing_since_ms    BIGINT,                -- no attempt has succeeded since
    failures            BIGINT NOT NULL DEFAULT 0, -- attempts in a row that failed
    created_at_ms       BIGINT NOT NULL
);
CREATE INDEX webhooks_by_app ON webhooks (app_id, id);

CREATE TABLE webhook_deliveries (
    webhook_id      TEXT NOT NULL REFERENCES webhooks (id),
    sequence        BIGINT NOT NULL,
    event_id        TEXT NOT NULL,
    status          TEXT NOT NULL,             -- pending | delivered | failed
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_ms BIGINT NOT NULL,
    response_status BIGINT,                    -- of the last attempt
    error           TEXT,
    duration_ms     BIGINT,
    attempted_at_ms BIGINT,
    created_at_ms   BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, sequence)
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, sequence) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at_ms);
