-- Whether anything of a statement differs from the one before. Grain: one row.
-- Relations: was.lines, was.payouts, was.shares, now.lines, now.payouts, now.shares.
SELECT EXISTS (
    (SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM was.lines
     EXCEPT ALL SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM now.lines)
    UNION ALL
    (SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM now.lines
     EXCEPT ALL SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM was.lines))
  OR EXISTS (
    (SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM was.payouts
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM now.payouts)
    UNION ALL
    (SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM now.payouts
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM was.payouts))
  OR EXISTS (
    (SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM was.shares
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM now.shares WHERE amount_minor <> 0)
    UNION ALL
    (SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM now.shares WHERE amount_minor <> 0
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM was.shares))
