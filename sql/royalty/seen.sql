-- The people whose erased listens snapshots of the ledger show, as requests call them. Grain: one request.
-- Relations: located_requests (deletion_requests), main.held_people.
CREATE OR REPLACE TABLE main.seen AS
SELECT DISTINCT subject FROM located_requests JOIN main.held_people ON person = user_id WHERE subject IS NOT NULL
