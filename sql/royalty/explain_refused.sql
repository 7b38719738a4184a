-- How many listens each rule refused; '' = no rule matched. Grain: one rule. Units: listens. Relations: explained.
SELECT rule, count(*) FROM explained WHERE NOT qualifies GROUP BY rule ORDER BY count(*) DESC, rule
