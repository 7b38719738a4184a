package open

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	_ "github.com/jackc/pgx/v5/stdlib" // database/sql driver "pgx"
	_ "modernc.org/sqlite"             // database/sql driver "sqlite"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// Options says where the catalog and the files are.
type Options struct {
	Type           string // sqlite, postgres or rest
	URI            string // sqlite: path of the database file; postgres: DSN; rest: address
	Name           string // the catalog's name in its own rows; every engine must use the same
	Warehouse      string // folder, file:// or s3:// URI under which tables are made
	SubjectKeyFile string // "" = subject.key beside a SQLite catalog
	Rest           Rest
	S3             S3
	Log            *slog.Logger
	// ReadOnly opens a catalog for who only reads: nothing is written, in it or beside it, so it needs no right to.
	ReadOnly bool

	create bool // Init may make the catalog
}

// Catalog is an open connection to an Iceberg catalog.
type Catalog struct {
	Ice       icecatalog.Catalog
	options   Options
	warehouse string  // URI
	db        *sql.DB // nil for rest
	closeRest func() error
	store     *store.Store // nil for a folder
	copied    string       // folder with a copy of the database, "" for none
}

// Connect opens the catalog. For sqlite the folder of the database file must exist; [Init] makes it.
// A lake that lies somewhere else than its tables say is [lake.ErrUnfit], and so is a second catalog on one warehouse.
func Connect(ctx context.Context, o Options) (*Catalog, error) {
	c, err := openUnchecked(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := c.checkPlace(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// openUnchecked opens a lake that may lie somewhere else than its tables say.
func openUnchecked(ctx context.Context, o Options) (*Catalog, error) {
	// Turning WAL on in a new file takes a lock for which SQLite does not wait, whatever the busy timeout.
	for attempt := 1; ; attempt++ {
		c, err := open(ctx, o)
		if err == nil || attempt == 100 || ctx.Err() != nil || !strings.Contains(err.Error(), "SQLITE_BUSY") {
			return c, err
		}
		lake.Pause(ctx, 20*time.Millisecond) //nolint:errcheck // the next attempt ends with it
	}
}

func open(ctx context.Context, o Options) (_ *Catalog, err error) {
	c := &Catalog{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	warehouse, err := warehouseURI(o.Warehouse)
	if err != nil {
		return nil, err
	}
	if c.warehouse = warehouse; isS3(warehouse) {
		if c.store, err = store.Open(ctx, o.S3.options(warehouse, o.Log)); err != nil {
			return nil, err
		}
	}
	if o.Type == "rest" {
		return c, c.connectRest(ctx)
	}
	dialect, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.ping(ctx); err != nil {
		return nil, err
	}
	props := iceberg.Properties{"warehouse": warehouse, "init_catalog_tables": strconv.FormatBool(o.create)}
	maps.Copy(props, o.S3.options(warehouse, nil).Properties())
	ice, err := icesql.NewCatalog(o.Name, c.db, dialect, props)
	if err != nil {
		return nil, fmt.Errorf("open %s catalog: %w", o.Type, err)
	}
	c.Ice = newParsed(ice, c.db, o, c.storage)
	return c, nil
}

// Lake returns the tables of the catalog.
func (c *Catalog) Lake() *lake.Lake {
	return lake.New(c.Ice, catalog.Namespace, c.Known(), c.options.Log)
}

// Known is what the catalog's lake takes for granted of its tables.
func (c *Catalog) Known() lake.Known {
	return lake.Known{Specs: catalog.Specs(), Warehouse: c.warehouse}
}

// Close ends the connection.
func (c *Catalog) Close() error {
	var err error
	if c.db != nil {
		err = c.db.Close()
	}
	if c.store != nil {
		err = errors.Join(err, c.store.Close())
	}
	if c.closeRest != nil {
		err = errors.Join(err, c.closeRest())
	}
	if c.copied != "" {
		err = errors.Join(err, os.RemoveAll(c.copied))
	}
	return err
}

// warehouseURI makes an absolute file:// URI of a folder, so that tables do not depend on the directory a
// command was started in.
func warehouseURI(warehouse string) (string, error) {
	if strings.HasPrefix(warehouse, "file:") {
		return warehouse, nil
	}
	if isS3(warehouse) {
		return strings.TrimRight(warehouse, "/"), nil
	}
	if scheme, _, ok := strings.Cut(warehouse, "://"); ok {
		return "", lake.WithHint(fmt.Errorf("warehouse on %s://: %w", scheme, lake.ErrUnsupported), "set catalog.warehouse to a folder, a file:// URI or s3://BUCKET/PREFIX")
	}
	abs, err := filepath.Abs(warehouse)
	if err != nil {
		return "", fmt.Errorf("warehouse %s: %w", warehouse, err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String(), nil
}

// Init creates what is missing: folders, catalog, tables, columns that came with a newer version, the subject key.
// It returns the names of the tables and columns it made, a column as TABLE.COLUMN.
func Init(ctx context.Context, o Options) (made []string, err error) {
	if o.Type == "sqlite" {
		if err := os.MkdirAll(filepath.Dir(o.URI), 0o755); err != nil {
			return nil, fmt.Errorf("create folder of the catalog: %w", err)
		}
	}
	o.create = true
	c, err := Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	l := c.Lake()
	if _, err := c.claim(ctx, false); err != nil { // before anything is written
		return nil, err
	}
	key, err := c.initSubjectKey(ctx)
	if err != nil {
		return nil, err
	}
	id, err := c.claim(ctx, true)
	if err != nil {
		return nil, err
	}
	for _, spec := range catalog.Specs() {
		spec.Properties[catalog.LakeIDProperty] = id
		if spec.Name == catalog.DeletionRequests {
			spec.Properties[keyCheckProperty] = keyCheck(key)
		}
		created, err := l.Create(ctx, spec)
		if err != nil {
			return made, err
		}
		if created {
			made = append(made, spec.Name)
			continue
		}
		added, err := upgrade(ctx, l, spec, o.Log)
		for _, column := range added {
			made = append(made, spec.Name+"."+column)
		}
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// upgrade brings the table of an earlier version to a spec and returns the names of the columns it added.
func upgrade(ctx context.Context, l *lake.Lake, spec lake.Spec, log *slog.Logger) ([]string, error) {
	added, err := l.AddColumns(ctx, spec)
	if err == nil {
		_, err = l.SetProperty(ctx, spec.Name, catalog.LakeIDProperty, spec.Properties[catalog.LakeIDProperty])
	}
	if err == nil { // earlier versions set it for the library; Trino and Spark obey it and give up at the first conflict
		_, err = l.DropProperty(ctx, spec.Name, "commit.retry.num-retries", "0")
	}
	described := false
	if err == nil {
		described, err = l.Describe(ctx, spec)
	}
	if described {
		log.Info("described table for readers of other engines", "table", spec.Name)
	}
	return added, err
}
