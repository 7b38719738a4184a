// Package serve answers what artists and labels ask about their plays: an API, and pages over it.
//
// # Use
//
//  1. [New] makes the server's handler from what a job is given.
//  2. [Handler.Mount] adds the routes of the API to a mux, behind the guard of package access.
//  3. API descriptions are in openapi.json, which the routes are held against.
//
// # Design
//
// An answer is made from one cut (package cut), by sums of rows that nothing else touches (package figures), and
// written once. So its parts sum to its total, and the same question to the same cut has the same bytes. Handlers of an
// artist and of a label differ in which rows are theirs, nowhere else.
//
// A label sees the plays of its tracks on the days on which tracks says they were its own, of all artists
// (/labels/{id}) or of one (/labels/{id}/artists/{artist}). Validity begins and ends with a UTC day, so it is decided
// by the day of a play's event time and no day is split. Two labels never count one play, and with plays of tracks
// that are nobody's they sum to all. What was never the label's is answered as what nobody has. Countries and devices
// are known by artist and day: where an artist's day is shared with others they come from the hours, and what is older
// than these stands apart as not split.
//
// The bytes of the newest answers are kept, by cut, path, parameters, form and scope, up to 24 MiB, so that a question
// that comes again costs almost nothing. What a request may see is decided before they are looked at.
//
// # What it reads and writes
//
// It reads the dashboard's tables through package cut. It writes nothing.
//
// # Failure
//
// A parameter that is wrong is 400 with a sentence that names it. Another's id is 404, as one that nobody has. A cursor
// of an older cut is 410. Whatever else fails is 500 without a word about why, and with one in the log.
package serve
