-- Listeners to erase, drawn from all that the archive has. Grain: a listener. $1 how many. Relations: archive (all
-- copies).
SELECT user_id FROM (SELECT DISTINCT user_id FROM archive) ORDER BY hash(user_id), user_id LIMIT $1
