-- Makes one row of the rows that slices have of a line. Grain: one (period, artist_id, track_id, country, tier). Units:
-- listens. Relations: recounted.
CREATE OR REPLACE TABLE recounted AS
SELECT period, artist_id, track_id, country, tier, sum(listens)::BIGINT AS listens, sum(qualified_listens)::BIGINT AS qualified_listens
FROM recounted
GROUP BY ALL
