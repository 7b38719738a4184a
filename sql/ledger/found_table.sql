-- Ledger rows whose id one of the new copies claims, as Trino finds them. A row may come twice.
-- Grain: one ledger row.
CREATE TABLE ledger_found (listen_id VARCHAR, event_time TIMESTAMPTZ, _file VARCHAR)
