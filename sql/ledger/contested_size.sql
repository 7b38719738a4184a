-- How many ids are contested, and the memory limit. Grain: one row. Units: ids, bytes. Relations: contested.
SELECT count(*), CAST(parse_formatted_bytes(current_setting('memory_limit')) AS BIGINT) FROM contested
