// Package schedule says what is due. It is pure: the clock is handed in, and what ran before is a value.
//
// # Use
//
//  1. [Parse] reads when a job runs: a time of day in UTC ("03:00"), an interval ("15m"), "snapshot" or "off".
//  2. [When.Due] tells whether it is due; [When.Begin] is the [Past] after a run that began.
//  3. [When.Next] says when it will be due, for people.
//
// # Design
//
// An [Instant] has two clocks. The clock on the wall says which day it is, and may jump either way. The uptime only
// goes forward, and stands still while the machine sleeps. Neither alone is enough.
//
// An interval has passed when it has on either clock. A jump forward, or a night of sleep, gives one run and not one
// for each interval that was missed. A jump backward changes nothing, for the uptime goes on.
//
// A time of day is due once for each day it comes by on the wall: [Past.Slot] is the newest that was taken. One that
// was slept through, or that the process was not there for, is due when it is back. Where the clock went back, days
// come by again that were taken, and are not due again; but where the newest run lies ahead, no job waits longer than a
// day of uptime, so a clock that was a year ahead does not stop it for a year.
//
// # Invariants
//
//   - However the clock jumps, a job is due at most once for each jump and each interval or day that passes.
//   - A job that is not off is due at the latest when its interval, or two days, have passed on the uptime.
package schedule
