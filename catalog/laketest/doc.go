// Package laketest makes throw-away lakes for tests and breaks them on purpose.
//
// A lake of [New] is real: SQLite catalog, Parquet files, the tables of package catalog, in the test's
// temporary folder. [Faults] wraps its catalog and its storage: a write can fail before anything happened, a
// commit can fail before it landed or be reported failed after it landed. Tests use it to show that every job
// can be interrupted at every step.
package laketest
