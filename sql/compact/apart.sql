-- The days of which some files of the ledger have enough rows for a file of their own. Creates apart.
-- Grain: one UTC day. Relations: inputs. Parameters: $1 rows that are enough.
CREATE OR REPLACE TABLE apart AS
SELECT CAST(event_time AS DATE) AS day FROM inputs GROUP BY ALL HAVING count(*) >= $1
