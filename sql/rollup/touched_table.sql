-- Artists of exact days of which the ledger gained or lost rows since it was last compared with: in these days nothing
-- else can differ. Grain: day, artist_id; may repeat. Filled by touched_add.
CREATE OR REPLACE TABLE touched (day DATE, artist_id VARCHAR)
