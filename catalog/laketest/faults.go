package laketest

import (
	"context"
	"errors"
	"sync"

	"github.com/apache/iceberg-go"
	icecatalog "github.com/apache/iceberg-go/catalog"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
)

// ErrInjected is what a fault returns.
var ErrInjected = errors.New("injected fault")

// Step is a place where a fault can strike.
type Step string

// The steps of writing and committing.
const (
	CreateFile   Step = "create file"   // nothing was written
	CloseFile    Step = "close file"    // the bytes are there, the writer is told they are not
	BeforeCommit Step = "before commit" // the catalog never saw it
	AfterCommit  Step = "after commit"  // it landed, the answer was lost
	LoadTable    Step = "load table"
	RemoveFile   Step = "remove file" // it is still there
)

// Faults decides when something fails. The zero value never does.
type Faults struct {
	mu sync.Mutex
	// Strike is asked at every step with the table's name ("" for files) and returns the error to inject.
	Strike func(step Step, table string) error
	// Disk says what becomes of bytes that are written to a file, or why they are not. Nil: they are as they were.
	Disk func(name string, bytes []byte) ([]byte, error)
	// Opened is told which files are read, one at a time.
	Opened func(name string)
	// Steps counts how often each step was reached.
	Steps map[Step]int
}

func (f *Faults) at(step Step, table string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Steps == nil {
		f.Steps = map[Step]int{}
	}
	f.Steps[step]++
	if f.Strike == nil {
		return nil
	}
	return f.Strike(step, table)
}

func (f *Faults) opened(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.Opened != nil {
		f.Opened(name)
	}
}

// Crash ends the world at the nth writing step (1 is the first): that step and everything after it fails, so
// that retries cannot help either. Loading a table does not count as a step: nothing changes between two. Neither
// does removing a file: what commits remove nobody refers to.
func Crash(nth int) *Faults {
	n := 0
	return &Faults{Strike: func(step Step, _ string) error {
		if step != LoadTable && step != RemoveFile {
			n++
		}
		if n >= nth {
			return ErrInjected
		}
		return nil
	}}
}

// CrashOnce is [Crash] that calls dead at its first strike: with the cancel function of the job's context
// the job ends at once instead of retrying against a world that is gone.
func CrashOnce(nth int, dead func()) *Faults {
	f := Crash(nth)
	inner := f.Strike
	f.Strike = func(step Step, table string) error {
		err := inner(step, table)
		if err != nil {
			dead()
		}
		return err
	}
	return f
}

// With returns the same lake seen through faults.
func (l *Lake) With(f *Faults) *Lake {
	broken := *l
	broken.faulty = &faultyCatalog{Catalog: l.Catalog.Ice, faults: f}
	broken.Lake = lake.New(broken.faulty, l.Namespace(), l.Catalog.Known(), l.Options.Log)
	return &broken
}

type faultyCatalog struct {
	icecatalog.Catalog
	faults *Faults
}

func (c *faultyCatalog) LoadTable(ctx context.Context, id icetable.Identifier) (*icetable.Table, error) {
	if err := c.faults.at(LoadTable, id[len(id)-1]); err != nil {
		return nil, err
	}
	t, err := c.Catalog.LoadTable(ctx, id)
	if err != nil {
		return nil, err
	}
	storage := func(ctx context.Context) (iceio.IO, error) {
		fs, err := t.FS(ctx)
		if err != nil {
			return nil, err
		}
		return &faultyIO{WriteFileIO: fs.(iceio.WriteFileIO), faults: c.faults}, nil
	}
	return icetable.New(t.Identifier(), t.Metadata(), t.MetadataLocation(), storage, c), nil
}

func (c *faultyCatalog) CommitTable(ctx context.Context, id icetable.Identifier, r []icetable.Requirement, u []icetable.Update) (icetable.Metadata, string, error) {
	if err := c.faults.at(BeforeCommit, id[len(id)-1]); err != nil {
		return nil, "", err
	}
	meta, location, err := c.Catalog.CommitTable(ctx, id, r, u)
	if err == nil {
		err = c.faults.at(AfterCommit, id[len(id)-1])
	}
	return meta, location, err
}

// CreateTable makes a table: a step like a commit.
func (c *faultyCatalog) CreateTable(ctx context.Context, id icetable.Identifier, schema *iceberg.Schema, o ...icecatalog.CreateTableOpt) (*icetable.Table, error) {
	if err := c.faults.at(BeforeCommit, id[len(id)-1]); err != nil {
		return nil, err
	}
	t, err := c.Catalog.CreateTable(ctx, id, schema, o...)
	if err == nil {
		err = c.faults.at(AfterCommit, id[len(id)-1])
	}
	return t, err
}

// DropTable drops a table: a step like a commit.
func (c *faultyCatalog) DropTable(ctx context.Context, id icetable.Identifier) error {
	err := c.faults.at(BeforeCommit, id[len(id)-1])
	if err == nil {
		err = c.Catalog.DropTable(ctx, id)
	}
	if err == nil {
		err = c.faults.at(AfterCommit, id[len(id)-1])
	}
	return err
}

type faultyIO struct {
	iceio.WriteFileIO
	faults *Faults
}

func (f *faultyIO) Open(name string) (iceio.File, error) {
	f.faults.opened(name)
	return f.WriteFileIO.Open(name)
}

func (f *faultyIO) Create(name string) (iceio.FileWriter, error) {
	if err := f.faults.at(CreateFile, ""); err != nil {
		return nil, err
	}
	w, err := f.WriteFileIO.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyWriter{FileWriter: w, faults: f.faults, name: name}, nil
}

func (f *faultyIO) Remove(name string) error {
	if err := f.faults.at(RemoveFile, ""); err != nil {
		return err
	}
	return f.WriteFileIO.Remove(name)
}

type faultyWriter struct {
	iceio.FileWriter
	faults *Faults
	name   string
}

func (w *faultyWriter) Write(p []byte) (int, error) {
	if w.faults.Disk == nil {
		return w.FileWriter.Write(p)
	}
	became, err := w.faults.Disk(w.name, p)
	if err != nil {
		return 0, err
	}
	return w.FileWriter.Write(became)
}

func (w *faultyWriter) Close() error {
	err := w.FileWriter.Close()
	if err == nil {
		err = w.faults.at(CloseFile, "")
	}
	return err
}
