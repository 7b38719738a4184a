package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/topic"
	"github.com/lakectl/lakectl/jobs/verify/recount"
	"github.com/lakectl/lakectl/lake"
)

// Folder is a folder beside the tables that may hold rows, and what is in it.
type Folder struct {
	Path string `json:"path"` // or URI
	Kind string `json:"kind"` // as spill, memory
}

// Options say what to look for, and where besides the tables.
type Options struct {
	Request string   // "" looks for all purged requests; one by its id may be purged later
	Folders []Folder // the warehouse, spill, local memory
	// Topic is the configured topic, and OpenTopic reaches it, or fails soon; nil where nobody said where it is. It is
	// called only where records of the topic were archived.
	Topic     string
	OpenTopic func(context.Context) (*topic.Topic, error)
}

// Check is what was looked at of one kind of file.
type Check struct {
	Kind  string `json:"kind"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
	Found int64  `json:"found"` // rows and values
}

// Leak is a file that holds something of a request.
type Leak struct {
	Kind      string `json:"kind"`
	File      string `json:"file"`
	RequestID string `json:"request_id"`
	Count     int64  `json:"count"`
	Expected  bool   `json:"expected"` // the request is not purged yet
}

// Unread is a file that could not be looked at.
type Unread struct {
	File string `json:"file"`
	Why  string `json:"why"`
}

// Report says what a look saw. No user ids.
type Report struct {
	Requests []Request `json:"requests"`
	Canaries []string  `json:"canaries"` // kinds whose check found what was planted
	// Rows is what the newest snapshot of each table has, as its files were decoded.
	Rows []Rows `json:"rows"`
	// Recounts are the days and months that lost rows, counted anew.
	Recounts  []recount.Count `json:"recounts"`
	Checks    []Check         `json:"checks"`
	Leaks     []Leak          `json:"leaks"`
	Unread    []Unread        `json:"unread"`
	Residuals []Residual      `json:"residuals"`
	// Logs are the partitions of the topic, where a broker was asked.
	Logs []Log `json:"logs"`
}

// Look decodes everything that is left. The report is whole beside an error that is [jobs.ErrProof].
func Look(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	report := Report{}
	env.Lake = env.Lake.Rereading()
	w, err := load(ctx, env, o.Request)
	if err != nil {
		return report, err
	}
	if len(w.all) == 0 {
		return report, nil
	}
	if report.Canaries, err = canaries(ctx); err != nil {
		return report, err
	}
	l := newLook(w)
	heads, err := l.tables(ctx, env, o.Folders)
	if err != nil {
		return report, err
	}
	report.fill(l)
	if len(report.Unread) == 0 {
		if report.Rows, err = l.conserved(ctx, heads); err != nil {
			return report, err
		}
	}
	if err := report.unseen(ctx, env, o, w); err != nil {
		return report, err
	}
	if err := report.judge(); err != nil {
		return report, err
	}
	env.Progress("verify: counting affected days and months")
	counts, err := recount.Run(ctx, env, w.days, w.months)
	report.Recounts = counts.Counts
	return report, err
}

// tables looks at all tables, then at the folders beside them. It returns the snapshots that it began with.
func (l *look) tables(ctx context.Context, env jobs.Env, folders []Folder) (heads []lake.Snapshot, err error) {
	names, err := env.Lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	type place struct {
		root string
		ids  map[int32]bool
	}
	var places []place
	var skip []string
	for _, name := range names {
		t, err := env.Lake.Table(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := l.staged(ctx, t); err != nil {
			return nil, fmt.Errorf("verify %s: %w", name, err)
		}
		named, err := lake.LocalFolder(ctx, t.Location())
		if err != nil {
			return nil, err
		}
		root, err := realPath(named)
		if err != nil {
			return nil, err
		}
		if name == catalog.DeletionRequests {
			skip = append(skip, root)
			continue
		}
		env.Progress("verify: reading " + name)
		ids := map[int32]bool{-1: true} // a table without the column has no bound of it
		if c, has := t.Column("user_id"); has {
			ids[int32(c.Field.ID)] = true
		}
		if err := l.follow(ctx, t.MetadataURI(), ids); err != nil {
			return nil, fmt.Errorf("verify %s: %w", name, err)
		}
		places, heads = append(places, place{root, ids}), append(heads, t.Current())
	}
	for _, p := range places {
		if err := l.walk(ctx, p.root, "others", p.ids, skip); err != nil {
			return nil, fmt.Errorf("verify files of %s: %w", p.root, err)
		}
	}
	for _, f := range folders {
		root, err := localFolder(ctx, f.Path)
		if err == nil {
			err = l.walk(ctx, root, f.Kind, nil, skip)
		}
		if err != nil {
			return nil, fmt.Errorf("verify files of %s: %w", f.Path, err)
		}
	}
	return heads, nil
}

// localFolder is a folder with all that lies at a path or a URI.
func localFolder(ctx context.Context, place string) (folder string, err error) {
	if folder = place; strings.Contains(place, "://") {
		if folder, err = lake.LocalFolder(ctx, strings.TrimRight(place, "/")); err != nil {
			return "", err
		}
	}
	return realPath(folder)
}

// realPath is a folder as every way to it ends: absolute, without symbolic links. One that was never made stays as it
// is.
func realPath(folder string) (string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	path, err := filepath.EvalSymlinks(absolute)
	if errors.Is(err, fs.ErrNotExist) {
		return absolute, nil
	}
	return path, err
}

// fill puts what a look saw in order.
func (r *Report) fill(l *look) {
	for _, leak := range l.leaks {
		r.Leaks = append(r.Leaks, *leak)
		if l.checks[leak.Kind] != nil {
			l.checks[leak.Kind].Found += leak.Count
		}
	}
	slices.SortFunc(r.Leaks, func(a, b Leak) int {
		return strings.Compare(a.File+"\x00"+a.RequestID+"\x00"+a.Kind, b.File+"\x00"+b.RequestID+"\x00"+b.Kind)
	})
	for _, kind := range slices.Sorted(maps.Keys(l.checks)) {
		r.Checks = append(r.Checks, *l.checks[kind])
	}
	r.Unread = l.unread
	slices.SortFunc(r.Unread, func(a, b Unread) int { return strings.Compare(a.File, b.File) })
	for _, request := range l.all {
		r.Requests = append(r.Requests, *request)
	}
}

// judge tells whether the proof holds.
func (r *Report) judge() error {
	var leaks, stand int
	for _, l := range r.Leaks {
		if !l.Expected {
			leaks++
			if l.Kind == kindStaging {
				stand++
			}
		}
	}
	switch {
	case leaks > 0 && leaks == stand:
		return lake.WithHint(fmt.Errorf("a staging table stands, which may hold erased rows: %s: %w", r.first(), jobs.ErrProof),
			"if a job is at work run it again when that has ended; if the job died 'lakectl job maintain' drops it once it is older than orphans.grace")
	case leaks > 0:
		return lake.WithHint(fmt.Errorf("erased rows are still in files, in %d places, of which %s is the first: %w", leaks, r.first(), jobs.ErrProof),
			"--json names every file; remove what is not of this lake, and run 'lakectl job deletions' again")
	case len(r.Unread) > 0:
		return lake.WithHint(fmt.Errorf("%d files could not be looked at, %s is the first: %s: %w", len(r.Unread), r.Unread[0].File, r.Unread[0].Why, jobs.ErrProof),
			"if other jobs are at work run it again; else put the file back from a backup, or remove it if nothing refers to it")
	}
	if i := slices.IndexFunc(r.Rows, func(rows Rows) bool { return rows.Wrong != "" }); i >= 0 {
		return lake.WithHint(fmt.Errorf("rows of %s: %s: %w", r.Rows[i].Table, r.Rows[i].Wrong, jobs.ErrProof),
			"its metadata does not say what its files hold: find out which engine wrote the snapshot, or restore the table from a backup")
	}
	return nil
}

func (r *Report) first() string {
	i := slices.IndexFunc(r.Leaks, func(l Leak) bool { return !l.Expected })
	return r.Leaks[i].File
}
