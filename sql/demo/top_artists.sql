-- The artists that a period pays most, over all pools of one currency. Grain: one artist. Units: minor units.
-- Relations: payouts (royalty_payouts), lines (royalty_lines). Parameters: $1 period, $2 currency, $3 how many.
SELECT artist_id, CAST(sum(amount_minor) AS BIGINT) AS amount_minor, count(DISTINCT track_id) AS tracks,
  (SELECT CAST(sum(qualified_listens) AS BIGINT) FROM lines l WHERE l.period = $1 AND l.artist_id = p.artist_id) AS qualified_listens
FROM payouts p WHERE period = $1 AND currency = $2
GROUP BY artist_id ORDER BY amount_minor DESC, artist_id LIMIT $3
