package open

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lakectl/lakectl/lake"
)

// busy is an error as SQLite's driver has it.
type busy struct{}

func (busy) Error() string { return "database is locked (5) (SQLITE_BUSY)" }
func (busy) Code() int     { return 5 }

func TestADatabaseThatDidNotAnswerDamagesNoFile(t *testing.T) {
	o := Options{Type: "sqlite", URI: t.TempDir() + "/catalog.db", Name: "lake", Warehouse: t.TempDir()}
	if _, err := Init(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // a test
	p, is := c.Ice.(*parsed)
	if !is {
		t.Fatalf("the catalog is a %T", c.Ice)
	}
	_, unreachable := pgconn.Connect(t.Context(), "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	table := []string{"music", "listens"}
	causes := []error{unreachable, &pgconn.PgError{Code: "53300", Message: "sorry, too many clients already"}, busy{}, io.ErrUnexpectedEOF, errors.New("conn closed")}
	for _, cause := range causes {
		err := fmt.Errorf("error encountered loading table: %w", cause)
		if got := p.nameMetadata(t.Context(), table, err); cause == nil || errors.Is(got, lake.ErrUnreadable) || !errors.Is(got, err) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	damage(t, p, table)
	_, err = p.LoadTable(t.Context(), table)
	if !errors.Is(err, lake.ErrUnreadable) {
		t.Errorf("loading a table of a damaged file: %v", err)
	}
}

// damage makes the metadata file of a table one of nothing that makes sense.
func damage(t *testing.T, p *parsed, table icetable.Identifier) {
	t.Helper()
	loaded, err := p.LoadTable(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	path, err := lake.LocalPath(loaded.MetadataLocation())
	if err == nil {
		err = os.WriteFile(path, []byte("{x"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.tables = map[string]version{}
}
