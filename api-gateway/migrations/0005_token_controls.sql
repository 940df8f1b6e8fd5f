-- Pauses and freezes as the chain tells them, whoever sent them. The latest row of a token and account says how it is, so
-- that taking blocks back is deleting rows.
CREATE TABLE token_controls (
    block_number BIGINT NOT NULL,
    log_index    BIGINT NOT NULL,
    token_id     TEXT NOT NULL REFERENCES tokens (id),
    account      TEXT NOT NULL,               -- '': the token as a whole
    active       BIGINT NOT NULL,             -- 1: paused or frozen from here on
    PRIMARY KEY (block_number, log_index)
);
CREATE INDEX token_controls_by_token ON token_controls (token_id, account, block_number, log_index);
