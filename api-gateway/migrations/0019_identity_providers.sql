-- Where an app's users log in, if not here: who signs what they show (OpenID Connect).
CREATE TABLE identity_providers (
    app_id        TEXT PRIMARY KEY REFERENCES apps (id),
    issuer        TEXT NOT NULL,
    audience      TEXT NOT NULL,
    jwks_url      TEXT NOT NULL,
    create_users  BIGINT NOT NULL,             -- who is unknown is made a user
    updated_at_ms BIGINT NOT NULL
);
