// Package keep is the folder in which the owner of a lake keeps the key that signs certificates of erasure, and their
// log.
//
// # Use
//
//  1. [Begin] makes the folder of a new lake, and may be repeated.
//  2. [Read] returns the key and the log; [Rotate] goes on with a new key, [BeginAnew] begins a log where it is lost.
//  3. [Openings] and [Issue] make a certificate; [Find], [ReadOpening] and [Forget] are for what was made.
//
// # What it reads and writes
//
// The folder lies beside the key of the subject hash and is its owner's alone (0700, files 0600):
//
//	key       the secret half; keep a copy in your secret store
//	log       every entry and the checkpoint; it is what others are handed
//	log-HASH  a log whose key was lost; HASH is that of its newest key
//	key.next  a rotation that did not end: the next command ends it
//
//	certificates/HASH  a certificate; one whose HASH no log has was never issued
//	openings/HASH      the opening of a request; HASH is that of its place in its source
//
// Public keys need no files: a log names all of its own.
//
// # Invariants
//
//   - Key and log appear together: the folder is renamed into place whole, so two that begin at once agree.
//   - A log is never replaced by another that does not go on from it, and a log that is lost never begins anew without
//     a word: certificates outlive both.
//   - The key is that of the newest line of the log. Rotation writes key.next, then the log, then renames; who comes
//     after a crash sees by the log whether it happened.
//   - One changes the folder at a time: a lock on the folder, which the kernel gives back when its owner dies.
//
// # Loss
//
// Without the key nothing can be added to the log, and Begin says so instead of making one. [BeginAnew] sets the log
// aside and begins one under a new key and a new name. Certificates of the old log go on verifying: hand out log-HASH
// with the public key it names. Without the log, but with the key, restore the log from a backup: one that begins anew
// under the same key would contradict the certificates that were handed out. Where no copy is left, remove the key and
// begin as on a new lake; those certificates then verify by their key alone.
package keep
