// Package sql holds every statement that jobs run, one file each, by job.
//
// A file starts with a header in comments: what it gives, the grain of its rows, the relations and
// parameters it needs, units. Values bind to parameters ($1); relations are views and tables that the job
// made in DuckDB before. Nothing is put into the text by formatting.
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
