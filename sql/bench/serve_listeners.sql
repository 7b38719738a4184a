-- Rows of listeners_by_day, in the order of the catalogue: of each track and day a listener for eight plays, and of
-- each artist and day. Hashes ascend by construction; most rows have one to three, which need no list.
-- Grain: one row of the table. Relations: catalogue (and the constants).
CREATE OR REPLACE VIEW output AS
SELECT getvariable('first') + d AS day, artist_id, track_id, CASE many
    WHEN 1 THEN CAST(CAST(base AS BIT) AS BLOB)
    WHEN 2 THEN CAST(CAST(base AS BIT) AS BLOB) || CAST(CAST(base + step AS BIT) AS BLOB)
    WHEN 3 THEN CAST(CAST(base AS BIT) AS BLOB) || CAST(CAST(base + step AS BIT) AS BLOB) || CAST(CAST(base + 2 * step AS BIT) AS BLOB)
    ELSE unhex(array_to_string(list_transform(range(many), lambda i: printf('%016x', i * step + (base + i * 7919) % step)), '')) END AS listeners
FROM (
  SELECT *, 9223372036854775807 // many AS step, CAST(hash(n, d, getvariable('salt')) // 4 AS BIGINT) % (9223372036854775807 // many) AS base FROM (
    SELECT n, artist_id, track_id, d, least(65536, CAST(ceil(plays * getvariable('share') / 8) AS BIGINT)) AS many FROM (
      SELECT *, CAST(chance * getvariable('share') * 18446744073709550000 AS UBIGINT) AS bound, unnest(CAST(range(getvariable('days')) AS INTEGER[])) AS d
      FROM catalogue)
    WHERE hash(n, d, getvariable('salt')) < bound))
