package open

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	iceio "github.com/apache/iceberg-go/io"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// S3 is how to reach a warehouse on S3, and where copies of its files lie.
type S3 struct {
	Endpoint  string // "" is AWS
	Region    string // "" leaves it to the standard AWS chain
	PathStyle string // true or false; "" is true with an endpoint
	Copies    string // folder
	Limit     int64  // bytes that copies may take
	// WholeBelow is the length in bytes from which on a copy may lack columns that nobody reads; 0 is the default.
	WholeBelow int64
}

func (o S3) options(warehouse string, log *slog.Logger) store.Options {
	return store.Options{Warehouse: warehouse, Endpoint: o.Endpoint, Region: o.Region, PathStyle: o.PathStyle, Folder: o.Copies, Limit: o.Limit, WholeBelow: o.WholeBelow, Log: log}
}

func isS3(warehouse string) bool { return strings.HasPrefix(warehouse, "s3://") }

// storageOf opens the storage that a file lies on.
type storageOf func(location string) func(context.Context) (iceio.IO, error)

func (c *Catalog) storage(location string) func(context.Context) (iceio.IO, error) {
	if c.store != nil && isS3(location) {
		return c.store.FS
	}
	return iceio.LoadFSFunc(nil, location)
}

// identity reads the file of the warehouse that says whose it is; nil when there is none.
func (c *Catalog) identity(ctx context.Context, folder string) (*identity, error) {
	if c.store == nil {
		return readIdentity(folder)
	}
	text, err := c.store.Read(ctx, c.warehouse+"/"+identityFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("identity of the warehouse: %w", err)
	}
	return parseIdentity(c.warehouse+"/"+identityFile, text)
}

// putIdentity is [writeIdentity] wherever the warehouse lies.
func (c *Catalog) putIdentity(ctx context.Context, folder string, id identity, fresh bool) (written bool, err error) {
	if c.store == nil {
		return writeIdentity(folder, id, fresh)
	}
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return false, err
	}
	return c.store.Replace(ctx, c.warehouse+"/"+identityFile, append(text, '\n'), fresh)
}

// tablesThere counts the tables of ours that have metadata where init puts it.
func (c *Catalog) tablesThere(ctx context.Context, folder string) (int, error) {
	if c.store == nil {
		return tablesIn(folder), nil
	}
	found := map[string]bool{}
	err := c.store.List(ctx, c.warehouse+"/"+catalog.Namespace+".db", func(f lake.RemoteFile) error {
		for _, spec := range catalog.Specs() {
			if strings.Contains(f.URI, "/"+catalog.Namespace+".db/"+spec.Name+"/metadata/") && strings.HasSuffix(f.URI, ".metadata.json") {
				found[spec.Name] = true
			}
		}
		return nil
	})
	return len(found), err
}

// where is the warehouse for the words of errors, and for what is done in its folder.
func (c *Catalog) where() (string, error) {
	if c.store != nil {
		return c.warehouse, nil
	}
	return c.options.folder()
}
