-- Whose erased listens the ledger's snapshots show. Grain: one person. Relations: main.held_people.
SELECT DISTINCT person FROM main.held_people
