// Package spreadsheet writes text so that spreadsheets, in which people open CSV files, take it for text.
//
// # Use
//
//  1. [Defused] goes around every cell of text.
//  2. Cells of numbers are written as they are, negative ones too: they are no formulas.
//  3. Quoting for CSV or TSV comes after it.
//
// # Design
//
// Whoever reads a file back takes one apostrophe off the front of a cell, and has the text to the byte.
//
// # What it reads and writes
//
// Nothing: it is pure.
package spreadsheet
