-- The rule and the tables of one plan. Run once in a new DuckDB; several statements, no parameters.
-- Grain: below, with each table.
--
-- covers: does the window of a request cover a copy? Times are microseconds since 1970.
-- up_to: the window ends with the request, received at request_us; then a copy received no later than that is
-- covered too, however far ahead its clock ran.
CREATE MACRO covers(event_us, received_us, from_us, to_us, up_to, request_us) AS
  event_us >= from_us AND CASE WHEN up_to THEN event_us < request_us OR received_us <= request_us ELSE event_us < to_us END;

-- The standing requests, in order of position. sweep: it looks for rows in the archive and what is derived from it.
CREATE TABLE wanted (ord BIGINT, user_id VARCHAR, from_us BIGINT, to_us BIGINT, up_to BOOLEAN, request_us BIGINT,
  open BOOLEAN, sweep BOOLEAN);

-- The rows to delete. Grain: one row of a table and one request that covers it. day: of the event; NULL in
-- quarantine, from which nothing is derived. artist_id, track_id and ms_played (milliseconds) are of listens and
-- listens_counted.
CREATE TABLE hits (tbl VARCHAR, _file VARCHAR, _pos BIGINT, ord BIGINT, listen_id VARCHAR, day DATE,
  artist_id VARCHAR, track_id VARCHAR, ms_played BIGINT);

-- The requests this plan carries forward, with their positions.
CREATE TABLE worked (ord BIGINT, source_topic VARCHAR, source_partition BIGINT, source_offset BIGINT);

-- Where another engine found rows to delete, of whatever table: a path is of one. Grain: one row of a table.
CREATE TABLE found (_file VARCHAR, _pos BIGINT);
