-- Where the differences of each closed period go. Grain: one origin period. Units: subjects are people whose erasure
-- they are about.
CREATE TABLE postings (period VARCHAR, run_id VARCHAR, open_period VARCHAR, subjects BIGINT, posted_at TIMESTAMPTZ)
