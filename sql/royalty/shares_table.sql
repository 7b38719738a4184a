-- The table of shares, empty. Grain: one party of a payout in one role. Units: minor units of the currency.
CREATE OR REPLACE TABLE shares_out (
  period VARCHAR, country VARCHAR, tier VARCHAR, currency VARCHAR, artist_id VARCHAR, track_id VARCHAR,
  party VARCHAR, role VARCHAR, amount_minor BIGINT)
