// Package terms reads the files that say how royalties are shared: which listens qualify (rules), the money of a
// period (pools), the parties behind a track (splits), and what a track is called (tracks).
//
// Everything here is pure: text in, values out. A file is refused whole, with the line and the reason, before
// anything is stored. Money and shares are integers: minor units and basis points.
package terms
