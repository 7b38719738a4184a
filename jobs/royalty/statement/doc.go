// Package statement exports what a run of royalties published: one file for every label, artist or party.
//
// # Use
//
//  1. Publish with royalty.Run first; royalty.Runs lists what can be exported.
//  2. [CheckOptions] refuses what makes no sense, before a lake is opened.
//  3. [Export] writes the folder, or finds it complete.
//
// # What it reads
//
//	royalty_payouts ─┐ (by party: royalty_shares)
//	royalty_lines  ──┼─▶ rows of one period, in order ──▶ DIR/<period>-<run>-<by>-<format>/
//	adjustments   ───┤    tracks: titles, labels            one file a holder, summary.csv, export.json
//
// Payouts, shares and lines are those of the snapshots that the run named when it was published. A period stands for
// the run it was closed with; a later run of a closed period is exported by its own id. Tracks are those that were
// loaded when the period was closed, none where none were, or as they are now while it is open.
//
// # Rows
//
//   - payout: a share of a pool of the period. By party, the rows of royalty_shares; a track without any goes whole to
//     its artist, in the role artist.
//   - adjustment: a signed difference for an earlier, closed period that was posted to this one. The holder is the one
//     that this period's tracks name for that month: a label learned since gets the correction. A closed statement has
//     those under its tag, the newest run of an open period those posted so far (royalty.PostedTo).
//   - usage: by artist only, where the tracks were heard. It has no money and is in no total.
//
// Currencies stand side by side and are never added. Amounts are integers of minor units.
//
// # What holds
//
//   - The rows written sum to the payouts of the run and to the adjustments posted to the period, for every pool; the
//     shares of a track sum to its payout. Otherwise the export ends with jobs.ErrProof. With one holder asked for,
//     only the shares are checked.
//   - A folder under its final name is complete. Files are written into a .partial folder beside it, forced to disk and
//     renamed with it. What a killed export leaves is removed by the next one for the same folder; two at the same time
//     exclude each other with a lock on that folder.
//   - The same run gives the same bytes, and the same export again writes nothing. Where an input that the run did not
//     pin has moved since (tracks of an open period, say), the rows are computed again and compared: a folder that says
//     something else is not replaced and not called the same.
//   - Nothing exported names a user or a listen: no table is read that has a column for either.
//   - Two holders never share a file, on disks too that do not tell cases or accents apart; ids cannot leave the
//     folder.
//   - Memory is bounded by [sliceRows] and DuckDB's limit, however many holders: DuckDB sorts the rows once, and one
//     holder's file is written at a time. Files before it may still be on their way to disk.
//
// # Formats
//
// CSV and TSV defuse text that a spreadsheet would run as a formula with a leading apostrophe, and text that begins
// with an apostrophe too: taking one off the front gives the text back. Parquet keeps it as it is. The TSV has the
// shape of a DDEX DSR flat file (HEAD, SY07.01, SU02.03, FOOT) so that readers of such files find their way. It claims
// no conformance, says so in its HEAD record, and has cells of its own behind the first ten of SY07.01 and the first
// eight of SU02.03. Usage rows are not in it: the pools' records count the same listens.
package statement
