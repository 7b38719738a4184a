package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/lakectl/lakectl/lake"
)

const manifestName = "export.json"

// manifest says what is in a folder, and from which snapshots.
type manifest struct {
	Result
	Inputs pinned `json:"inputs"`
}

// folder is where an export goes.
type folder struct{ dir, name string }

func folderOf(o Options, runID, period string) folder {
	who := o.By
	if o.ID != nil {
		who = stem(o.By, *o.ID)
	}
	return folder{o.Dir, escaped(period+"-"+runID) + "-" + who + "-" + o.Format}
}

func (f folder) path() string    { return filepath.Join(f.dir, f.name) }
func (f folder) partial() string { return filepath.Join(f.dir, ".partial-"+f.name) }

// written reads what the folder holds under its final name; false when there is none.
func (f folder) written() (m manifest, ok bool, err error) {
	hint := "move " + f.path() + " away, or export into another folder"
	text, err := os.ReadFile(filepath.Join(f.path(), manifestName))
	if absent(err) {
		if _, err := os.Lstat(f.path()); absent(err) {
			return m, false, nil
		}
		return m, false, lake.WithHint(fmt.Errorf("%s is there and is no export: it has no %s", f.path(), manifestName), "%s", hint)
	}
	if err != nil {
		return m, false, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, false, lake.WithHint(fmt.Errorf("read %s of %s: %w", manifestName, f.path(), err), "%s", hint)
	}
	return m, true, nil
}

// absent is the error of a path that leads nowhere, through a file too.
func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) }

// same tells whether the folder was written from the same snapshots.
func (f folder) same(p pinned) (Result, bool, error) {
	m, ok, err := f.written()
	return m.Result, ok && m.Inputs.equal(p), err
}

// compare is the answer for a folder that is there, once its rows were computed again from inputs that moved.
func (f folder) compare(written, computed manifest) (Report, error) {
	if written.RunID != computed.RunID || written.Checksum != computed.Checksum || written.Inputs.Sender != computed.Inputs.Sender {
		return Report{}, lake.WithHint(fmt.Errorf("%s holds other statements: tracks, adjustments or the sender changed since", f.path()),
			"keep it as the record of what was sent, and export into another folder")
	}
	return Report{Folder: f.path(), AlreadyThere: true, Result: written.Result}, nil
}

// partialFolder is an export being written, locked against another one of the same name.
type partialFolder struct {
	folder
	path      string
	lock      *os.File
	published bool
}

// begin makes the partial folder, without what a dead export left in it.
func (f folder) begin() (*partialFolder, error) {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return nil, lake.WithHint(fmt.Errorf("make the folder for exports: %w", err), "give a folder that can be written with --out")
	}
	p := &partialFolder{folder: f, path: f.partial()}
	if err := os.Mkdir(p.path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, lake.WithHint(fmt.Errorf("make the folder for the export: %w", err), "give a folder that can be written with --out")
	}
	var err error
	if p.lock, err = os.Open(p.path); err != nil {
		return nil, err
	}
	if err := p.own(); err != nil {
		return nil, errors.Join(err, p.lock.Close())
	}
	return p, nil
}

// own takes the lock and empties the folder. The kernel gives the lock back when its owner dies.
func (p *partialFolder) own() error {
	busy := lake.WithHint(fmt.Errorf("another export is writing %s: %w", p.folder.path(), lake.ErrFenced), "wait for it, then run the same command again")
	if err := syscall.Flock(int(p.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return busy
		}
		return fmt.Errorf("lock %s: %w", p.path, err)
	}
	locked, err := p.lock.Stat()
	if err != nil {
		return err
	}
	// Its owner may have renamed or removed it between opening and locking: then the lock is on something else.
	now, err := os.Lstat(p.path)
	if err != nil || !os.SameFile(locked, now) {
		return busy
	}
	left, err := os.ReadDir(p.path)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.RemoveAll(filepath.Join(p.path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// publish gives the folder its final name, after everything in it is on disk.
func (p *partialFolder) publish() error {
	if err := p.lock.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", p.path, err)
	}
	if err := os.Rename(p.path, p.folder.path()); err != nil {
		return fmt.Errorf("publish the export: %w", err)
	}
	p.published = true
	parent, err := os.Open(p.dir)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// discard ends an export: what was not published is removed, while the lock still keeps others from that name.
func (p *partialFolder) discard() error {
	if p.published {
		return p.lock.Close()
	}
	return errors.Join(os.RemoveAll(p.path), p.lock.Close())
}

// writeManifest makes the folder one that a later export knows.
func (p *partialFolder) writeManifest(m manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	d := newDisk()
	f, err := d.create(filepath.Join(p.path, manifestName))
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	return errors.Join(err, f.finish(), d.wait())
}
