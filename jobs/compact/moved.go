package compact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/lakectl/lakectl/lake"
)

// moved is where the rows of a group's files are in the new file, 4 bytes a row in a file without a name.
type moved struct {
	output string
	starts map[string]int64 // of an input, by its URI
	counts map[string]int64
	first  []int64 // of an input, by its number
	data   []byte
}

const placeBytes = 4

// newMoved makes the map for the files of a group. Every row is nowhere.
func newMoved(dir string, g Group) (*moved, error) {
	m := &moved{starts: map[string]int64{}, counts: map[string]int64{}}
	rows := int64(0)
	for _, in := range g.Inputs {
		m.starts[in.File.FilePath()], m.counts[in.File.FilePath()] = rows, in.File.Count()
		m.first = append(m.first, rows)
		rows += in.File.Count()
	}
	if rows == 0 {
		return m, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "moved-*")
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // the mapping stays
	if err := errors.Join(os.Remove(f.Name()), f.Truncate(rows*placeBytes)); err != nil {
		return nil, err
	}
	m.data, err = syscall.Mmap(int(f.Fd()), 0, int(rows*placeBytes), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return m, err
}

// put notes that a row of an input is a row of the output.
func (m *moved) put(input int, from, to int64) {
	binary.LittleEndian.PutUint32(m.data[(m.first[input]+from)*placeBytes:], uint32(to)+1)
}

// find is what [lake.Rewrite] asks.
func (m *moved) find(input string, rows []int64) (map[string][]int64, error) {
	start, known := m.starts[input]
	if !known {
		return nil, fmt.Errorf("file %s is not of this group: %w", input, lake.ErrNotFound)
	}
	to := map[string][]int64{}
	for _, n := range rows {
		if n < 0 || n >= m.counts[input] {
			return nil, fmt.Errorf("file %s has no row %d: %w", input, n, lake.ErrNotFound)
		}
		if at := binary.LittleEndian.Uint32(m.data[(start+n)*placeBytes:]); at > 0 {
			to[m.output] = append(to[m.output], int64(at)-1)
		}
	}
	return to, nil
}

func (m *moved) close() error {
	if m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return syscall.Munmap(data)
}
