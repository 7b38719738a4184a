package trino

import (
	"fmt"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Pin makes a table of a query one snapshot of it.
type Pin struct {
	Table    string
	Snapshot int64 // 0 is the state before the first snapshot: no row
}

// PinsOf pins tables to the given snapshots under their own names.
func PinsOf(snapshots ...lake.Snapshot) []Pin {
	pins := make([]Pin, len(snapshots))
	for i, s := range snapshots {
		pins[i] = Pin{Table: s.Table().Name(), Snapshot: s.ID()}
	}
	return pins
}

// pinned is the text of a query behind the definitions of its tables.
func pinned(catalog, namespace string, q Query) (string, error) {
	rest, more, err := opening(q.Text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, p := range q.Pins {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s AS (SELECT * FROM %s.%s.%s ", ident(p.Table), ident(catalog), ident(namespace), ident(p.Table))
		if p.Snapshot == 0 {
			b.WriteString("WHERE false)")
		} else {
			fmt.Fprintf(&b, "FOR VERSION AS OF %d)", p.Snapshot)
		}
	}
	definitions := b.String()
	switch {
	case definitions == "" && more:
		return "WITH" + rest, nil
	case definitions == "":
		return rest, nil
	case more:
		return "WITH " + definitions + "," + rest, nil
	default:
		return "WITH " + definitions + " " + rest, nil
	}
}

func ident(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
