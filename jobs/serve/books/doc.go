// Package books reads what artists and labels are paid: closed statements, and what was corrected of them since.
//
// # Use
//
//  1. [New] makes a [Reader], one for a process.
//  2. [Reader.Newest] gives the newest [Books]; whoever answers a request takes one, and asks it for everything.
//  3. [Books.Statements] lists the closed periods; [Books.Paid], [Books.Usage] and [Books.Posted] give the rows of one
//     holder, [Books.Sums] what they come to, and [Books.Rows] the same as an export writes them.
//
// # What belongs together
//
// A run of royalties publishes by its row in royalty_runs, after everything that the row names. So the Books are the
// closes and runs of one look, closes first: each run that a period was closed with is among the runs. Payouts, lines
// and shares of a statement are of the snapshots that were pinned when it was closed. Adjustments are of the snapshot
// that the newest run names, so that none is shown that is not published yet.
//
// # Who is paid
//
// The holder of a row is the one of `royalties export`: the artist of the track; or the label that its statement's
// tracks name for the month, which are those that were loaded when the period was closed. What was posted to a period
// that is still open goes by the tracks of today.
//
// # What it reads and writes
//
// It reads royalty_closes, royalty_runs, royalty_adjustments, royalty_payouts, royalty_lines and tracks, without an
// engine. It writes nothing.
//
// # Bounds
//
// Artists are found by the bounds of row groups (package lake/seek). A label's rows lie everywhere: what all labels of
// a statement come to is summed in one pass over its payouts and kept, a few numbers a label; its rows are found in
// another pass, and a label with more than [MostRows] is refused with [ErrTooLarge]. Which track is whose is kept
// for the last two states of tracks asked for, about 100 bytes a track.
//
// # Failure
//
// A look that fails leaves the Books before in force, and is logged. Tables that another engine changed are
// jobs.ErrProof: nothing is shown that was not published.
package books
