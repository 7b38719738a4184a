-- Puts one row in place of the differences that would show the folded lines: theirs, and, because a pool gives to
-- others what it takes from these, all money that erased listens, rules, pools and splits moved. Run as one; no
-- parameters.
-- Grain: one difference. Units: listens, signed. Relations: differences, folded_lines.
CREATE OR REPLACE TABLE folding AS
SELECT * FROM differences d
WHERE EXISTS (SELECT 1 FROM folded_lines) AND cause <> 'late listens' AND (kind <> 'line' OR EXISTS (
  SELECT 1 FROM folded_lines f WHERE f.artist_id = d.artist_id AND f.track_id = d.track_id AND f.country = d.country AND f.tier = d.tier));

DELETE FROM differences
WHERE EXISTS (SELECT 1 FROM folded_lines) AND cause <> 'late listens' AND (kind <> 'line' OR EXISTS (
  SELECT 1 FROM folded_lines f WHERE f.artist_id = differences.artist_id AND f.track_id = differences.track_id
    AND f.country = differences.country AND f.tier = differences.tier));

INSERT INTO differences
SELECT min(period), 'held', 'held', '', '', '', '', NULL, NULL, NULL,
  CAST(sum(listens) FILTER (WHERE kind = 'line') AS BIGINT), CAST(sum(qualified_listens) FILTER (WHERE kind = 'line') AS BIGINT), NULL
FROM folding HAVING count(*) > 0
