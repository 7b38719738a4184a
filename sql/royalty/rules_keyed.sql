-- The rules that hold against some columns of a listen, as the job fills them in, and the same with their times as
-- such. Several statements, no parameters. Grain: one key and range of time. Columns that are not of the key are NULL.
CREATE OR REPLACE TABLE rules_keyed (track_id VARCHAR, artist_id VARCHAR, country VARCHAR, tier VARCHAR, device VARCHAR,
  from_time VARCHAR, to_time VARCHAR, position INTEGER);
CREATE OR REPLACE VIEW rules_ranges AS
SELECT * REPLACE (CAST(from_time AS TIMESTAMPTZ) AS from_time, CAST(to_time AS TIMESTAMPTZ) AS to_time) FROM rules_keyed
