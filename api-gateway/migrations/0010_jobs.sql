-- Much work behind one request: each line is done by itself, and has its own outcome.

CREATE TABLE jobs (
    id             TEXT PRIMARY KEY,
    app_id         TEXT NOT NULL REFERENCES apps (id),
    kind           TEXT NOT NULL,              -- transfers | users
    status         TEXT NOT NULL,              -- running | finished
    token_id       TEXT,
    wallet_id      TEXT,                       -- who pays
    total          BIGINT NOT NULL,
    counts         TEXT,                       -- JSON: how it ended
    request_key    TEXT NOT NULL,              -- its Idempotency-Key
    body_hash      TEXT NOT NULL,
    created_at_ms  BIGINT NOT NULL,
    finished_at_ms BIGINT,
    UNIQUE (app_id, request_key)
);
CREATE INDEX jobs_by_app ON jobs (app_id, id);
CREATE INDEX jobs_running ON jobs (id) WHERE status = 'running';

CREATE TABLE job_lines (
    job_id       TEXT NOT NULL REFERENCES jobs (id),
    line         BIGINT NOT NULL,              -- place in the request, from 0
    status       TEXT NOT NULL,                -- waiting | accepted | refused | cancelled
    payload      TEXT,                         -- JSON: what was asked; gone once it is accepted
    operation_id TEXT,
    resource_id  TEXT,                         -- what it made: usr_
    error_code   TEXT,
    error_detail TEXT,
    PRIMARY KEY (job_id, line)
);
CREATE INDEX job_lines_waiting ON job_lines (job_id, line) WHERE status = 'waiting';
