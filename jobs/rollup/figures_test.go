package rollup_test

import (
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
)

// key is the key of a row of any table of the dashboard; When is its day, or its hour like 2026-03-01T15.
type key struct{ When, Artist, Track, Country, Device string }

// figure is what the rows of a key say together. Listeners are the hashes in hex, ascending.
type figure struct {
	Plays, Ms int64
	Listeners string
}

// figures are what the tables say, by table.
type figures map[string]map[key]figure

// sums is a key's figure while it is added up.
type sums struct {
	plays, ms int64
	hashes    map[string]bool
}

func (s *sums) figure(table string) figure {
	list := slices.Sorted(maps.Keys(s.hashes))
	list = list[:min(len(list), catalog.SketchSize(table))]
	return figure{s.plays, s.ms, strings.Join(list, " ")}
}

var shownBy = map[string]string{
	catalog.PlaysByHour:    "SELECT strftime(hour, '%Y-%m-%dT%H'), artist_id, track_id, country, device, plays, ms_played, lower(hex(listeners)) FROM f",
	catalog.PlaysByDay:     "SELECT strftime(day, '%Y-%m-%d'), artist_id, track_id, '', '', plays, ms_played, '' FROM f",
	catalog.AudienceByDay:  "SELECT strftime(day, '%Y-%m-%d'), artist_id, '', country, device, plays, ms_played, lower(hex(listeners)) FROM f",
	catalog.ListenersByDay: "SELECT strftime(day, '%Y-%m-%d'), artist_id, track_id, '', '', 0, 0, lower(hex(listeners)) FROM f",
}

// shown is what readers of the dashboard see, and in rows how many rows plays_by_hour takes.
func (w *world) shown() (f figures, rows int) {
	w.Helper()
	f = figures{}
	for table := range shownBy {
		f[table] = w.read(table, &rows)
	}
	return f, rows
}

func (w *world) read(table string, rows *int) map[key]figure {
	w.Helper()
	d := w.Reading(w.T, "f", table)
	all := map[key]*sums{}
	var k key
	var plays, ms int64
	var hashes string
	dest := []any{&k.When, &k.Artist, &k.Track, &k.Country, &k.Device, &plays, &ms, &hashes}
	w.check(d.EachText(w.Context(), shownBy[table], nil, dest, func() error {
		if table == catalog.PlaysByHour {
			*rows++
		}
		var list []string
		if hashes != "" {
			for part := range slices.Chunk([]byte(hashes), 16) {
				list = append(list, string(part))
			}
			if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) || len(list) > catalog.SketchSize(table) {
				w.Fatalf("%s has the listeners %s", table, hashes)
			}
		}
		add(all, k, plays, ms, list...)
		return nil
	}))
	out := map[key]figure{}
	for k, s := range all {
		out[k] = s.figure(table)
	}
	return out
}

func add(to map[key]*sums, k key, plays, ms int64, hashes ...string) {
	s := to[k]
	if s == nil {
		s = &sums{hashes: map[string]bool{}}
		to[k] = s
	}
	s.plays, s.ms = s.plays+plays, s.ms+ms
	for _, h := range hashes {
		s.hashes[h] = true
	}
}

// listener is the hash that stands for a user, in hex.
func listener(user string) string {
	secret := jobs.Env{}.SubjectKey.Derived("lakectl dashboard listeners")
	sum := md5.Sum([]byte(hex.EncodeToString(secret[:]) + user))
	slices.Reverse(sum[:8]) // DuckDB takes the bytes for a number with the least significant first
	return hex.EncodeToString(sum[:8])
}

// recount sums copies for every table, each as often as it is listed.
func recount(copies []copyOf) figures {
	all := map[string]map[key]*sums{}
	for table := range shownBy {
		all[table] = map[key]*sums{}
	}
	for _, c := range copies {
		day, hour, who := c.event.Format(time.DateOnly), c.event.Format("2006-01-02T15"), listener(c.user)
		artist, country := artistOf(c.track), countryOf(c.user)
		add(all[catalog.PlaysByHour], key{hour, artist, c.track, country, c.device}, 1, c.ms, who)
		add(all[catalog.PlaysByDay], key{day, artist, c.track, "", ""}, 1, c.ms)
		add(all[catalog.AudienceByDay], key{day, artist, "", country, c.device}, 1, c.ms, who)
		add(all[catalog.ListenersByDay], key{day, artist, c.track, "", ""}, 0, 0, who)
		add(all[catalog.ListenersByDay], key{day, artist, "", "", ""}, 0, 0, who)
	}
	f := figures{}
	for table, keys := range all {
		f[table] = map[key]figure{}
		for k, s := range keys {
			f[table][k] = s.figure(table)
		}
	}
	return f
}

// mustShow holds every table against a recount, and the cut against the tables.
func (w *world) mustShow(want figures) {
	w.Helper()
	got, _ := w.shown()
	w.equal(got, want)
	cut, err := catalog.CutOf(w.head(catalog.PlaysByDay))
	w.check(err)
	for table, id := range cut {
		if _, err := w.head(table).Table().ByID(id); err != nil {
			w.Fatalf("the cut names snapshot %d of %s: %v", id, table, err)
		}
	}
}

// heads are the newest snapshots of the tables.
func (w *world) heads() map[string]int64 {
	w.Helper()
	ids := map[string]int64{}
	for _, table := range catalog.Dashboard {
		ids[table] = w.head(table).ID()
	}
	return ids
}
