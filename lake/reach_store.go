package lake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What a sweep asks of the place that a table lies at. Paths are those of this machine, as of the copies of a [Remote].

// real is the folder without symbolic links.
func (r *reach) real() (string, error) {
	if r.remote != nil {
		return r.named, nil
	}
	return filepath.EvalSymlinks(r.named)
}

// uri is what the store knows a file by.
func (r *reach) uri(path string) string {
	if r.remote == nil {
		return path
	}
	return r.table.Location() + strings.TrimPrefix(filepath.ToSlash(path), r.named)
}

// walk visits all files of the folder.
func (r *reach) walk(ctx context.Context, visit fs.WalkDirFunc) error {
	if r.remote == nil {
		return filepath.WalkDir(r.root, visit)
	}
	return r.remote.List(ctx, r.table.Location(), func(f RemoteFile) error {
		path, err := LocalPath(f.URI)
		return visit(path, fs.FileInfoToDirEntry(f), err)
	})
}

// stat describes a file below the folder.
func (r *reach) stat(ctx context.Context, path string) (fs.FileInfo, error) {
	if r.remote != nil {
		return r.remote.Stat(ctx, r.uri(filepath.Join(r.root, path)))
	}
	return os.Lstat(filepath.Join(r.root, path))
}

// listMetadata lists the files beside the newest metadata file.
func (r *reach) listMetadata(ctx context.Context) (list []fs.DirEntry, err error) {
	if r.remote == nil {
		return os.ReadDir(r.metadata)
	}
	err = r.remote.List(ctx, r.uri(r.metadata), func(f RemoteFile) error {
		list = append(list, fs.FileInfoToDirEntry(f))
		return nil
	})
	return list, err
}

// readMetadata reads a metadata file.
func (r *reach) readMetadata(ctx context.Context, path string) ([]byte, error) {
	if r.remote != nil {
		if err := r.remote.Fetch(ctx, []RemoteFile{{URI: r.uri(path)}}, nil); err != nil {
			return nil, err
		}
	}
	return readMetadataFile(path)
}

// unchanged tells whether a file is the one that was planned.
func (r *reach) unchanged(ctx context.Context, f Orphan) (bool, error) {
	info, err := r.stat(ctx, f.Path)
	if err != nil {
		if r.remote == nil || errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	return info.Mode().IsRegular() && info.Size() == f.Bytes && info.ModTime().Equal(f.Modified), nil
}
