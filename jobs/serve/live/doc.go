// Package live counts plays by the minute of the last hour, from the newest files of the archive.
//
// # Use
//
//  1. [New] makes a [Counter], one for a process.
//  2. [Counter.Newest] brings it up to date and gives a [Hour].
//  3. [Hour.Plays] gives the minutes of an artist.
//
// # Design
//
// There is no second way from the topic to the page: a play shows when ingest has committed it. The Counter reads each
// file of listens once, three columns of it, and keeps how many plays it has of which track in which minute. Files
// whose newest event is over an hour ago by their bounds are not read. Files never change, so the counts of a file hold
// until a delete takes rows of it; then it is read again.
//
// Every copy counts, by the clock of its device: a minute is what is heard now, not what is paid. So the strip is
// summed with nothing, and has a time of its own.
//
// # What it reads and writes
//
// It reads listens. It writes nothing.
//
// # Bounds
//
// One count takes some 60 bytes, of a track in a minute and file: a million plays in an hour take at most 60 MB.
//
// # Failure
//
// A look that fails leaves the counts before in force for as long as they are of the last hour, and is logged.
package live
