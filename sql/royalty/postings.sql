-- Where the differences of each closed period go. Grain: one origin period.
-- Units: subjects are people erased since the close, all whom the differences may be about.
CREATE TABLE postings (period VARCHAR, run_id VARCHAR, open_period VARCHAR, batch_period VARCHAR, subjects BIGINT, posted_at TIMESTAMPTZ)
