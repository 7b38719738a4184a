-- How many units whole shares leave over of each pool. Grain: one pool. Units: minor units. Relations: shares.
SELECT country, tier, currency, CAST(sum(remainder) // any_value(whole) AS BIGINT) AS units FROM shares GROUP BY ALL
