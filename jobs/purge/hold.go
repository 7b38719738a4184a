package purge

import (
	"context"
	"maps"
	"slices"

	"github.com/lakectl/lakectl/lake"
)

func heldBy(table, requestID string) Blocked {
	return Blocked{Table: table, By: "hold of request " + requestID, Hint: "end the hold with 'lakectl deletions release " + requestID + "'"}
}

// exceptHeld leaves out the files that a hold keeps. The due requests stay with them that may have rows there: the
// record of files does not tell requests apart that were carried out together.
func (w *work) exceptHeld(batches []batch, kept map[int64]string) {
	for _, b := range batches {
		if id, is := kept[b.At]; is {
			w.stick(heldBy("", id), map[place]bool{b.place(): true}, false)
		}
	}
	for _, table := range slices.Sorted(maps.Keys(w.kept)) {
		for _, uri := range slices.Sorted(maps.Keys(w.kept[table])) {
			if !w.paths[table][uri] {
				continue
			}
			delete(w.paths[table], uri)
			who, all := w.holders.of(fileID{table, uri}, 0)
			w.stick(heldBy(table, w.kept[table][uri]), who, all)
		}
	}
}

// stick notes what keeps the due requests of some places, or all of them.
func (w *work) stick(b Blocked, who map[place]bool, all bool) {
	i := slices.IndexFunc(w.blocked, func(has Blocked) bool { return has.Table == b.Table && has.By == b.By && len(has.Requests) > 0 })
	for _, q := range w.due {
		at := q.place()
		if !all && !who[at] {
			continue
		}
		w.stuck[at] = true
		if i < 0 {
			i, w.blocked = len(w.blocked), append(w.blocked, b)
		}
		if into := &w.blocked[i]; !slices.Contains(into.Places, at.String()) {
			into.Requests, into.Places = append(into.Requests, q.RequestID), append(into.Places, at.String())
		}
	}
}

// allStuck tells whether nothing is to be done: each due request has rows in files that a hold keeps.
func (w *work) allStuck() bool {
	return !slices.ContainsFunc(w.due, func(q request) bool { return !w.stuck[q.place()] })
}

// leaveHeld takes the files that a hold keeps from those of a table. They count like those that cannot be written anew:
// rows are deleted in them, and snapshots that reach no other file of the purge go too.
func (r *run) leaveHeld(table string, files []lake.File, gone map[string][]int64) []lake.File {
	kept := r.work.kept[table]
	return slices.DeleteFunc(files, func(f lake.File) bool {
		uri := f.FilePath()
		id, is := kept[uri]
		if n := len(gone[uri]); is && n > 0 {
			r.left[uri] = true
			who, all := r.work.holders.of(fileID{table, uri}, int64(n))
			r.work.stick(heldBy(table, id), who, all)
		}
		return is
	})
}

// stayFor notes whom a hold keeps because a snapshot stays that has its files, and with it all older ones and those in
// between: those whose rows files had that these reach. A snapshot that tells bounds of personal columns keeps all.
func (r *run) stayFor(ctx context.Context, t *lake.Table, reach *reach, hold string) error {
	all := false
	for _, s := range earlier(t) {
		is, err := reach.look(ctx, s)
		if err != nil {
			return err
		}
		all = all || is.told
	}
	who := map[place]bool{}
	for uri := range reach.reached {
		of, any := r.work.holders.of(fileID{t.Name(), uri}, 0)
		all = all || any
		maps.Copy(who, of)
	}
	r.work.stick(heldBy(t.Name(), hold), who, all)
	return nil
}
