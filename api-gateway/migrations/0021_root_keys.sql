-- The root key, wrapped by a key that never leaves its keeper (AWS KMS, HashiCorp Vault). Without rows the root key comes
-- from the environment or from a file.
CREATE TABLE root_keys (
    keeper        TEXT PRIMARY KEY,            -- which key of which keeper
    wrapped       TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL
);
