package statement

import (
	"bufio"
	"errors"
	"os"

	"golang.org/x/sync/errgroup"
)

// syncs is how many files are forced to disk at a time. A file system commits those that wait together at once: with
// a hundred thousand holders that is the difference between seconds and minutes.
const syncs = 32

// disk makes files and forces them to disk while the next ones are written.
type disk struct{ group errgroup.Group }

func newDisk() *disk {
	d := &disk{}
	d.group.SetLimit(syncs)
	return d
}

// wait is called once, before the folder is published: then all finished files are on disk, or it says why not.
func (d *disk) wait() error { return d.group.Wait() }

// file is a new file that is on disk once it is finished and waited for.
type file struct {
	*bufio.Writer
	f    *os.File
	disk *disk
}

// create refuses a path that is there: no file of an export is written twice.
func (d *disk) create(path string) (*file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return &file{bufio.NewWriterSize(f, 32<<10), f, d}, nil
}

func (f *file) Name() string { return f.f.Name() }

func (f *file) finish() error {
	err := f.Flush()
	f.disk.group.Go(func() error { return errors.Join(f.f.Sync(), f.f.Close()) })
	return err
}
