// Package figures turns sums of plays into what a page may show: series, comparisons, and cells that nobody can be told
// by.
//
// # Use
//
//  1. [Series] puts sums into hours, days, weeks or months of UTC.
//  2. [Compare] finds what a range is compared with, and [Change] the difference in percent.
//  3. [Breakdown] lists countries, devices or hours, with small cells in one that is called other.
//  4. [Listeners] counts people; [Unite] counts them over several rows.
//
// # Design
//
// It is pure: no table, no clock, no configuration. What is summed comes from one cut of the tables, so figures that
// are made of the same rows agree. A part is moved but never left out: the parts of a breakdown sum to its total.
//
// # Listeners
//
// A set of listeners is the k smallest 64-bit hashes of them, ascending, 8 bytes each, most significant byte first. The
// union of two sets is the k smallest of both. With fewer than k hashes the set is complete and the count exact. With k
// of them the count is (k-1) / (the largest hash as a fraction of 2^64), with a relative standard error of 1/sqrt(k-2):
// 0.39 % for 65,536. The estimator is that of Bar-Yossef et al. 2002 as corrected by Beyer et al. 2007 (unbiased form).
//
// # Small cells
//
// A cell with fewer than [Few] listeners is not shown. It goes to other. Where the cells in other are about fewer than
// Few listeners together, or are a single cell that the total would tell, the shown cell with the fewest listeners goes
// there too, until neither is so or no cell is left.
//
// # Failure
//
// Bytes that are no set of listeners are an error: the table they come from is damaged or not ours.
package figures
