-- Indices for lists with a filter, and for deleting what is old.

CREATE INDEX operations_by_user ON operations (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX operations_by_status ON operations (app_id, status, id);

CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at_ms) WHERE revoked_at_ms IS NOT NULL;
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at_ms);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at_ms);
