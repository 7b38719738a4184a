// Package listen is the event of the music service: what a record of the topic must look like, whose it is, and which
// events a deletion request names. It is pure: bytes in, one outcome out, no clock, no I/O, nothing of ours imported.
//
// # Use
//
//  1. [NewDecoder] makes a decoder for one goroutine, with [DefaultLimits] or the limits that are configured.
//  2. [Decoder.Decode] takes the bytes and the time of one record and returns its [Kind].
//  3. Kind says which of Listen, Deletion and Refusal is set; it stays valid until the next Decode.
//
// # What it reads and returns
//
// A [Decoder] takes the value of one record and answers with one of three kinds: a [Listen], a [Deletion], or a
// [Refusal]. There is no error beside these: a record that cannot be read is an outcome as well, and the caller
// archives it. The order of the checks is part of the contract, since the first one that fails gives the refusal its
// reason:
//
//  1. malformed_json: the bytes are not one JSON object, or not strictly so
//  2. unknown_type: the type is neither listen nor deletion
//  3. missing_field: a required field is absent, null or ""; all required fields are checked before any value is
//  4. invalid_field: wrong JSON type, range or format, in the order of the fields in the struct; a received_time more
//     than 1 h after the timestamp that the log gave the record is out of range
//  5. event_time_in_future, event_time_too_old: against the time of arrival
//
// # Invariants
//
//   - Times are microseconds since 1970-01-01T00:00:00Z; digits beyond are cut, never rounded. All lie in the years 1
//     to 9999 UTC.
//   - Nothing is repaired: no clamping, no trimming, no replacement characters. The one normalisation is a country's
//     case.
//   - A listen loses nothing: keys that this package does not know are kept in [Listen.Extra], byte for byte.
//   - [Refusal.Detail] is made of field names, constants and limits only, so it never carries what a person sent.
//   - Strings are copies in chunks that the garbage collector owns: they outlive the record and the decoder.
//
// # How the JSON is read
//
// fastjson decides on the grammar. It is lenient in places where the contract is not, and it recurses without bound, so
// a single linear scan goes first: it bounds the depth, refuses control characters inside strings and words that are no
// literal (on those the library would quote the rest of the record once per level), pairs surrogates, and notes where
// the top-level keys and values lie. Values are then read from these places, without building a tree.
//
// # Failure
//
// No input makes the package panic, and memory is bounded by the size of one record. A Decoder holds no state from one
// record to the next, so decoding again gives the same answer. It is not safe for concurrent use; give each goroutine
// its own.
package listen
