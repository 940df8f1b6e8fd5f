-- Who did what, from where. Rows are only added; each one's hash covers the one before it.

CREATE TABLE audit_log (
    sequence       BIGINT PRIMARY KEY,         -- 1, 2, 3, … without a gap
    app_id         TEXT,
    owner_id       TEXT,                       -- where an owner did it
    actor_kind     TEXT NOT NULL,              -- owner | serverKey | user
    actor_id       TEXT NOT NULL,
    action         TEXT NOT NULL,              -- method and route
    path           TEXT NOT NULL,
    status         BIGINT NOT NULL,            -- of the answer
    request_id     TEXT NOT NULL,
    address        TEXT,                       -- where from; gone when the person is erased
    address_salt   TEXT,
    address_digest TEXT NOT NULL,              -- SHA-256 of salt and address: what the hash covers of them
    created_at_ms  BIGINT NOT NULL,
    hash           TEXT NOT NULL
);
CREATE INDEX audit_log_by_app ON audit_log (app_id, sequence) WHERE app_id IS NOT NULL;
CREATE INDEX audit_log_by_owner ON audit_log (owner_id, sequence) WHERE owner_id IS NOT NULL;
CREATE INDEX audit_log_by_actor ON audit_log (actor_id);

-- The last row. One row (id = 1), which whoever adds holds.
CREATE TABLE audit_heads (
    id       BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash     TEXT NOT NULL
);
INSERT INTO audit_heads (id, sequence, hash) VALUES (1, 0, '');
