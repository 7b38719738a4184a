// Package terms reads the files that say how royalties are shared: which listens qualify (rules), the money of a period
// (pools), the parties behind a track (splits), and what a track is called (tracks).
//
// # Use
//
//  1. [ParseRules], [ParsePools], [ParseSplits] and [ParseTracks] read a file, or say in which line it is wrong.
//  2. [InPeriod] and [Expression] turn rules into the SQL that says which rule decides about a listen.
//  3. Package royalty stores what is parsed; nothing here reads or writes a table.
//
// # Design
//
// Everything here is pure: text in, values out. A file is refused whole, with the line and the reason, before anything
// is stored. Money and shares are integers: minor units and basis points.
package terms
