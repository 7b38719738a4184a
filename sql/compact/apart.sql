-- The spans of days of which some files of the ledger have enough rows for a file of their own. Creates apart.
-- Grain: one span, numbered since 1970. Relations: inputs. Parameters: $1 days of a span, $2 rows that are enough.
CREATE OR REPLACE TABLE apart AS
SELECT span, min(day) AS first, max(day) AS last
FROM (SELECT CAST(event_time AS DATE) AS day, (CAST(event_time AS DATE) - DATE '1970-01-01') // $1::BIGINT AS span FROM inputs)
GROUP BY span HAVING count(*) >= $2
