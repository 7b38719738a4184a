-- The closings of a table that an earlier version made: nothing is pinned. Grain: one closing. Relations: closes
-- (royalty_closes).
CREATE OR REPLACE VIEW closes_read AS SELECT *, NULL::VARCHAR AS pinned FROM closes
