// Package attest ends the erasure of requests whose rows were looked for and not found: purged -> verified.
//
// # Use
//
//  1. Look at everything that is left; what was looked for and not found is the [Evidence].
//  2. [Conclude] issues the certificate, takes out of the requests who asked and why, and says verified.
//  3. keep.ReadOpening is what one hands to whoever must prove that a request is in a certificate.
//
// # Which requests
//
// Those of the evidence that are purged and for which nothing was logged after the look began. The others are counted
// in [Report.Left] and need another look; a request that is verified already is passed over.
//
// # Steps, each before the next
//
//  1. Openings. Each request has one, drawn once; it lies in the folder of certificates (package keep).
//  2. Certificate. One for all requests that are in none. It is signed, kept, and then entered in the log. Until it
//     stands there it was not issued: whoever comes after a crash deletes it. One that does stand there is found by the
//     commitments of the requests and used, so a run that is repeated enters nothing, and no request is ever in two.
//     It has counts if it is about all requests of the evidence, and about five people or more.
//  3. Wipe. user_id and reason of the requests in deletion_requests, why of their steps in deletion_log.
//  4. Rows verified in deletion_log.
//
// A request for which something was logged after step 2 is left out of step 4. It is in the certificate already; the
// next run that concludes it uses that one.
//
// # Wipe
//
// Bounds of reason leave the manifests. A file with something to wipe is replaced by one without, in a commit of its
// own of operation replace: nobody reads the requests once more, and they keep the sequence number they came with, by
// which others tell which listens were filtered against them (package erase). Then an empty commit gives the table a
// snapshot to stand on, and all snapshots below it expire. A tag or a branch among these is named, and ends the run
// with jobs.ErrPartial.
//
// A crash between an expiry and the deletion of its files leaves files that nothing refers to. So the files and
// manifests that must go are noted first, in a property of the table, and the next run deletes what is left of them.
//
// The request goes on to bind by its subject, which is the keyed hash of the user id: ingest filters by it, and erase
// finds the user by it among the listeners of the files that it searches.
//
// Whoever read the tables from an expired snapshot on reads them whole: ingest the requests, and the dashboard, only
// where an operator's words were wiped, the log; it then compares each day of the log once more.
//
// # What it reads and writes
//
// Reads and writes deletion_requests and deletion_log, and the folder of certificates. Certificates and openings lie
// there, not in the lake, so 'catalog relocate' and a lost warehouse do them no harm; they belong into its backup.
//
// # Failure and running again
//
// Killed anywhere, the next run ends it. Two at once fence each other.
//
// # Bounds
//
// One commit for each file that is wiped; an ingester writes one with each batch that has requests. The property has
// about 80 bytes for each. In memory are all requests.
package attest
