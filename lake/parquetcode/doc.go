// Package parquetcode has the parts of Parquet that lakectl codes itself: the numbers in pages, and the ends of columns
// and files.
//
// # Use
//
//  1. [AppendHybrid], [AppendDelta] and [AppendBits] write numbers; [AppendRun] writes one that repeats.
//  2. [Hybrid] and [Delta] read them piece by piece, [DecodeHybrid] at once.
//  3. [SetStatistics] ends a column, [WriteFooter] a file.
//
// # Design
//
// All pages of a file are made of few kinds of numbers. Levels and indices of a dictionary are hybrid: runs of one
// number, and runs of numbers of so many bits each. Times and offsets are differences from the number before
// (DELTA_BINARY_PACKED). Whoever writes or reads pages takes these from here, and decides by itself what goes into a
// page.
//
// # Invariants
//
//   - What is written is read as the same numbers, here and by arrow-go.
//   - Data that is damaged is lake.ErrDamaged or other numbers, never a panic and never memory for what it only claims.
package parquetcode
