-- Whose erasure a line that came out different is about, as far as the ledger's snapshots tell. Grain: one line and
-- person.
-- Relations: main.held_keys, main.touched_told, main.touched_fresh.
CREATE OR REPLACE TABLE main.held_people AS
SELECT key_id, person FROM main.held_keys k JOIN main.touched_told t USING (artist_id, track_id, country, tier) WHERE k.told AND k.differs
UNION
SELECT key_id, person FROM main.held_keys k JOIN main.touched_fresh t USING (artist_id, track_id, country, tier) WHERE NOT k.told AND k.differs
