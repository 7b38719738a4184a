-- Whether anything of a statement differs from the one before: whether a row is there more often in one of them. Grain:
-- one row.
-- Relations: was.lines, was.payouts, was.full_shares, now.lines, now.payouts, now.full_shares.
SELECT EXISTS (
    SELECT 1
    FROM (
      SELECT artist_id, track_id, country, tier, listens, qualified_listens, 1 AS more FROM was.lines
      UNION ALL
      SELECT artist_id, track_id, country, tier, listens, qualified_listens, -1 FROM now.lines)
    GROUP BY artist_id, track_id, country, tier, listens, qualified_listens
    HAVING sum(more) <> 0)
  OR EXISTS (
    SELECT 1
    FROM (
      SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor, 1 AS more FROM was.payouts
      UNION ALL
      SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor, -1 FROM now.payouts)
    GROUP BY country, tier, currency, artist_id, track_id, qualified_listens, amount_minor
    HAVING sum(more) <> 0)
  OR EXISTS (
    SELECT 1
    FROM (
      SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor, 1 AS more FROM was.full_shares
      UNION ALL
      SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor, -1 FROM now.full_shares)
    WHERE amount_minor <> 0
    GROUP BY country, tier, currency, artist_id, track_id, party, role, amount_minor
    HAVING sum(more) <> 0)
