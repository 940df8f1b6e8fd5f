-- People who run an app together, what its server keys may do, and what shows that an owner is who he says.

-- Who may do what in an app. One of them is its owner; apps.owner_id is who made it.
CREATE TABLE app_members (
    app_id        TEXT NOT NULL REFERENCES apps (id),
    owner_id      TEXT NOT NULL REFERENCES owners (id),
    role          TEXT NOT NULL,               -- viewer | developer | admin | owner
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (app_id, owner_id)
);
CREATE INDEX app_members_by_owner ON app_members (owner_id, app_id);
INSERT INTO app_members (app_id, owner_id, role, created_at_ms)
    SELECT id, owner_id, 'owner', created_at_ms FROM apps;

ALTER TABLE server_keys ADD COLUMN scopes TEXT;             -- JSON list; NULL: everything

ALTER TABLE owners ADD COLUMN email_verified_at_ms BIGINT;
-- Second factor (RFC 6238): in use once it is confirmed.
ALTER TABLE owners ADD COLUMN sealed_totp TEXT;             -- under the root key
ALTER TABLE owners ADD COLUMN totp_confirmed_at_ms BIGINT;
ALTER TABLE owners ADD COLUMN totp_last_step BIGINT;        -- each code is good once

-- Codes for who has lost the device; each is good once.
CREATE TABLE recovery_codes (
    owner_id  TEXT NOT NULL REFERENCES owners (id),
    code_hash TEXT NOT NULL,
    PRIMARY KEY (owner_id, code_hash)
);

-- What is sent by mail and comes back once.
CREATE TABLE mail_tokens (
    token_hash    TEXT PRIMARY KEY,
    owner_id      TEXT NOT NULL REFERENCES owners (id),
    purpose       TEXT NOT NULL,               -- verify | reset
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX mail_tokens_by_owner ON mail_tokens (owner_id, purpose);
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at_ms);
