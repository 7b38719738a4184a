-- Signed differences between statements. Grain: one row a period, cause and key of a line, payout or share; columns
-- that a kind has not are NULL. Units: listens; minor units of the currency.
CREATE TABLE differences (
  period VARCHAR, kind VARCHAR, cause VARCHAR, artist_id VARCHAR, track_id VARCHAR, country VARCHAR, tier VARCHAR,
  currency VARCHAR, party VARCHAR, role VARCHAR, listens BIGINT, qualified_listens BIGINT, amount_minor BIGINT)
