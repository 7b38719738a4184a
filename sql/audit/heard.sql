-- Listens with a copy in the period that have several copies, in whatever months: when the first of these was received.
-- Grain: one id. Parameters: $1, $2 the period, end exclusive. Relations: cut.
CREATE TABLE heard AS
SELECT listen_id, min(received_time) AS first_received
FROM cut SEMI JOIN (SELECT listen_id FROM cut WHERE event_time >= $1::TIMESTAMPTZ AND event_time < $2::TIMESTAMPTZ) USING (listen_id)
GROUP BY listen_id HAVING count(*) > 1
