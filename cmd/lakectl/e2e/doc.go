// Package e2e holds no code, only tests of the whole system: jobs in the order in which they run, on lakes that are
// damaged, shared with other engines, killed in the middle, or older than this version.
//
// # Use
//
//  1. A case of what is counted and paid is a folder of testdata/cases: what comes in, and expected.json.
//  2. A promise about commands takes newLakeDir and runs them, in this process or as processes; one about jobs takes
//     newAudited.
//  3. A test that takes long calls laketest.Long; one that needs a broker or a database calls laketest.Engine.
//
// # What is held
//
//   - Cases: the numbers that were worked out by hand.
//   - Properties and metamorphic tests: random listens against a recount in Go; other orders, files and batches give
//     the same lake.
//   - Chaos and kills: processes that end at any moment, and members of a group that come and go. Nothing is lost or
//     counted twice.
//   - Reproductions: what was published is computed again from what is kept, or it is said what is gone.
//   - Histories: months of jobs between the hands of other engines agree with a recount.
//   - Damage: one flipped bit, a lost file, a full disk. A command fails with the cause and what to do, or its answer
//     is right.
//   - Earlier lakes: what an earlier version wrote is read and written on.
//
// The test binary is lakectl too when it is called by that name, so commands that run as processes are the real
// program.
package e2e
