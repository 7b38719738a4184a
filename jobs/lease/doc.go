// Package lease lets one process of many run the jobs of a lake.
//
// # Use
//
//  1. [New] makes a Lease of a process on a lake.
//  2. [Lease.Lead] waits until it is the only one, runs what a leader does, and waits again when it has lost the lease.
//  3. [Lease.State] tells who leads.
//
// # Reads and writes
//
// The property [catalog.LeaseProperty] of the table run_lease: who holds it, and a number that goes up with each
// renewal. It changes by compare and swap ([lake.Lake.SwapProperty]): a metadata commit without a snapshot, so the
// table keeps no history but its 20 newest metadata files.
//
// # Design
//
// No two clocks are compared. Whoever waits watches the value: one that has not changed for [TTL] of his own uptime is
// of a holder who is gone, and is swapped for his own. A holder on the same machine (same boot, same namespace of
// process ids) whose process has ended is gone at once.
//
// # Invariants
//
//   - The lease only saves work. Jobs commit by compare and swap of their own, so two leaders at once, one of them
//     suspended beyond its lease, lose nothing and count nothing twice.
//   - A holder whose swap fails because the value is another's stops leading before it does anything else.
//   - A holder that cannot reach the catalog for a TTL stops leading, for another may have taken over.
//
// # Failure
//
// A holder that ends in good order gives the lease up, and the next one leads at its next look. One that was killed
// leaves it to run out. A catalog that cannot be reached is waited for.
package lease
