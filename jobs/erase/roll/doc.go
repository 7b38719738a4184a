// Package roll keeps a list of all deletion requests outside of the lake, so that a lake which comes back from a backup
// erases again what the lost one had erased.
//
// # Use
//
//  1. [Export] reads the list of a lake, [List.Write] makes a file of it, [Read] takes the file back.
//  2. [Add] brings the requests and decisions of a list into a lake that does not know them. Carry the requests out,
//     then [Settle]; package chain does all of it.
//  3. [PutMark] notes beside the key of certificates what was erased, and [Check] refuses a lake that is behind that.
//
// # The list
//
// A file of JSON Lines, its owner's alone (0600): a head with the lake's id and how far the requests were read from
// their sources, one line a request in order of position, and the SHA-256 of all of it. The same lake gives the same
// bytes. A line has the keyed subject always, the user id until the request is verified. Of a request that an operator
// held or withdrew it has the decision and the reason.
//
// # Reapplying
//
// Requests are told by source position, so adding them again adds nothing. They come with the positions in their
// sources, like those of an interrupted flush: an ingester that reads the topic again finds them placed, passes them
// over, and keeps out the listens they cover. And they count as a replay of quarantine that was cut off: the next one
// marks those that came to the lost lake that way, and brings none of them twice. A request that the lake did not know
// is open, so the deletions job searches everything for it. What the lake knew is carried on from the state it was in.
//
// Decisions are logged first, so that no run carries out a request that was withdrawn or held. Of a request that was
// held when its rows were gone already, the rows go again before the hold is logged again. Where the delay of requests
// was made longer since, those are carried out at once that were carried out before.
//
// # The mark
//
// The file erased-LAKE lies in catalog.certificate_dir, which a backup of catalog and warehouse does not contain. It
// names the snapshots of deletion_requests and deletion_log of its time, and the places of the requests that were
// carried out, as hashes. A lake that comes from these snapshots is not behind. Any other one is, until every place of
// the mark is recomputed in its log, whichever way the request came back. So a list that is older than the mark does
// not lift it alone: what came after it is ingested again, then the list is reapplied once more. A lake without a mark
// is never refused; a copy has an id of its own, and no mark.
//
// A mark is written by export, reapply and the deletions job, only by a lake that is not behind the one before.
//
// # Failure
//
// A list of another lake, or one of which a byte is not what was written, is refused before anything is changed.
// Killed anywhere, the same command is run again. Files are put in place whole.
//
// # Bounds
//
// All requests are in memory, as they are for ingest.
package roll
