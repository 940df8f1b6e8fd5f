-- What is kept of users beside their login, and whether they may act.
ALTER TABLE users ADD COLUMN status TEXT NOT NULL DEFAULT 'active';     -- active | suspended | erased
ALTER TABLE users ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';       -- JSON: the app's own names and values
CREATE INDEX users_by_status ON users (app_id, status, id);

CREATE TABLE user_tags (
    app_id  TEXT NOT NULL,
    tag     TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (app_id, tag, user_id)
);
CREATE INDEX user_tags_by_user ON user_tags (user_id);

-- Signs nothing any more: its user is suspended or erased.
ALTER TABLE wallets ADD COLUMN suspended BIGINT NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at_ms BIGINT;                 -- the last refresh
