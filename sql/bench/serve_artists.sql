-- Artists who are asked for: drawn without replacement, by what is played of them. Grain: one artist.
-- $1 how many. Relations: catalogue.
SELECT artist_id FROM catalogue WHERE track_id = ''
ORDER BY -ln((1 + hash(artist_id) % 1000000) / 1000001) / plays, artist_id LIMIT $1
