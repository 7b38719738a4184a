// Package cut reads the dashboard's tables as one published state of the archive.
//
// # Use
//
//  1. [New] makes a [Reader], one for a process.
//  2. [Reader.Newest] gives the newest [Cut]; whoever answers a request takes one, and asks it for everything.
//  3. [Cut.Days], [Cut.Hours], [Cut.Audience], [Cut.Listeners] and [Cut.Changes] give the rows of an artist.
//
// # Design
//
// plays_by_day names the snapshots of the other tables that belong to it (catalog.CutOf). A Cut is these snapshots, and
// the names that tracks had when it was made. So all figures of an answer come from one state, whatever the jobs commit
// meanwhile, and the same question to the same Cut has the same answer.
//
// # What it reads and writes
//
// It reads the dashboard's tables, tracks, and the metadata of listens. It writes nothing.
//
// # How fresh it is
//
// The catalog is asked when a request comes and the last look is over a second old. One look serves all requests that
// wait for it. A new Cut is made only where plays_by_day or tracks has moved; what was decoded for the one before stays
// of use.
//
// # Failure
//
// A look that fails leaves the Cut before in force, and is logged; the time of the Cut says how old it is. Without a
// Cut before, the error is the answer.
package cut
