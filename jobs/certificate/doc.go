// Package certificate makes certificates of erasure, keeps the log that they are entered in, and checks both. Pure: it
// knows no lake, and who holds a certificate checks it without one.
//
// # Use
//
//  1. [NewKey] and [NewLog] begin a log. [NewOpening] hides one request behind a commitment; the [Batch] lists those.
//  2. [Log.Issue] signs the certificate of a batch and enters it; [ParseLog] and [Log.Text] are how a log is kept.
//  3. [Verify] checks a certificate, and its place in the log and an opening where these are given.
//
// # Certificate
//
// A certificate is one JSON document with one signature: a signed note (golang.org/x/mod/sumdb/note, Ed25519) whose
// text is the document. A document has one form, byte for byte. What is written in another one is refused, so an
// unknown field, a key given twice, another order, a space or a byte behind the end is an alteration like any other.
// The field schema is [Schema]; a reader knows the schemas up to its own.
//
// It names no person. A request is a commitment: the SHA-256 of its [Opening], which is a document of its own and holds
// 32 random bytes, the request's place in the topic, the keyed subject and the window. Who is handed the opening
// compares (sha256sum says the same); who is not learns nothing, and once the random bytes are forgotten nobody can
// tie the commitment to a request again. Commitments are sorted, so their order tells nothing. Rows and plays are
// counted only where the batch covers [MinPeople] people or more: what one person's erasure took would be about them.
//
// Objects and snapshots are a count and a Merkle root ([TallyOf]). Whoever has the list computes the root again.
//
// # Log
//
// The log is lines: its first key, then an entry for each certificate (the SHA-256 of the whole file, as sha256sum says
// it) and each change of key. Below them stands a checkpoint: the note of c2sp.org/tlog-checkpoint with the name of the
// log, the number of lines and their Merkle root (RFC 6962, golang.org/x/mod/sumdb/tlog), signed by the newest key. A
// line that was dropped, added, changed or moved changes the root. A certificate says its index and the root of all
// lines before it, so its holder notices also a history that was written and signed anew. The lines of a day's batch
// each for a hundred years fit into 4 MB, so the log is kept and read whole; the caller keeps it as a file or as rows.
//
// # Keys
//
// [Log.Rotate] enters the next key, signed by the one before, and signs the checkpoint with the next. [Verify] takes
// any key of the chain and follows it both ways: who has the newest key checks the oldest certificate, and a
// certificate must be signed by the key that was in force at its line.
//
// A lost key ends its log: nobody can enter or change anything any more. A new log begins under a new name; the old
// log and its certificates go on verifying with the old public key, which the old log names. A stolen key signs
// anything until it is rotated; afterwards certificates by it that are not in the log are refused, with the log given.
//
// # What it does not show
//
// A signature says that the owner of the key said so, not that it is true. Without a key that was got from its owner
// by another way anybody may have signed; [Report.KeyKnown] tells. Entries behind a checkpoint can be dropped by the
// owner of the key; the holder of the certificate that was dropped notices.
//
// # Failure
//
// [Verify] ends with [ErrAltered] and one sentence for whatever does not fit. Nothing is written here, so what was
// issued and not kept was not issued. Two that issue on one log at once make two logs: the caller lets one win.
package certificate
