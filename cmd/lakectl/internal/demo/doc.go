// Package demo is the story that lakectl shows to somebody new: a simulated month from a topic to payouts, held against
// what was simulated.
//
// # Use
//
//  1. [Run] clears the folder, makes the lake, tells the story and returns the screen, with an error if a number is not
//     the planned one.
//  2. A step of the story is a method in story.go; every step goes through the code that production runs.
//  3. What a step found goes into the report in screen.go, and what it must be into check.go.
//  4. With Options.Live devices go on listening after it, see live.go.
//
// # Reads and writes
//
// It removes only a lake that an earlier demo made, which a file in the folder says, and makes a lake there. With the
// embedded broker nothing else is touched; on a real Kafka it makes a new topic.
//
// # Invariants
//
//   - The same seed gives the same tables.
//   - What it compares with is counted by the simulator, without the lake.
//   - The recount from the archive alone comes after the purge: it is of the files that were rewritten.
//
// # Failure
//
// A number that is not the planned one is jobs.ErrProof: a bug in lakectl. Running it again starts from the beginning.
package demo
