-- Whether anything of a statement differs from the one before. Grain: one row.
-- Relations: was.lines, was.payouts, was.full_shares, now.lines, now.payouts, now.full_shares.
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
    (SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM was.full_shares WHERE amount_minor <> 0
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM now.full_shares WHERE amount_minor <> 0)
    UNION ALL
    (SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM now.full_shares WHERE amount_minor <> 0
     EXCEPT ALL SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM was.full_shares WHERE amount_minor <> 0))
