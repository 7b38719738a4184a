// Command lakectl runs the jobs of a lakehouse of listens: it ingests a topic into an Iceberg archive, keeps a
// dashboard, computes royalties, carries out deletions, and answers questions about all of it.
//
// # Use
//
//  1. Build it with `go build ./cmd/lakectl`; `lakectl --help` lists the verbs by purpose.
//  2. A new verb is a file in internal/verbs, whose package comment shows one.
//  3. Its test is a script in testdata; TestScripts runs them all against the real program.
//
// Tests of the whole system are in e2e, rules of the repository as a whole in houserules.
package main
