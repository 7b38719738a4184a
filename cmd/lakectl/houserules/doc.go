// Package houserules holds no code, only tests of the project as a whole: which package may import which, how long a
// file may be, where SQL lives, and words that do not belong into the repository.
//
// # Use
//
//  1. Run `go test ./cmd/lakectl/houserules` before a commit.
//  2. A failure names the file, the rule and what to do instead.
//  3. A new package gets a row in ARCHITECTURE.md, from which the rule of imports is read.
//
// # Design
//
// The import graph is the table of ARCHITECTURE.md. A package that is not in it fails the test, so adding one, or one
// more arrow between two, is a decision that is written down there and seen in review. A permission that nobody uses
// fails too, so the table is the graph and not more.
package houserules
