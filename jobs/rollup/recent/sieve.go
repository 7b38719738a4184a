package recent

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// sieve tells, for the rows of some files, which are later copies.
type sieve struct {
	m       *Memory
	archive lake.Snapshot
	files   []lake.File // in the order in which their rows came
	came    []time.Time
	met     []bool // whether rows of the file were seen: the position decides in it
	silent  bool   // nobody asks which rows are left out
	deleted map[string][]int64
	rows    *rowReader
	scratch *[]*segment // looked at besides the memory
	add     func(context.Context, *segment) error

	out         Sifted
	left        []uint64 // places of later copies in the batch
	from, until time.Time
}

func (m *Memory) newSieve(ctx context.Context, archive lake.Snapshot, files []lake.File, seen int64) (*sieve, error) {
	s := &sieve{m: m, archive: archive, files: slices.Clone(files), out: Sifted{Left: map[string][]int64{}}}
	slices.SortFunc(s.files, func(a, b lake.File) int {
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.FilePath(), b.FilePath()))
	})
	if len(files) == 0 {
		return s, nil
	}
	came := arrivals(archive.Table())
	for _, f := range s.files {
		s.came = append(s.came, came.of(f.Sequence))
		since, through := archive.Came(f)
		s.met = append(s.met, through <= seen || since > 0 && since <= seen)
	}
	var err error
	if s.rows, err = newRowReader(archive.Table(), newHasher(m.state.Key)); err != nil {
		return s, err
	}
	s.deleted, err = archive.DeletedRows(ctx, m.o.Verify, files)
	return s, err
}

// run reads the files, batch by batch.
func (s *sieve) run(ctx context.Context) error {
	if err := s.makeRoom(); err != nil {
		return err
	}
	for i, f := range s.files {
		if err := s.m.o.Verify.Verify(ctx, s.archive, s.files[i:i+1], s.rows.fields); err != nil {
			return err
		}
		if len(s.m.list.items) > 0 && s.came[i].Sub(s.from) > era {
			if err := s.batch(ctx); err != nil {
				return err
			}
		}
		read := lake.Safely(func() error { return s.rows.file(ctx, f, s.reading(ctx, i)) }) // another engine may have written it
		if err := read(); err != nil {
			return err
		}
	}
	return s.batch(ctx)
}

// reading takes the rows of a file as they are read.
func (s *sieve) reading(ctx context.Context, file int) func(first int64, rows []entry, null []bool) error {
	deleted := s.deleted[s.files[file].FilePath()]
	return func(first int64, rows []entry, null []bool) error {
		for n, e := range rows {
			row := first + int64(n)
			if len(deleted) > 0 && deleted[0] == row {
				deleted = deleted[1:]
				continue
			}
			s.out.Rows++
			if !null[n] {
				e.row = place(file, row)
				s.put(e, s.came[file])
			}
		}
		if len(s.m.list.items) > s.m.most-readRows {
			return s.batch(ctx)
		}
		return nil
	}
}

// makeRoom makes the buffers of a batch as large as the files ask for.
func (s *sieve) makeRoom() error {
	rows := int64(0)
	for _, f := range s.files {
		rows += f.Count()
	}
	most := int(min(rows, int64(s.m.most)))
	return errors.Join(s.m.list.grow(most), s.m.open.grow(most))
}

func (s *sieve) put(e entry, came time.Time) {
	if len(s.m.list.items) == 0 {
		s.from = came
	}
	s.until = came
	s.m.list.items = append(s.m.list.items, e)
}

// batch settles the rows that were read.
func (s *sieve) batch(ctx context.Context) error {
	list := s.m.list.items
	if len(list) == 0 {
		return ctx.Err()
	}
	sortEntries(list, 0)
	open := s.m.open.items[:0]
	for n := range list {
		if n == 0 || !list[n].same(list[n-1]) {
			open = append(open, uint32(n))
		}
	}
	s.left = s.left[:0]
	open, err := s.known(ctx, open)
	if err != nil {
		return err
	}
	for _, n := range open {
		for i := int(n) + 1; i < len(list) && list[i].same(list[n]); i++ {
			s.left = append(s.left, list[i].row)
		}
	}
	s.tell()
	if err := s.remember(ctx, open); err != nil {
		return err
	}
	s.m.list.items = list[:0]
	return nil
}

// known settles the ids that are remembered, newest segments first, and returns the others.
func (s *sieve) known(ctx context.Context, open []uint32) ([]uint32, error) {
	lists := [][]*segment{s.m.segments}
	if s.m.pending != nil {
		lists = append(lists, s.m.pending.segments)
	}
	if s.scratch != nil {
		lists = append(lists, *s.scratch)
	}
	var err error
	for _, segments := range slices.Backward(lists) {
		for _, one := range slices.Backward(segments) {
			if open, err = s.m.find.find(one, s.m.list.items, open, s.hit); err != nil {
				return nil, err
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
	}
	return open, nil
}

// hit settles the rows of an id that is remembered at a position.
func (s *sieve) hit(n uint32, pos uint64) {
	list, own := s.m.list.items, false
	for i := int(n); i < len(list) && list[i].same(list[n]); i++ {
		file, _ := list[i].at()
		if !own && list[i].pos == pos && s.met[file] {
			own = true
			continue
		}
		s.left = append(s.left, list[i].row)
	}
}

// tell passes the later copies of the batch on. Batches come in the order of files and rows.
func (s *sieve) tell() {
	s.out.Later += int64(len(s.left))
	if s.silent {
		return
	}
	slices.Sort(s.left)
	for _, at := range s.left {
		file, row := entry{row: at}.at()
		path := s.files[file].FilePath()
		s.out.Left[path] = append(s.out.Left[path], row)
	}
}

// remember writes the ids that were not known as a segment.
func (s *sieve) remember(ctx context.Context, fresh []uint32) error {
	if len(fresh) == 0 {
		return nil
	}
	w, err := newSegmentWriter(s.m.dir, int64(len(fresh)))
	if err != nil {
		return err
	}
	for _, n := range fresh {
		if err := w.add(s.m.list.items[n]); err != nil {
			return w.abort(err)
		}
	}
	one, err := w.finish(s.from, s.until)
	if err != nil {
		return err
	}
	return s.add(ctx, one)
}
