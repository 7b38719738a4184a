package cut

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/seek"
)

// pair says that plays_by_day has rows of an artist for tracks that are or were a label's. Label 0 is of tracks that
// never had one.
type pair struct {
	label, artist uint32
	row           int32 // of Names, the first that names the artist; -1 for none
}

// files has the pairs of files of plays_by_day: 12 bytes for each artist of each file. A file is read once, whoever
// asks and whatever is deleted of it: whose an artist's tracks were does not change with the plays.
type files struct {
	mu      sync.Mutex
	names   *Names // that the pairs are of
	pairs   map[string][]pair
	ids     map[string]uint32
	artists []string // by id
}

// Artists are the artists of a cut: of which labels they have tracks, and what they are called.
type Artists struct {
	names  *Names
	labels map[uint32][]Artist // ascending by id
	all    []Artist            // ascending by id
}

// Artist is one with its name, "" where tracks says none.
type Artist struct{ ID, Name string }

// Artists reads what is new in plays_by_day since the last cut that was asked.
func (c *Cut) Artists(ctx context.Context) (*Artists, error) {
	if a := c.index.artists.Load(); a != nil {
		return a, nil
	}
	c.index.mu.Lock()
	defer c.index.mu.Unlock()
	if c.index.artists.Load() == nil {
		a, err := c.reader.files.read(ctx, c)
		if err != nil {
			return nil, err
		}
		c.index.artists.Store(a)
	}
	return c.index.artists.Load(), nil
}

// index of a cut is made when somebody asks, one at a time. Whether it is made is known without waiting for it.
type index struct {
	mu      sync.Mutex
	artists atomic.Pointer[Artists]
}

func (f *files) read(ctx context.Context, c *Cut) (*Artists, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names != c.Names {
		f.names, f.pairs, f.ids, f.artists = c.Names, map[string][]pair{}, map[string]uint32{}, nil
	}
	// An artist whose plays were all taken back still has changes.
	found := slices.Concat(c.byDay.First(1).Files(nil), c.changes.First(1).Files(nil))
	if err := f.learn(ctx, c, found); err != nil {
		return nil, err
	}
	there := make(map[string][]pair, len(found))
	merged := map[uint64]int32{}
	for _, one := range found {
		list := f.pairs[one.URI()]
		there[one.URI()] = list
		for _, p := range list {
			key := uint64(p.label)<<32 | uint64(p.artist)
			if row, ok := merged[key]; !ok || p.row >= 0 && (row < 0 || p.row < row) {
				merged[key] = p.row
			}
		}
	}
	f.pairs = there
	return f.gather(merged), nil
}

// learn reads files that are not known, two at a time.
func (f *files) learn(ctx context.Context, c *Cut, found []seek.File) error {
	var unknown []seek.File
	for _, one := range found {
		if _, ok := f.pairs[one.URI()]; !ok {
			unknown = append(unknown, one)
		}
	}
	var mu sync.Mutex
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2)
	for _, one := range unknown {
		workers.Go(lake.Safely(func() error {
			rows, err := firstRows(ctx, one, c.Names)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			f.pairs[one.URI()] = f.intern(rows)
			return nil
		}))
	}
	return workers.Wait()
}

type ofLabel struct {
	label  uint32
	artist string
}

// firstRows finds the labels of each artist in a file.
func firstRows(ctx context.Context, one seek.File, n *Names) (map[ofLabel]int32, error) {
	rows := map[ofLabel]int32{}
	beforeArtist, beforeTrack := "", ""
	add := func(label uint32, artist string, row int32) {
		key := ofLabel{label, artist}
		if known, ok := rows[key]; !ok || row >= 0 && (known < 0 || row < known) {
			rows[key] = row
		}
	}
	err := one.All(ctx, func(artist string, r seek.Row) {
		track := r.Text(0)
		if artist == "" || artist == beforeArtist && track == beforeTrack {
			return
		}
		beforeArtist, beforeTrack = artist, track
		first, end := n.of(track)
		if first == end {
			add(0, artist, -1)
		}
		for at := first; at < end; at++ {
			row := int32(-1)
			if n.rows[at].artist != "" {
				row = int32(at)
			}
			add(n.rows[at].label, artist, row)
		}
	})
	return rows, err
}

func (f *files) intern(rows map[ofLabel]int32) []pair {
	list := make([]pair, 0, len(rows))
	for key, row := range rows {
		id, ok := f.ids[key.artist]
		if !ok {
			id = uint32(len(f.artists))
			own := strings.Clone(key.artist)
			f.ids[own] = id
			f.artists = append(f.artists, own)
		}
		list = append(list, pair{key.label, id, row})
	}
	return list
}

func (f *files) gather(merged map[uint64]int32) *Artists {
	a := &Artists{names: f.names, labels: map[uint32][]Artist{}}
	lowest := map[uint32]int32{}
	for key, row := range merged {
		label, id := uint32(key>>32), uint32(key)
		a.labels[label] = append(a.labels[label], Artist{f.artists[id], f.names.artistName(row)})
		if known, ok := lowest[id]; !ok || row >= 0 && (known < 0 || row < known) {
			lowest[id] = row
		}
	}
	for id, row := range lowest {
		a.all = append(a.all, Artist{f.artists[id], f.names.artistName(row)})
	}
	byID := func(x, y Artist) int { return strings.Compare(x.ID, y.ID) }
	for _, list := range a.labels {
		slices.SortFunc(list, byID)
	}
	slices.SortFunc(a.all, byID)
	return a
}

func (n *Names) artistName(row int32) string {
	if row < 0 {
		return ""
	}
	return n.rows[row].artist
}

// Of lists the artists that have plays of tracks that are or were a label's, ascending by id.
func (a *Artists) Of(label string) []Artist {
	at, ok := a.names.labels[label]
	if !ok || at == 0 {
		return nil
	}
	return a.labels[at]
}

// Has finds an artist among those of a label.
func (a *Artists) Has(label, artist string) (Artist, bool) {
	list := a.Of(label)
	at, ok := slices.BinarySearchFunc(list, artist, func(x Artist, id string) int { return strings.Compare(x.ID, id) })
	if !ok {
		return Artist{}, false
	}
	return list[at], true
}

// Found is what a search found: an artist or a label.
type Found struct {
	Label    bool
	ID, Name string
	rank     int
	order    string // Text in small letters
}

// Search finds artists and labels by a part of their id or name, whatever the case: those that are it first, then those
// that begin with it. At most so many are listed; count is of all.
func (a *Artists) Search(text string, most int) (list []Found, count int) {
	wanted := strings.ToLower(strings.TrimSpace(text))
	add := func(f Found) {
		if f.rank = min(rank(f.ID, wanted), rank(f.Name, wanted)); f.rank < nowhere {
			f.order = strings.ToLower(f.Text())
			list = append(list, f)
		}
	}
	for _, l := range a.names.known[1:] {
		add(Found{Label: true, ID: l.id, Name: l.name})
	}
	for _, one := range a.all {
		add(Found{ID: one.ID, Name: one.Name})
	}
	slices.SortFunc(list, func(x, y Found) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.order, y.order), cmp.Compare(x.ID, y.ID), kind(x)-kind(y))
	})
	return list[:min(most, len(list))], len(list)
}

// Count is how many artists and labels there are.
func (a *Artists) Count() int { return len(a.all) + len(a.names.known) - 1 }

// Text is the name, or the id where there is none.
func (f Found) Text() string { return cmp.Or(f.Name, f.ID) }

func kind(f Found) int {
	if f.Label {
		return 0
	}
	return 1
}

const nowhere = 3

func rank(text, wanted string) int {
	text = strings.ToLower(text)
	switch at := strings.Index(text, wanted); {
	case at < 0 || text == "":
		return nowhere
	case text == wanted:
		return 0
	case at == 0:
		return 1
	}
	return 2
}
