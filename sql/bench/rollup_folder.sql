-- Where bench/rollup_limit writes to. Grain: none. Parameters: $1 folder.
SET VARIABLE folder = $1
