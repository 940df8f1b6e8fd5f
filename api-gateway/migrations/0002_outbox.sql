-- What the outbox asks again and again gets an index of its own, and patience with a refusal counts blocks too.

-- Overdue rows, the longest overdue first.
CREATE INDEX operations_overdue ON operations (next_send_at_ms, id) WHERE status = 'sent';

-- The best block when the node began to refuse it for the present reason, error_code (see first_refused_at_ms).
ALTER TABLE operations ADD COLUMN first_refused_number BIGINT;
