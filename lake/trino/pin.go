package trino

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Pin defines a name of a query: as one snapshot of a table, or as what another query gives.
type Pin struct {
	Table    string
	Snapshot int64    // 0 is the state before the first snapshot: no row
	As       string   // the name; "" is the table's
	Columns  []string // their names in the query, in the order of Reads; nil: those of the table
	Reads    []Read   // what they are; nil: all that the snapshot has, in its order
	Files    []string // only the rows of these files of it, by the paths that its manifests have; nil: all
	Of       *Query   // takes the place of the snapshot
}

// Path is the column of [PinOf] with the file that a row is in.
const Path = "_file"

// filePath is what Trino calls it.
const filePath = "$path"

// Read is a column that a pin reads. Trino shows a snapshot with the columns that the table had then.
type Read struct {
	Name  string // in the snapshot
	Newer bool   // the snapshot lacks the column, so there is no value; the name is that of the table now
}

// PinsOf pins tables to the given snapshots under their own names.
func PinsOf(snapshots ...lake.Snapshot) []Pin {
	pins := make([]Pin, len(snapshots))
	for i, s := range snapshots {
		pins[i] = Pin{Table: s.Table().Name(), Snapshot: s.ID()}
	}
	return pins
}

// PinOf pins columns of lakectl's under lakectl's names, whatever another engine calls them, and [Path].
func PinOf(as string, s lake.Snapshot, columns ...string) Pin {
	p := Pin{Table: s.Table().Name(), Snapshot: s.ID(), As: as, Columns: columns, Reads: make([]Read, len(columns))}
	known, written := s.Table().Columns(), s.WrittenSchema()
	for i, name := range columns {
		p.Reads[i] = Read{Name: name}
		if name == Path {
			p.Reads[i].Name = filePath
		}
		at := slices.IndexFunc(known, func(c lake.Column) bool { return c.Name == name })
		if at < 0 {
			continue // the path, or a column that is for Trino to refuse
		}
		p.Reads[i] = Read{Name: strings.ToLower(known[at].Field.Name), Newer: true}
		if had, is := written.FindFieldByID(known[at].Field.ID); is {
			p.Reads[i] = Read{Name: strings.ToLower(had.Name)}
		}
	}
	return p
}

var errNotOneQuery = errors.New("a query starts with SELECT, WITH or VALUES")

// pinned is the text of a query behind the definitions of its tables. These are the first line, and what follows is the
// query as it is written, line by line: of its WITH a comma is left.
func pinned(catalog, namespace string, q Query) (string, error) {
	all, err := tokens(q.Text)
	if err != nil {
		return "", err
	}
	for len(all) > 0 && all[len(all)-1].is(";") {
		all = all[:len(all)-1]
	}
	if len(all) == 0 || !starts(all[0]) {
		return "", errNotOneQuery
	}
	defined, err := definitions(catalog, namespace, q.Pins)
	if err != nil {
		return "", err
	}
	first, body := all[0], q.Text[:all[len(all)-1].next]
	switch {
	case len(defined) == 0:
		return "\n" + body, nil
	case !first.is("WITH"):
		return "WITH " + strings.Join(defined, ", ") + "\n" + body, nil
	}
	start := "WITH "
	blank := first.next
	if len(all) > 1 && all[1].is("RECURSIVE") {
		start, blank = "WITH RECURSIVE ", all[1].next
	}
	return start + strings.Join(defined, ", ") + "\n" + body[:first.at] + strings.Repeat(" ", blank-first.at-1) + "," + body[blank:], nil
}

// definitions are pins as the items of a WITH.
func definitions(catalog, namespace string, pins []Pin) ([]string, error) {
	items := make([]string, len(pins))
	for i, p := range pins {
		table := ident(catalog) + "." + ident(namespace) + "." + ident(p.Table)
		body := fmt.Sprintf("SELECT %s FROM %s FOR VERSION AS OF %d", p.reads(table), table, p.Snapshot)
		switch {
		case p.Of != nil:
			text, err := pinned(catalog, namespace, *p.Of)
			if err != nil {
				return nil, fmt.Errorf("what %s stands for: %w", p.name(), err)
			}
			body = oneLine(text)
		case p.Snapshot == 0:
			body = fmt.Sprintf("SELECT %s FROM %s WHERE false", p.reads(table), table)
		case p.Files != nil:
			body += fmt.Sprintf(" WHERE %s IN (%s)", ident(filePath), literals(p.Files))
		}
		columns := make([]string, len(p.Columns))
		for i, c := range p.Columns {
			columns[i] = ident(c)
		}
		list := ""
		if len(columns) > 0 {
			list = " (" + strings.Join(columns, ", ") + ")"
		}
		items[i] = ident(p.name()) + list + " AS (" + body + ")"
	}
	return items, nil
}

// reads is what a pin selects of its table. A column without values has the type that it has in the table.
func (p Pin) reads(table string) string {
	if p.Reads == nil {
		return "*"
	}
	items := make([]string, len(p.Reads))
	for i, r := range p.Reads {
		items[i] = ident(r.Name)
		if r.Newer {
			items[i] = fmt.Sprintf("(SELECT %s FROM %s WHERE false)", ident(r.Name), table)
		}
	}
	return strings.Join(items, ", ")
}

func (p Pin) name() string {
	if p.As != "" {
		return p.As
	}
	return p.Table
}

// oneLine is a text of ours without its comments and line ends.
func oneLine(text string) string {
	all, err := tokens(text)
	if err != nil {
		return text // Trino says what is wrong with it
	}
	var b strings.Builder
	for i, t := range all {
		if i > 0 && t.at > all[i-1].next {
			b.WriteByte(' ')
		}
		b.WriteString(text[t.at:t.next])
	}
	return b.String()
}

func literals(texts []string) string {
	quoted := make([]string, len(texts))
	for i, s := range texts {
		quoted[i] = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return strings.Join(quoted, ", ")
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
