-- What each party of a payout weighs: its basis points times the qualified listens of the days they hold for. Days
-- that no split covers weigh for the artist. Where the splits last the whole month the payout's own listens are
-- enough; only the listens of the others are read. Grain: one party of a payout in one role.
-- Units: listens times basis points.
-- Relations: shares_paid, shares_listens (qualified listens of tracks whose splits do not), shares_terms, shares_dated.
CREATE OR REPLACE TABLE shares_weights AS
WITH whole AS (
  FROM shares_terms WHERE NOT dated
), daily AS (
  SELECT strftime(event_time, '%Y-%m') AS period, CAST(event_time AS DATE) AS day, artist_id, track_id, country, tier, count(*) AS listens
  FROM shares_listens l SEMI JOIN shares_dated d ON d.track_id = l.track_id AND d.period = strftime(l.event_time, '%Y-%m')
  GROUP BY ALL
), lines AS (
  SELECT d.period, d.artist_id, d.track_id, d.country, d.tier, coalesce(t.party, d.artist_id) AS party, coalesce(t.role, 'artist') AS role,
    sum(d.listens * coalesce(t.basis_points, 10000)) AS weight
  FROM daily d LEFT JOIN shares_dated t ON t.period = d.period AND t.track_id = d.track_id AND d.day >= t.day_from AND d.day < t.day_to
  GROUP BY ALL
)
SELECT p.payout, t.party, t.role, CAST(p.qualified_listens AS HUGEINT) * t.basis_points AS weight
FROM shares_paid p JOIN whole t ON t.period = p.period AND t.track_id = p.track_id
UNION ALL
SELECT p.payout, l.party, l.role, CAST(sum(l.weight) AS HUGEINT) AS weight
FROM shares_paid p JOIN lines l ON l.period = p.period AND l.artist_id = p.artist_id AND l.track_id = p.track_id
  AND (p.country = '*' OR p.country = l.country) AND (p.tier = '*' OR p.tier = l.tier)
GROUP BY ALL
