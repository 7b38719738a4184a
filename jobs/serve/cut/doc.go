// Package cut reads the dashboard's tables as one published state of the archive.
//
// # Use
//
//  1. [New] makes a [Reader], one for a process.
//  2. [Reader.Newest] gives the newest [Cut]; whoever answers a request takes one, and asks it for everything.
//  3. [Cut.Days], [Cut.Hours], [Cut.Audience], [Cut.Listeners] and [Cut.Changes] give the rows of an artist.
//  4. [Cut.Share] gives those of a label; [Cut.Artists] says whose artists there are, and finds them.
//
// # Design
//
// plays_by_day names the snapshots of the other tables that belong to it (catalog.CutOf). A Cut is these snapshots, and
// the names that tracks had when it was made. So all figures of an answer come from one state, whatever the jobs commit
// meanwhile, and the same question to the same Cut has the same answer.
//
// A label's artists may be many, so its rows are summed file by file, and what a file has of a label is kept: the next
// cut reads the new files. That counts against the bytes of the cache. Which artists have tracks of which label is
// learned once for each file of plays_by_day, 12 bytes a pair, when somebody asks for a label first; a new state of
// tracks learns it again.
//
// # What it reads and writes
//
// It reads the dashboard's tables, tracks, and the metadata of listens. It writes nothing.
//
// # How fresh it is
//
// The catalog is asked every second ([Reader.Follow]), and when a request comes and the last look is over a second old.
// A new Cut is made only where plays_by_day or tracks has moved; what was decoded for the one before stays of use. It
// is opened once, and no request waits for it: until it is open the Cut before answers, for as long as that was the
// newest less than ten seconds ago. Opening also reads the footers of the newest two months and the small new files,
// which every question would otherwise pay for.
//
// # Failure
//
// A look that fails leaves the Cut before in force, and is logged; the time of the Cut says how old it is. Without a
// Cut before, the error is the answer. What another engine did to plays_by_day is not shown: the Cut is of the rollup's
// newest snapshot, until its next run mends the table. Nobody can move the other tables, whose snapshots are named.
package cut
