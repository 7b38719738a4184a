-- The text that a checksum is taken over: a line's seven values joined by 0x1F, each ended by a newline; in blocks
-- of lines that follow one another, because handing over line by line costs more than making them.
-- Grain: one row a block. Relations: line_rows (lines in the order of the checksum with their place, from 0).
-- Parameters: the places [$1, $2), $3 lines a block.
SELECT string_agg(concat(period, chr(31), artist_id, chr(31), track_id, chr(31), country, chr(31), tier, chr(31),
  listens, chr(31), qualified_listens, chr(10)), '' ORDER BY place)
FROM line_rows WHERE place >= $1 AND place < $2
GROUP BY place // $3
ORDER BY place // $3
