-- The log of deletions that an earlier version began: nothing says how many rows of the ledger went.
-- Grain: one step of a request. Relations: located_log_read (deletion_log).
CREATE OR REPLACE VIEW located_log AS SELECT *, NULL::VARCHAR AS ledger_rows FROM located_log_read
