package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	iceio "github.com/apache/iceberg-go/io"
	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// plainCopies is how many objects a plain copy fetches at once.
const plainCopies = 8

// s3Place is where a bench's lake lies on S3.
type s3Place struct {
	warehouse string // of the bench's own
	config.S3
}

// keys are those of the catalog's section that say where the files are, for a lake in a folder where there is no place.
func (p *s3Place) keys(dir string) string {
	if p == nil {
		return fmt.Sprintf("warehouse: %s/warehouse", dir)
	}
	text := fmt.Sprintf("warehouse: %s, s3: {copies: %s, copies_whole_below: %dB", p.warehouse, copiesOf(dir), int64(p.WholeBelow))
	for key, value := range map[string]string{"endpoint": p.Endpoint, "region": p.Region, "path_style": p.PathStyle} {
		if value != "" {
			text += fmt.Sprintf(", %s: '%s'", key, value)
		}
	}
	return text + "}"
}

func copiesOf(dir string) string { return filepath.Join(dir, "copies") }

// remove deletes all that is stored at the place, with a folder for the copies that there are none of.
func (p *s3Place) remove(ctx context.Context, folder string, log *slog.Logger) (err error) {
	s, err := store.Open(ctx, store.Options{Warehouse: p.warehouse, Endpoint: p.Endpoint, Region: p.Region, PathStyle: p.PathStyle, Folder: folder, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	files, err := s.FS(ctx)
	if err != nil {
		return err
	}
	var all []string
	err = s.List(ctx, p.warehouse, func(f lake.RemoteFile) error {
		all = append(all, f.URI)
		return nil
	})
	for _, uri := range all {
		err = errors.Join(err, files.Remove(uri))
	}
	return err
}

// kept are the copies of a lake: the URIs of the files, and the bytes that were fetched of them.
func (p *s3Place) kept(dir string) (uris []string, bytes int64, err error) {
	root := filepath.Join(copiesOf(dir), filepath.FromSlash(strings.TrimPrefix(p.warehouse, "s3://")))
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		uris = append(uris, p.warehouse+"/"+filepath.ToSlash(strings.TrimPrefix(path, root+"/")))
		bytes += min(info.Size(), takes(info)) // of a sparse copy only that is there
		return nil
	})
	return uris, bytes, err
}

// takes is the number of bytes that a file takes on disk.
func takes(info fs.FileInfo) int64 {
	const block = 512 // of the number that stat has, whatever the disk's is
	if at, ok := info.Sys().(*syscall.Stat_t); ok {
		return at.Blocks * block
	}
	return info.Size()
}

// copied copies objects to files as any tool would, and says how many bytes these are and how long that takes.
func (p *s3Place) copied(ctx context.Context, uris []string, dir string) (bytes int64, took time.Duration, err error) {
	s, err := iceio.LoadFS(ctx, store.Options{Endpoint: p.Endpoint, Region: p.Region, PathStyle: p.PathStyle}.Properties(), p.warehouse)
	if err != nil {
		return 0, 0, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // in a temporary folder
	sizes := make([]int64, len(uris))
	began := time.Now()
	var workers errgroup.Group
	workers.SetLimit(plainCopies)
	for i, uri := range uris {
		workers.Go(func() (err error) {
			sizes[i], err = copyOne(s, uri, filepath.Join(dir, fmt.Sprint(i)))
			return err
		})
	}
	err = workers.Wait()
	for _, n := range sizes {
		bytes += n
	}
	return bytes, time.Since(began), err
}

func copyOne(s iceio.IO, uri, path string) (n int64, err error) {
	from, err := s.Open(uri)
	if err != nil {
		return 0, err
	}
	defer from.Close() //nolint:errcheck // only read
	to, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(to, from)
	return n, errors.Join(err, to.Close())
}
