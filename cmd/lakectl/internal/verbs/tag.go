package verbs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

func tagVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "tag", Args: "TABLE NAME", Short: "Name a snapshot of a table so that it is kept.",
		Long: `Names the current snapshot, or the one given with --snapshot. A name is up to 100 letters, digits, - _ and . with a
letter in it; names that begin with royalty- are for 'lakectl period close'. A tag is never moved; --drop takes it away.
--max-age counts from the snapshot's time, as in every engine; 'lakectl job maintain' drops the tag when that age has
passed. On a table with rows of single listeners a tag lasts at most as long as the archive's retention
(retention.archive_snapshots), and exactly as long without --max-age: a longer tag would keep erased rows readable.`,
		Examples: []string{"lakectl tag royalty_lines audit-2026", "lakectl tag --max-age 2d listens before-migration", "lakectl tag --drop listens before-migration"},
		Exits:    []int{frame.ExitFenced, frame.ExitGone},
		Text:     []frame.Teller{frame.Text(sayTag)},
	}, (*tagFlags).declare, runTag)
}

type tagResult struct {
	Table      string `json:"table"`
	Tag        string `json:"tag"`
	SnapshotID int64  `json:"snapshot_id,string"`
	MaxAge     string `json:"max_age"` // "" = kept
	Dropped    bool   `json:"dropped"`
}

type tagFlags struct {
	Snapshot frame.GivenNumber
	MaxAge   frame.GivenText
	Drop     bool
}

func (f *tagFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.GenericFlag{Name: "snapshot", Usage: "the `ID` to name instead of the current snapshot", Destination: &f.Snapshot},
		&cli.GenericFlag{Name: "max-age", Usage: "drop the tag when the snapshot is older than this `DURATION`, like 7d (default: keep; on tables with rows of listeners the retention)", Destination: &f.MaxAge},
		&cli.BoolFlag{Name: "drop", Usage: "drop the tag; its snapshot is kept as long as others of its age", Destination: &f.Drop},
	}
}

func runTag(ctx context.Context, c *frame.Call, f tagFlags) (any, error) {
	name, tag := c.Args().Get(0), c.Args().Get(1)
	if f.Drop {
		if f.Snapshot.Given || f.MaxAge.Given {
			return nil, usage.Errorf("", "--drop takes neither --snapshot nor --max-age")
		}
		return reach.WithEnv(ctx, c, func(env jobs.Env) (tagResult, error) { return dropTag(ctx, env, name, tag) })
	}
	if err := lake.CheckTagName(tag); err != nil {
		return nil, usage.Errorf(lake.Hint(err), "%w", err)
	}
	if strings.HasPrefix(tag, catalog.StatementTagPrefix) {
		return nil, usage.Errorf("choose another name", "tag %q: names that begin with %s are given by 'lakectl period close'", tag, catalog.StatementTagPrefix)
	}
	age, err := tagAge(c, f.MaxAge.Text, name)
	if err != nil {
		return nil, err
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (tagResult, error) {
		t, err := env.Lake.Table(ctx, name)
		if err != nil {
			return tagResult{}, err
		}
		s := t.Current()
		if f.Snapshot.Given {
			if s, err = t.ByID(f.Snapshot.Number); err != nil {
				return tagResult{}, err
			}
		}
		r := tagResult{Table: name, Tag: tag, SnapshotID: s.ID()}
		if age > 0 {
			r.MaxAge = age.String()
			if old := env.Now().Sub(s.Time()); s.ID() != 0 && old > age {
				return r, lake.WithHint(fmt.Errorf("snapshot %d of %s is %s old: a tag with an age of %s has ended", s.ID(), name, old.Round(time.Second), age),
					"tag a newer snapshot, or a table without rows of single listeners")
			}
		}
		return r, env.Lake.Tag(ctx, tag, s, age)
	})
}

// tagAge is the age that the tag gets, 0 to keep it.
func tagAge(c *frame.Call, maxAge, table string) (time.Duration, error) {
	age, err := frame.Duration("max-age", maxAge)
	if err != nil || !catalog.Personal(table) {
		return age, err
	}
	limit := time.Duration(c.Config.Retention.ArchiveSnapshots)
	if age > limit {
		return 0, usage.Errorf("tag a table of sums, or ask for less", "--max-age %s on %s is longer than the archive's retention of %s", age, table, limit)
	}
	if age == 0 {
		age = limit
	}
	return age, nil
}

// dropTag takes a tag away, unless a statement stands on it.
func dropTag(ctx context.Context, env jobs.Env, table, tag string) (tagResult, error) {
	t, err := env.Lake.Table(ctx, table)
	if err != nil {
		return tagResult{}, err
	}
	ref, there := tagOf(t, tag)
	if !there {
		return tagResult{}, lake.WithHint(fmt.Errorf("tag %s of table %s: %w", tag, table, lake.ErrNotFound), "list the tags with 'lakectl snapshots %s'", table)
	}
	if err := royalty.MayDropTag(ctx, env, table, tag); err != nil {
		return tagResult{}, err
	}
	_, err = env.Lake.DropRefs(ctx, table, func(now *lake.Table) []lake.Ref {
		if r, there := tagOf(now, tag); there && r.SnapshotID == ref.SnapshotID {
			return []lake.Ref{r}
		}
		return nil
	})
	return tagResult{Table: table, Tag: tag, SnapshotID: ref.SnapshotID, Dropped: true}, err
}

func tagOf(t *lake.Table, tag string) (lake.Ref, bool) {
	for _, r := range t.NamedRefs() {
		if r.Name == tag && !r.Branch {
			return r, true
		}
	}
	return lake.Ref{}, false
}
