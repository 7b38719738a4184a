-- What each party of a payout gets. Grain: one party of a payout in one role. Units: minor units of the currency.
CREATE OR REPLACE TABLE shares_parts (payout BIGINT, party VARCHAR, role VARCHAR, amount_minor BIGINT)
