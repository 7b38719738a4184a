package compact

import (
	"context"
	"errors"
	"fmt"

	"github.com/lakectl/lakectl/lake"
)

// strangeError is about files with columns that lakectl does not know: another engine added them to the table. DuckDB
// is asked for lakectl's own, so their values would be lost.
type strangeError struct {
	inputs []Input
	column string // one of them
}

func (e *strangeError) Error() string {
	return fmt.Sprintf("files have column %s, which is another engine's: %v", e.column, errForeign)
}

// refuseStrange is a [strangeError] where files of a group have columns that are not lakectl's.
func refuseStrange(ctx context.Context, t *lake.Table, g Group) error {
	own := map[int]bool{}
	for _, c := range t.Columns() {
		own[c.Field.ID] = true
	}
	var strange strangeError
	for _, in := range g.Inputs {
		column, err := strangeColumn(ctx, in.File.FilePath(), own)
		if err != nil {
			return err
		}
		if column != "" {
			strange.inputs, strange.column = append(strange.inputs, in), column
		}
	}
	if len(strange.inputs) > 0 {
		return &strange
	}
	return nil
}

// strangeColumn is the first column of a file whose field id is not among some, "" for none.
func strangeColumn(ctx context.Context, uri string, own map[int]bool) (name string, err error) {
	c, err := lake.OpenChunks(ctx, uri)
	if err != nil {
		return "", lake.NameFile(uri, err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	root := c.Footer().Schema.Root()
	for i := range root.NumFields() {
		if field := root.Field(i); !own[int(field.FieldID())] {
			return field.Name(), nil
		}
	}
	return "", nil
}
