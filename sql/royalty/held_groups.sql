-- Who gets to see which lines: the artist, the label and every party of a track, and all who share a pool with it.
-- Lines that an erased listen left for another are linked. Run as one; no parameters. Grain: one line and group.
-- Relations: main.held_keys, main.held_labels, main.held_pools, was.full_shares, now.full_shares,
-- main.erased_keys_fresh.
CREATE OR REPLACE TABLE main.held_groups AS
SELECT key_id, 'artist ' || artist_id AS grp FROM main.held_keys WHERE differs
UNION
SELECT key_id, 'label ' || coalesce(label_id, '') FROM main.held_keys LEFT JOIN main.held_labels USING (track_id) WHERE differs
UNION
SELECT key_id, 'party ' || party FROM main.held_keys
JOIN (SELECT artist_id, track_id, party FROM was.full_shares UNION SELECT artist_id, track_id, party FROM now.full_shares) USING (artist_id, track_id)
WHERE differs
UNION
SELECT key_id, 'pool ' || p.country || chr(31) || p.tier || chr(31) || p.currency
FROM main.held_keys k JOIN main.held_pools p ON (p.country = '*' OR p.country = k.country) AND (p.tier = '*' OR p.tier = k.tier)
WHERE k.qualified <> 0;

CREATE OR REPLACE TABLE main.held_links AS
SELECT DISTINCT a.key_id AS one, b.key_id AS other
FROM main.erased_keys_fresh x JOIN main.erased_keys_fresh y USING (listen_id)
  JOIN main.held_keys a ON a.artist_id = x.artist_id AND a.track_id = x.track_id AND a.country = x.country AND a.tier = x.tier
  JOIN main.held_keys b ON b.artist_id = y.artist_id AND b.track_id = y.track_id AND b.country = y.country AND b.tier = y.tier
WHERE a.key_id <> b.key_id
