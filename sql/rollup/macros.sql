-- Macros of the other statements here. Grain: none; a macro is not rows. Several statements. late: the copy was
-- received two or more UTC days after its play, so a day that may have been true already gained a row. listener: the
-- keyed hash of a user, the low half of md5_number. md5_number_upper gives the same by a text of 128 characters, which
-- takes twice as long. one: a hash as 8 bytes, most significant first. sketch: the k smallest of some hashes, each
-- once, ascending, one after the other. few: the same where most groups have one hash, as in an hour; the CASE costs
-- more than it saves where they have many. united: the k smallest of the hashes in some sketches, of which there is
-- mostly one.
CREATE MACRO late(event_time, received_time) AS
  date_diff('day', CAST(make_timestamp(epoch_us(event_time)) AS DATE), CAST(make_timestamp(epoch_us(received_time)) AS DATE)) >= 2;
CREATE MACRO listener(key, user_id) AS CAST(md5_number(key || user_id) & 18446744073709551615 AS UBIGINT);
CREATE MACRO one(hash) AS CAST(CAST(hash AS BIT) AS BLOB);
CREATE MACRO sketch(hashes, k) AS
  unhex(array_to_string(list_transform(list_sort(list_distinct(hashes))[1:k], lambda h: hex(one(h))), ''));
CREATE MACRO few(hashes, k) AS CASE WHEN len(hashes) = 1 THEN one(hashes[1]) ELSE sketch(hashes, k) END;
CREATE MACRO united(sketches, k) AS
  CASE WHEN len(sketches) = 1 THEN sketches[1]
  ELSE unhex(array_to_string(list_sort(list_distinct(flatten(list_transform(sketches,
    lambda s: regexp_extract_all(hex(s), '.{16}')))))[1:k], '')) END;
