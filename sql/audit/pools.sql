-- The pools that the run shared out. Grain: one pool. Units: minor units. Parameters: $1 version, $2 period.
-- Relations: all_pools (royalty_pools).
CREATE TABLE pools AS
SELECT country, tier, currency, amount_minor FROM all_pools WHERE version = $1 AND period = $2 AND currency IS NOT NULL
