package recent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// ErrBusy says that another process has the memory.
var ErrBusy = errors.New("another process has the memory of recent ids")

// What a memory holds where [Options] does not say.
const (
	Window  = 48 * time.Hour
	MostIDs = 500_000_000
)

// Options of a memory. Of the zero value all but Log has a meaning.
type Options struct {
	Window  time.Duration  // how long ids are remembered; 0 is the constant
	MostIDs int64          // beyond which the oldest are forgotten first; 0 is the constant
	Wait    time.Duration  // how long to wait for another process; 0 is not at all
	Verify  *lake.Verifier // of archive files; nil verifies nothing
	Log     *slog.Logger
}

// Memory is an open memory. It serves one goroutine at a time.
type Memory struct {
	dir  string
	o    Options
	lock *os.File

	state    state
	segments []*segment // of the state
	pending  *pending   // sifted and not kept
	view     view       // that the state was brought to

	most int           // entries of one batch
	list buffer[entry] // of one batch
	open buffer[uint32]
	find finder
}

// pending are the ids of a batch that is sifted but not kept.
type pending struct {
	archive  lake.Snapshot
	files    []lake.File
	segments []*segment
}

// Open opens the memory in a folder, which it makes, and takes its lock: [ErrBusy] where another process still has it
// after [Options].Wait. What is damaged is thrown away.
func Open(ctx context.Context, dir string, o Options) (*Memory, error) {
	if o.Window == 0 {
		o.Window = Window
	}
	if o.MostIDs == 0 {
		o.MostIDs = MostIDs
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the memory of recent ids: %w", err)
	}
	lock, err := acquire(ctx, dir, o.Wait)
	if err != nil {
		return nil, fmt.Errorf("open the memory of recent ids: %w", err)
	}
	m := &Memory{dir: dir, o: o, lock: lock, most: batchEntries}
	if err := m.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the memory of recent ids: %w", err), m.Close())
	}
	return m, nil
}

// load reads the state and opens what it names.
func (m *Memory) load() error {
	var err error
	if m.state, err = readState(m.dir); err == nil {
		err = m.openSegments()
	}
	if errors.Is(err, errDamaged) {
		return m.forget(err.Error())
	}
	if err != nil {
		return err
	}
	return m.state.sweep(m.dir)
}

func (m *Memory) openSegments() error {
	for _, one := range m.state.Segments {
		s, err := openSegment(m.dir, one)
		if err != nil {
			return err
		}
		m.segments = append(m.segments, s)
	}
	return nil
}

// forget throws everything away.
func (m *Memory) forget(why string) error {
	m.o.Log.Warn("threw the memory of recent ids away; it is filled again from the archive", "reason", why)
	return m.empty()
}

func (m *Memory) empty() error {
	err := m.Drop()
	for _, s := range m.segments {
		err = errors.Join(err, s.file.Close())
	}
	m.segments, m.state = nil, emptyState()
	// First the state, which must not name what is gone.
	if gone := os.Remove(filepath.Join(m.dir, stateFile)); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return errors.Join(err, m.state.sweep(m.dir))
}

// Drop forgets what was sifted and not kept.
func (m *Memory) Drop() error {
	if m.pending == nil {
		return nil
	}
	segments := m.pending.segments
	m.pending = nil
	return removeAll(segments)
}

// Close drops what was not kept and gives the lock back.
func (m *Memory) Close() error {
	if m.lock == nil {
		return nil
	}
	err := m.Drop()
	for _, s := range m.segments {
		err = errors.Join(err, s.file.Close())
	}
	lock := m.lock
	m.segments, m.lock = nil, nil
	return errors.Join(err, m.list.release(), m.open.release(), lock.Close())
}

// Size is what a memory takes.
type Size struct {
	IDs      int64
	Segments int
	Bytes    int64 // on disk, of the segments
}

// Size says what is kept.
func (m *Memory) Size() (size Size) {
	for _, s := range m.segments {
		size.IDs, size.Bytes = size.IDs+s.IDs, size.Bytes+s.bytes
	}
	size.Segments = len(m.segments)
	return size
}

// Covers is the snapshot of listens up to which ids are kept, 0 for none.
func (m *Memory) Covers() int64 { return m.state.SnapshotID }

const lockName = "lock"

// acquire takes the lock of a folder. The kernel gives it back when its owner dies.
func acquire(ctx context.Context, dir string, wait time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for until := time.Now().Add(wait); ; {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(os.NewSyscallError("flock "+f.Name(), err), f.Close())
		}
		if !time.Now().Before(until) {
			return nil, errors.Join(lake.WithHint(fmt.Errorf("%s: %w", dir, ErrBusy), "another rollup is at work; wait for it, then run the command again"), f.Close())
		}
		if err := lake.Pause(ctx, 50*time.Millisecond); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
}

// Clear throws away what a folder remembers, unless a process has it; then it is false. The next run of whoever needs
// it fills it again from the archive.
func Clear(ctx context.Context, dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, stateFile)); errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	m, err := Open(ctx, dir, Options{Log: slog.New(slog.DiscardHandler)})
	if errors.Is(err, ErrBusy) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, errors.Join(m.empty(), m.Close())
}
