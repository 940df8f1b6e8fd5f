-- What apps use, day by day: what no other table tells.
CREATE TABLE usage_days (
    app_id TEXT NOT NULL,
    day    BIGINT NOT NULL,                        -- since 1970, UTC
    metric TEXT NOT NULL,                          -- requests | sessions
    count  BIGINT NOT NULL,
    PRIMARY KEY (app_id, day, metric)
);

-- From which web pages an app's users may call.
ALTER TABLE apps ADD COLUMN cors_origins TEXT;     -- JSON list; NULL: none
