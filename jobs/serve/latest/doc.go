// Package latest keeps what was last read of a lake, and reads again where that is a second old.
//
// # Use
//
//  1. Write how to read: given the value before, it returns that one where nothing has moved.
//  2. [New] takes it, with the clock, and whether the value before goes on where reading failed.
//     [Value.Meanwhile] says how long the value before answers while a newer one is read.
//  3. [Value.Get] gives the newest value.
//
// # How fresh it is
//
// A value that was the newest less than a second ago is given at once. An older one is given too, up to the age of
// Meanwhile, and a reading begins that nobody waits for. Beyond that age, and before the first value, whoever asks
// waits. The age counts from the begin of the reading that found the value the newest.
//
// # Failure
//
// One reading runs at a time, whoever waits for it. A request that is given up does not end the reading that others
// wait for. Nothing is kept of a reading that failed, so the next request reads again; where the value before goes on,
// a second later.
package latest
