// Package trino runs queries over Iceberg snapshots on a Trino server, which many machines can be behind.
//
// # Use
//
//  1. [Open] makes a [Client] of a server; nothing is sent yet. [Client.Close] ends it.
//  2. [Client.Each] runs a [Query] over pinned snapshots and visits its rows, [Client.Fill] writes them into a staging
//     table, for lake.Lake.CommitStaged, and [Client.Delete] deletes them from a clone, for lake.Lake.DeleteInClone;
//     [Options].Progress says how far it is, in Trino's own figures.
//  3. [Client.Answer] answers a [Question] of a user, whose text nobody has looked at.
//
// # Design
//
// Trino reads the tables through a catalog of its own, which must lead to the same lake. A query names tables without
// catalog and namespace. Each name that it may use is defined in front of it, as the rows of one snapshot. The
// connection has neither catalog nor namespace, so another name is an error and never the newest rows of a table.
//
// What the package sends is a single query, which starts with SELECT, WITH or VALUES, or an INSERT of such a query into
// a staging table that is on record, or a DELETE from one where such a query has a row. Trino never commits to a table
// of the lake.
//
// [PinOf] names the columns of a job's statement as lakectl does, by their ids, and the file of each row. A pin can be
// limited to files ([Pin].Files).
//
// The definitions are a line in front of the text, so the places that errors name are those of the text.
//
// # Texts of users
//
// A text is taken apart into tokens as Trino does it, and no further. Three rules keep it inside of the definitions: it
// is one query, no name in it has three parts, and it has no table function. Names of one part or two cannot reach a
// table, for the connection has no catalog. Where the text names tables is found so that only these are defined, and
// that an error can say what to type instead.
//
// # Values
//
// Integers are int64, decimals their exact digits as text, floating-point numbers float64. Times keep their
// microseconds and are in UTC. A parameter stands for each `?` of the text in turn; a time parameter is a
// timestamp(6) with time zone.
//
// # Failure
//
// When the context ends, or a visit fails, the query is ended on the server too; between two pages that is left to
// Trino's query.client.timeout. A server, or a part of it, that is lost is [ErrLost]: nothing was written, and the same
// query may run again. Requests are sent again for [Options].Patience before that. A query that stands still for
// [Options].Standstill is ended, and is [ErrStill] besides: Trino leaves one running for ever where a memory limit is
// met while rows are on their way. Waiting in Trino's queue is not standing still, nor is planning. A server that says
// nothing for that time is lost. Out of memory is [ErrMemory], and its hint names the setting that was the limit. No
// error and no log has a password or a token.
package trino
