package open

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	icecatalog "github.com/apache/iceberg-go/catalog"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

// parsed is a SQL catalog that keeps the newest version of each table parsed. The library's own parses a table's
// metadata for every load and once more within every commit, which at a few hundred snapshots is most of what a
// commit costs. A metadata file never changes under its name, so what is parsed holds as long as the catalog names
// that file. In memory it takes some 5 KB a snapshot; the versions before it are not held.
//
// A load whose version is not known goes to the library, and so does a commit on top of such a version. The others
// do here what the library does there: check the requirements, write the new metadata file, and let the catalog name
// it if it still names the old one. That is the same row and the same compare and swap, so both kinds mix.
type parsed struct {
	icecatalog.Catalog
	db       *sql.DB
	postgres bool
	name     string // of the catalog
	fs       storageOf

	mu     sync.Mutex
	tables map[string]version // by identifier
}

// version is a table's metadata as one metadata file has it.
type version struct {
	location string
	metadata icetable.Metadata
}

// The row of a table: which metadata file it is at, and the move to the next one.
const (
	selectLocation = "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?"
	swapLocation   = "UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ? WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?"
)

func newParsed(inner icecatalog.Catalog, db *sql.DB, o Options, fs storageOf) *parsed {
	return &parsed{Catalog: inner, db: db, postgres: o.Type == "postgres", name: o.Name, fs: fs, tables: map[string]version{}}
}

// placeholders are ? in SQLite and $1, $2, ... in PostgreSQL.
func (p *parsed) placeholders(statement string) string {
	for i := 1; p.postgres && strings.Contains(statement, "?"); i++ {
		statement = strings.Replace(statement, "?", "$"+strconv.Itoa(i), 1)
	}
	return statement
}

// LoadTable loads the table as it is now.
func (p *parsed) LoadTable(ctx context.Context, id icetable.Identifier) (*icetable.Table, error) {
	if v, ok := p.current(ctx, id); ok {
		return p.table(id, v), nil
	}
	t, err := p.Catalog.LoadTable(ctx, id)
	if err != nil {
		return nil, p.nameMetadata(ctx, id, err)
	}
	return p.table(id, p.keep(id, version{t.MetadataLocation(), t.Metadata()})), nil
}

// nameMetadata makes the error of a load name the metadata file, where the catalog itself answers and names one, and
// the file cannot be read. Whoever reads it finds out: a database that was too busy for the load, or out of reach, may
// answer a moment later, and its errors come in many kinds.
func (p *parsed) nameMetadata(ctx context.Context, id icetable.Identifier, err error) error {
	var location sql.NullString
	if errors.Is(err, icecatalog.ErrNoSuchTable) || len(id) != 2 ||
		p.db.QueryRowContext(ctx, p.placeholders(selectLocation), p.name, id[0], id[1]).Scan(&location) != nil || location.String == "" {
		return err
	}
	_, unread := icetable.NewFromLocation(ctx, id, location.String, p.fs(location.String), p)
	if unread == nil {
		return err
	}
	return lake.NameFile(location.String, unread)
}

// CommitTable commits and keeps what the table is then.
func (p *parsed) CommitTable(ctx context.Context, id icetable.Identifier, requirements []icetable.Requirement, updates []icetable.Update) (icetable.Metadata, string, error) {
	updates, err := selfContained(updates)
	if err != nil {
		return nil, "", err
	}
	base, ok := p.current(ctx, id)
	if !ok || !compressions[compression(base.metadata)] {
		metadata, location, err := p.Catalog.CommitTable(ctx, id, requirements, updates)
		if err == nil {
			p.keep(id, version{location, metadata})
		}
		return metadata, location, err
	}
	for _, r := range requirements {
		if err := r.Validate(base.metadata); err != nil {
			return nil, "", err
		}
	}
	next, err := p.next(ctx, base, updates)
	if err == nil && next.location != base.location {
		err = p.swap(ctx, id, base, next)
	}
	if err != nil {
		return nil, "", err
	}
	p.keep(id, next)
	return next.metadata, next.location, nil
}

// selfContained are updates as they would reach a server. A snapshot that a transaction adds points into the
// transaction (iceberg-go's snapshotProducer), which holds the version that it stands on. In a version that is kept it
// would hold all before it, and they would never leave the memory.
func selfContained(updates []icetable.Update) ([]icetable.Update, error) {
	own := slices.Clone(updates)
	for i, u := range own {
		if u.Action() != icetable.UpdateAddSnapshot {
			continue
		}
		text, err := json.Marshal(u)
		if err != nil {
			return nil, fmt.Errorf("write the snapshot to add: %w", err)
		}
		var added struct {
			Snapshot *icetable.Snapshot `json:"snapshot"`
		}
		if err := json.Unmarshal(text, &added); err != nil {
			return nil, fmt.Errorf("read the snapshot to add: %w", err)
		}
		own[i] = icetable.NewAddSnapshotUpdate(added.Snapshot)
	}
	return own, nil
}

// current is the known version of a table if the catalog still names it. Where the catalog cannot be asked, the
// library finds that out too and says more.
func (p *parsed) current(ctx context.Context, id icetable.Identifier) (version, bool) {
	p.mu.Lock()
	v, known := p.tables[fmt.Sprintf("%q", id)]
	p.mu.Unlock()
	if !known || len(id) != 2 {
		return version{}, false
	}
	var location sql.NullString
	err := p.db.QueryRowContext(ctx, p.placeholders(selectLocation), p.name, id[0], id[1]).Scan(&location)
	return v, err == nil && location.String == v.location
}

// Compressions of metadata files that are written here.
var compressions = map[string]bool{icetable.MetadataCompressionCodecGzip: true, icetable.MetadataCompressionCodecNone: true}

func compression(m icetable.Metadata) string {
	return m.Properties().Get(icetable.MetadataCompressionKey, icetable.MetadataCompressionDefault)
}

// next writes the metadata file of the next version; updates that change nothing lead to none.
func (p *parsed) next(ctx context.Context, base version, updates []icetable.Update) (version, error) {
	metadata, err := icetable.UpdateTableMetadata(base.metadata, updates, base.location)
	if err != nil || metadata.Equals(base.metadata) {
		return base, err
	}
	number, _, _ := strings.Cut(path.Base(base.location), "-") // 00012-UUID.gz.metadata.json
	n, err := strconv.Atoi(number)
	if err != nil {
		return base, fmt.Errorf("metadata file %s has no number: %w", base.location, err)
	}
	locations, err := icetable.LoadLocationProvider(metadata.Location(), metadata.Properties())
	if err != nil {
		return base, err
	}
	location, err := locations.NewTableMetadataFileLocation(n + 1)
	if err != nil {
		return base, err
	}
	storage, err := p.storage(ctx, location)
	if err != nil {
		return base, err
	}
	return version{location, metadata}, writeMetadata(storage, location, metadata)
}

// writeMetadata writes at the fastest level of gzip, and without the second pass over the text that an encoder
// makes: this is the part of a commit that grows with the number of snapshots.
func writeMetadata(storage iceio.WriteFileIO, location string, metadata icetable.Metadata) (err error) {
	var text []byte
	if m, ok := metadata.(json.Marshaler); ok {
		text, err = m.MarshalJSON()
	} else {
		text, err = json.Marshal(metadata)
	}
	if err != nil {
		return err
	}
	file, err := storage.Create(location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if compression(metadata) == icetable.MetadataCompressionCodecNone {
		_, err = file.Write(text)
		return err
	}
	zipped, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return err
	}
	_, err = zipped.Write(text)
	return errors.Join(err, zipped.Close())
}

// swap makes next the table's version if base still is. If not, next's file is taken away: nobody has seen it.
func (p *parsed) swap(ctx context.Context, id icetable.Identifier, base, next version) error {
	result, err := p.db.ExecContext(ctx, p.placeholders(swapLocation), next.location, base.location, p.name, id[0], id[1], base.location)
	if err != nil {
		return fmt.Errorf("update table %s: %w", id[1], err)
	}
	rows, err := result.RowsAffected()
	if err != nil || rows == 1 {
		return err
	}
	moved := fmt.Errorf("%w: table %s has moved on", icetable.ErrCommitFailed, id[1])
	storage, err := p.storage(ctx, next.location)
	if err == nil {
		err = storage.Remove(next.location)
	}
	return errors.Join(moved, err)
}

func (p *parsed) storage(ctx context.Context, location string) (iceio.WriteFileIO, error) {
	storage, err := p.fs(location)(ctx)
	if err != nil {
		return nil, err
	}
	writable, ok := storage.(iceio.WriteFileIO)
	if !ok {
		return nil, fmt.Errorf("storage of %s is read-only", location)
	}
	return writable, nil
}

func (p *parsed) table(id icetable.Identifier, v version) *icetable.Table {
	return icetable.New(id, v.metadata, v.location, p.fs(v.location), p)
}

func (p *parsed) keep(id icetable.Identifier, v version) version {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tables[fmt.Sprintf("%q", id)] = v
	return v
}
