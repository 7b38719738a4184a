// Package sql holds every statement that jobs run, one file each, by job.
//
// A file starts with a header in comments: what it gives, the grain of its rows ("Grain: one listen."), the relations
// it reads ("Relations: counted, main.erased (ids)."), the parameters it needs ("Parameters: $1 period.") and units. A
// test holds the headers against the texts. Values bind to parameters; relations are views and tables that were made in
// DuckDB before, by a statement or under their literal names by Go. Nothing is put into the text by formatting.
//
// Jobs run a statement by its name ([github.com/lakectl/lakectl/jobs.Session]). A name is a literal in the source, so
// searching for it finds all who run it.
package sql

import (
	"embed"
	"fmt"
)

//go:embed */*.sql
var files embed.FS

// Text returns a statement by name: "royalty/lines" is the file royalty/lines.sql. An unknown name is a
// mistake in the program and panics.
func Text(name string) string {
	text, err := files.ReadFile(name + ".sql")
	if err != nil {
		panic(fmt.Sprintf("no statement %s", name))
	}
	return string(text)
}
