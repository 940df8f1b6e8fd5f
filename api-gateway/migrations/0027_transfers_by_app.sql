-- All movements of an app, in order.
CREATE INDEX transfers_by_app ON transfers (app_id, block_number, log_index, place);
