// Package laketest makes throw-away lakes for tests and breaks them on purpose.
//
// # Use
//
//  1. [New] makes a lake for a test; [Lake.DB] and [Lake.Snapshot] read it, [Words] tells what is in its bytes.
//  2. [Lake.Hand], [Foreign] and [Lake.Compact] change it as other engines do; [Crash] and [Lake.With] interrupt work
//     on it.
//  3. [Engine] and [Long] skip a test that needs an outside component, or much time. [Stride], [NextStep] and [InCI]
//     give a test a shorter form; CI runs the longer one.
//
// # Design
//
// A lake of [New] is real: SQLite catalog, Parquet files, the tables of package catalog, in a [Folder] that goes with
// the test. [Faults] wraps its catalog and its storage: a write can fail before anything happened, a commit can fail
// before it landed or be reported failed after it landed. Tests use it to show that every job can be interrupted at
// every step. A process makes one empty lake and copies it under other names; CI makes each anew.
//
// Where LAKECTL_AWAY is set, [New] makes its lake with the catalog and the files that LAKECTL_AWAY_TO names
// ([NewAway]), and crashes strike at about a tenth of the steps, by the seed that the variable holds. CI takes tests of
// crashes there.
//
// [NewOnTrino] and [ServeTrino] let the engine Trino, where there is one, read and write a lake.
//
// [Bucket] is an S3 server in the process that counts what it sends; [Lake.WithoutCopies] comes to it as another
// machine.
//
// The DBs of a test take their turn in a few DuckDBs of the process, see [duck.Options].Start. They share no table,
// view or setting.
package laketest
