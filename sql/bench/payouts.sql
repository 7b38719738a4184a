-- The payouts as numbers that are equal where all of them are. Grain: one row. Units: payouts, minor units of any
-- currency, SHA-256. Relations: payouts (royalty_payouts).
SELECT count(*), CAST(coalesce(sum(amount_minor), 0) AS BIGINT),
  sha256(coalesce(string_agg(
    concat_ws(chr(31), period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor), chr(10)
    ORDER BY period, country, tier, currency, artist_id, track_id), ''))
FROM payouts
