package query

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// Cut finds the snapshots that an --as-of means of the named tables; "" is now. Other tables are not in the way,
// whatever became of them.
func Cut(ctx context.Context, env jobs.Env, asOf string, names []string) ([]lake.Snapshot, error) {
	tables := make([]*lake.Table, len(names))
	var err error
	for i, name := range names {
		if tables[i], err = env.Lake.Table(ctx, name); err != nil {
			return nil, err
		}
	}
	if asOf == "" {
		return current(tables), nil
	}
	if id, ok := strings.CutPrefix(asOf, "run:"); ok {
		cut, err := royalty.CutOf(ctx, env, id)
		if err != nil {
			return nil, err
		}
		return cutAt(tables, cut.Snapshots, cut.Time)
	}
	if at, err := parseTime(asOf); err == nil {
		return cutAt(tables, nil, at)
	}
	if strings.HasPrefix(asOf, catalog.StatementTagPrefix) {
		cut, err := royalty.CutOfTag(ctx, env, asOf)
		if err == nil {
			return cutAt(tables, cut.Snapshots, cut.Time)
		}
		if !errors.Is(err, lake.ErrNotFound) {
			return nil, err
		}
	}
	pinned, at, err := namedCut(ctx, env, asOf)
	if err != nil {
		return nil, err
	}
	return cutAt(tables, pinned, at)
}

func current(tables []*lake.Table) []lake.Snapshot {
	snapshots := make([]lake.Snapshot, len(tables))
	for i, t := range tables {
		snapshots[i] = t.Current()
	}
	return snapshots
}

func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.Parse(time.DateOnly, s)
	}
	return at, err
}

// cutAt takes the named snapshots, and for other tables the one that was current at a time.
func cutAt(tables []*lake.Table, pinned map[string]int64, at time.Time) (snapshots []lake.Snapshot, err error) {
	snapshots = make([]lake.Snapshot, len(tables))
	for i, t := range tables {
		if id, ok := pinned[t.Name()]; ok {
			snapshots[i], err = t.ByID(id)
		} else {
			snapshots[i], err = t.AsOf(at)
		}
		if err != nil {
			return nil, err
		}
	}
	return snapshots, nil
}

// namedCut looks for a snapshot id or a tag in every table. All that have it are pinned to it, the others follow
// the time of the latest of these. A table that cannot be read has neither, if another one has it.
func namedCut(ctx context.Context, env jobs.Env, name string) (pinned map[string]int64, latest time.Time, err error) {
	names, err := Tables(ctx, env)
	if err != nil {
		return nil, latest, err
	}
	id, notNumber := strconv.ParseInt(name, 10, 64)
	pinned = map[string]int64{}
	var unread error
	for _, of := range names {
		t, err := env.Lake.Table(ctx, of)
		if err != nil {
			unread = errors.Join(unread, err)
			continue
		}
		s, err := t.ByTag(name)
		if notNumber == nil {
			s, err = t.ByID(id)
		}
		if err != nil || s.ID() == 0 {
			continue
		}
		pinned[of] = s.ID()
		if s.Time().After(latest) {
			latest = s.Time()
		}
	}
	if len(pinned) > 0 {
		return pinned, latest, nil
	}
	if unread != nil {
		return nil, latest, unread
	}
	kind := lake.ErrNotFound
	if notNumber == nil {
		kind = lake.ErrExpired // ids are given by the catalog: one that nobody has was expired
	}
	return nil, latest, lake.WithHint(fmt.Errorf("--as-of %s is no time, and no table has a snapshot or tag of that name: %w", name, kind),
		"list them with 'lakectl snapshots TABLE'")
}
