-- The ledger's files with copies of contested ids. Grain: one file. Relations: ledger_hits.
SELECT DISTINCT _file FROM ledger_hits
