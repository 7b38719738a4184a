package open

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// identityFile lies in the warehouse and says to which lake and which catalog it belongs.
const identityFile = "lakectl-lake.json"

// identity is the content of that file. What the tables say is the truth; the file is there for a catalog that does not
// know these tables.
type identity struct {
	LakeID  string        `json:"lake_id"`
	Catalog catalogPlace  `json:"catalog"`
	Moving  *movingMarker `json:"relocating,omitempty"`
}

// movingMarker keeps the id that a relocation has chosen for a copy while it runs, so that one that was killed goes on
// under the same.
type movingMarker struct{ From, To, LakeID string }

// catalogPlace tells one catalog from another: its type, where it is, without user and password, and its name in its
// own rows.
type catalogPlace struct {
	Type string `json:"type"`
	URI  string `json:"uri"`
	Name string `json:"name"`
	// System is of PostgreSQL its system identifier and the database, whatever host name leads there; of a REST catalog
	// the name of the warehouse.
	System string `json:"system,omitempty"`
}

func (p catalogPlace) String() string {
	if server, _, known := strings.Cut(p.System, "/"); known && p.Type == "postgres" {
		return fmt.Sprintf("%s %s (name %s, server %s)", p.Type, p.URI, p.Name, server)
	}
	return fmt.Sprintf("%s %s (name %s)", p.Type, p.URI, p.Name)
}

// place is where this catalog is.
func (c *Catalog) place(ctx context.Context) catalogPlace {
	o := c.options
	p := catalogPlace{Type: o.Type, Name: o.Name, URI: o.URI}
	if o.Type == "sqlite" {
		if file, err := filepath.Abs(o.URI); err == nil {
			p.URI = file
		}
		if file, err := filepath.EvalSymlinks(p.URI); err == nil {
			p.URI = file
		}
		return p
	}
	p.URI = "unknown"
	if o.Type == "rest" {
		if at, err := url.Parse(o.URI); err == nil {
			p.URI = (&url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path}).String()
		}
		p.System = o.Rest.Warehouse
		return p
	}
	if config, err := pgconn.ParseConfig(o.URI); err == nil {
		p.URI = fmt.Sprintf("%s:%d/%s", config.Host, config.Port, config.Database)
	}
	// Who may not ask gets along without.
	if err := c.db.QueryRowContext(ctx, "SELECT system_identifier || '/' || current_database() FROM pg_control_system()").Scan(&p.System); err != nil {
		p.System = ""
	}
	return p
}

// same tells whether a catalog on record is this one. A SQLite file may have been moved, so that nothing is at the
// place on record.
func (p catalogPlace) same(here catalogPlace) bool {
	if p.Type != here.Type || p.Name != here.Name {
		return false
	}
	if p.Type == "rest" {
		return p == here
	}
	if p.System != "" && here.System != "" { // the same host name is another server on another machine
		return p.System == here.System
	}
	if p.URI == here.URI {
		return true
	}
	if p.Type != "sqlite" {
		return false
	}
	was, err := os.Stat(p.URI)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	now, err := os.Stat(here.URI)
	return err == nil && os.SameFile(was, now)
}

// folder is the path of the warehouse.
func (o Options) folder() (string, error) {
	uri, err := warehouseURI(o.Warehouse)
	if err != nil {
		return "", err
	}
	return lake.LocalPath(relocate.URI(uri))
}

// readIdentity reads the file of a warehouse; nil when there is none, as in lakes that an earlier version made.
func readIdentity(folder string) (*identity, error) {
	file := filepath.Join(folder, identityFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("identity of the warehouse: %w", err)
	}
	return parseIdentity(file, text)
}

func parseIdentity(file string, text []byte) (*identity, error) {
	var id identity
	if err := json.Unmarshal(text, &id); err != nil || id.LakeID == "" {
		return nil, lake.WithHint(fmt.Errorf("%s is damaged", file), "restore it from a backup, or remove it and run 'lakectl init', which writes it from the tables")
	}
	return &id, nil
}

// writeIdentity puts the file in place whole: a crash leaves the one before or this one. fresh: only where there is
// none, and it tells whether it was written; two inits at once agree that way.
func writeIdentity(folder string, id identity, fresh bool) (written bool, err error) {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return false, fmt.Errorf("create the warehouse: %w", err)
	}
	name := filepath.Join(folder, identityFile)
	tmp := filepath.Join(folder, ".lake-"+uuid.NewString())
	defer os.Remove(tmp) //nolint:errcheck // a leftover is harmless
	err = writeSynced(tmp, append(text, '\n'))
	switch {
	case err != nil:
	case fresh:
		if err = os.Link(tmp, name); errors.Is(err, fs.ErrExist) {
			return false, nil
		}
	default:
		err = os.Rename(tmp, name)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return false, fmt.Errorf("write %s: %w", name, err)
	}
	return true, nil
}

func writeSynced(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
