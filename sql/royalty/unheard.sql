-- What terms name and no listen has. Grain: one value, the first ones of each kind and column. Units: values.
-- Parameters: $1 values listed of a kind and column. Relations: named (terms, field, value).
SELECT terms, field, count(*) OVER (PARTITION BY terms, field) AS number_of_values, value
FROM named
QUALIFY row_number() OVER (PARTITION BY terms, field ORDER BY value) <= $1::BIGINT
ORDER BY terms, field, value
