// Package latest keeps what was last read of a lake, and reads again where that is a second old.
//
// # Use
//
//  1. Write how to read: given the value before, it returns that one where nothing has moved.
//  2. [New] takes it, with the clock, and whether the value before goes on where reading failed.
//  3. [Value.Get] gives the newest value.
//
// # Failure
//
// One reading runs at a time, whoever waits for it. A request that is given up does not end the reading that others
// wait for. Nothing is kept of a reading that failed, so the next request reads again.
package latest
