-- What each rule says. Grain: one rule. Units: milliseconds, ten-thousandths of the track. Filled by the job.
CREATE OR REPLACE TABLE rules_filled (position INTEGER, id VARCHAR, counts BOOLEAN, min_ms_played BIGINT, min_fraction_e4 BIGINT)
