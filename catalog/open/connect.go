package open

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lakectl/lakectl/lake"
)

// mostConnections is how many connections to PostgreSQL a catalog has at once. A server has 100 for all its clients
// unless it is told otherwise. Committers beyond that wait: each needs one for a few milliseconds, and none needs a
// second while it holds one.
const mostConnections = 4

// connect opens the database of the catalog. Only Init makes one: a path that was mistyped must not become a lake.
func (c *Catalog) connect(ctx context.Context) (dialect icesql.SupportedDialect, err error) {
	switch o := c.options; o.Type {
	case "sqlite":
		dsn, err := c.sqliteDSN(ctx)
		if err != nil {
			return "", err
		}
		c.db, err = sql.Open("sqlite", dsn)
		return icesql.SQLite, err
	case "postgres":
		if c.db, err = sql.Open("pgx", o.URI); err == nil {
			c.db.SetMaxOpenConns(mostConnections)
			c.db.SetMaxIdleConns(mostConnections)
		}
		return icesql.Postgres, err
	default:
		return "", lake.WithHint(fmt.Errorf("catalog type %q: %w", o.Type, lake.ErrUnsupported), "set catalog.type to sqlite, postgres or rest")
	}
}

// ping makes the first connection, and finds out whether there is a lake.
func (c *Catalog) ping(ctx context.Context) error {
	const reach = "check catalog.uri (LAKEHOUSE_CATALOG_URI) and that the catalog can be reached"
	if err := c.db.PingContext(ctx); err != nil {
		return lake.WithHint(c.notOpened(err), reach)
	}
	if c.options.create {
		return nil
	}
	var n int
	err := c.db.QueryRowContext(ctx, "SELECT count(*) FROM iceberg_tables WHERE 1 = 0").Scan(&n)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if missingTable(err) {
		at := "the database"
		if c.options.Type == "sqlite" {
			at = c.options.URI
		}
		return lake.WithHint(fmt.Errorf("there is no lake in %s: %w", at, lake.ErrNotFound), "check catalog.uri (LAKEHOUSE_CATALOG_URI); 'lakectl init' makes a new lake there")
	}
	return lake.WithHint(c.notOpened(err), reach)
}

// notOpened is the error of a database that does not answer, and names its file. SQLite says of a full disk only that
// some reading or writing failed.
func (c *Catalog) notOpened(err error) error {
	if c.options.Type != "sqlite" {
		return fmt.Errorf("open %s catalog: %w", c.options.Type, err)
	}
	var disk syscall.Statfs_t
	if strings.Contains(err.Error(), "disk I/O error") && syscall.Statfs(filepath.Dir(c.options.URI), &disk) == nil && disk.Bavail == 0 {
		err = fmt.Errorf("%w: %w", syscall.ENOSPC, err)
	}
	return fmt.Errorf("open sqlite catalog %s: %w", c.options.URI, err)
}

// sqliteDSN says how to open the database file.
//
// WAL and the busy timeout let several processes commit; without them most concurrent commits fail. immediate: a
// transaction that will write takes its lock at once instead of failing half-way.
func (c *Catalog) sqliteDSN(ctx context.Context) (string, error) {
	o := c.options
	const write = "&_pragma=journal_mode(WAL)&_txlock=immediate"
	if o.create {
		return dsn(o.URI, "rwc"+write), nil
	}
	if err := isDatabase(o.URI); err != nil {
		return "", err
	}
	if !o.ReadOnly {
		return dsn(o.URI, "rw"+write), nil
	}
	// A reader of a database in WAL mode makes the shared memory file beside it, where it is missing. It is there while
	// somebody writes; without it nobody does, so the files can be copied.
	for attempt := 0; ; attempt++ {
		inWAL, err := hasWAL(o.URI)
		if err != nil {
			return "", err
		}
		if !inWAL || exists(o.URI+"-shm") {
			return dsn(o.URI, "ro"), nil
		}
		copied, err := c.copyQuiet(o.URI)
		if err == nil || !errors.Is(err, errMoved) || attempt == 100 {
			return dsn(copied, "rw"), err
		}
		if err := lake.Pause(ctx, 10*time.Millisecond); err != nil {
			return "", err
		}
	}
}

func dsn(path, mode string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(30000)&mode=" + mode
}

// isDatabase looks at a file before SQLite does, whose errors name neither the file nor what it is.
func isDatabase(path string) error {
	const hint = "check catalog.uri (LAKEHOUSE_CATALOG_URI); 'lakectl init' makes a new lake"
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return lake.WithHint(fmt.Errorf("there is no catalog at %s: %w", path, lake.ErrNotFound), hint)
	case err != nil:
		return fmt.Errorf("open sqlite catalog: %w", err)
	case !info.Mode().IsRegular():
		return lake.WithHint(fmt.Errorf("the catalog %s is no file", path), hint)
	}
	head, err := header(path)
	if err != nil {
		return fmt.Errorf("open sqlite catalog: %w", err)
	}
	if len(head) == 0 {
		return lake.WithHint(fmt.Errorf("there is no lake in %s, which is empty: %w", path, lake.ErrNotFound), hint)
	}
	if string(head[:min(16, len(head))]) != "SQLite format 3\x00" {
		return lake.WithHint(fmt.Errorf("the catalog %s is no SQLite database", path), "check catalog.uri (LAKEHOUSE_CATALOG_URI), or put the file back from a backup")
	}
	return nil
}

// header reads the first bytes of a database file, fewer from a file that has fewer.
func header(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 20)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// hasWAL tells whether a database is in WAL mode: its file says so in two bytes.
func hasWAL(path string) (bool, error) {
	head, err := header(path)
	return len(head) == 20 && head[18] == 2, err
}

var errMoved = errors.New("the catalog changed while it was copied")

// copyQuiet copies a database that nobody has open, with the log that a killed process left, and returns the path of
// the copy. [Catalog.Close] removes it.
func (c *Catalog) copyQuiet(path string) (string, error) {
	before := [2]string{state(path), state(path + "-wal")}
	if c.copied == "" {
		dir, err := os.MkdirTemp("", "lakectl-catalog-")
		if err != nil {
			return "", fmt.Errorf("copy the catalog to read it: %w", err)
		}
		c.copied = dir
	}
	to := filepath.Join(c.copied, "catalog.db")
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(path + suffix)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, text, 0o600)
		}
		if err != nil {
			return "", fmt.Errorf("copy the catalog to read it: %w", err)
		}
	}
	// What an earlier try copied may be of another state.
	if exists(path+"-shm") || before != [2]string{state(path), state(path + "-wal")} {
		os.Remove(to + "-wal") //nolint:errcheck // mostly there is none
		return "", errMoved
	}
	return to, nil
}

// state tells one content of a file from another, "" for none.
func state(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// missingTable tells whether a statement failed because its table is not there.
func missingTable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "42P01"
	}
	return strings.Contains(err.Error(), "no such table")
}
