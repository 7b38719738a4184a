package maintain

import (
	"context"
	"slices"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// RefReport is a tag or a branch that was dropped because its age has passed.
type RefReport struct {
	Table      string `json:"table"`
	Name       string `json:"name"`
	SnapshotID int64  `json:"snapshot_id,string"`
}

// due are the tags and branches of a table whose age has passed, in the way of every engine: counted from the
// time of the snapshot, the table's property where the ref says none. Those of statements have no age to us.
func (f *facts) due(t *lake.Table) []lake.Ref {
	return slices.DeleteFunc(t.NamedRefs(), func(r lake.Ref) bool {
		age := r.MaxAge
		if age == 0 {
			age = t.RefAge()
		}
		s, err := t.ByID(r.SnapshotID)
		return r.Name == icetable.MainBranch || age == 0 || catalog.IsStatementTag(t.Name(), r.Name) || err != nil || f.now.Sub(s.Time()) <= age
	})
}

// tidyRefs drops the refs that are due, and takes off the age that somebody gave to the tag of a statement.
func (f *facts) tidyRefs(ctx context.Context, env jobs.Env, t *lake.Table, dryRun bool) ([]RefReport, error) {
	due := f.due(t)
	var err error
	if !dryRun {
		if len(due) > 0 {
			due, err = env.Lake.DropRefs(ctx, t.Name(), f.due)
		}
		for _, r := range t.NamedRefs() {
			if s, missing := t.ByID(r.SnapshotID); err == nil && missing == nil && !r.Branch && r.MaxAge > 0 && catalog.IsStatementTag(t.Name(), r.Name) {
				env.Log.Warn("tag of a statement had an age", "table", t.Name(), "tag", r.Name, "age_seconds", r.MaxAge.Seconds())
				err = env.Lake.Tag(ctx, r.Name, s, 0)
			}
		}
	}
	dropped := make([]RefReport, len(due))
	for i, r := range due {
		dropped[i] = RefReport{t.Name(), r.Name, r.SnapshotID}
	}
	return dropped, err
}

// tidied is the table after that.
func (f *facts) tidied(ctx context.Context, env jobs.Env, t *lake.Table, dryRun bool) (*lake.Table, []RefReport, error) {
	dropped, err := f.tidyRefs(ctx, env, t, dryRun)
	for _, r := range dropped {
		env.Log.Info("dropped a ref whose age has passed", "table", r.Table, "ref", r.Name, "snapshot_id", r.SnapshotID, "dry_run", dryRun)
	}
	if err != nil || dryRun || len(dropped) == 0 {
		return t, dropped, err
	}
	now, err := env.Lake.Table(ctx, t.Name())
	return now, dropped, err
}

// lasting are the refs that keep rows of listeners readable for longer than the retention. lakectl makes none such,
// and drops none that others made.
func (f *facts) lasting(t *lake.Table) (held []Held) {
	if !catalog.Personal(t.Name()) {
		return nil
	}
	due := f.due(t)
	for _, r := range t.NamedRefs() {
		s, err := t.ByID(r.SnapshotID)
		if r.Name == icetable.MainBranch || err != nil || f.young(s) || slices.Contains(due, r) {
			continue
		}
		h := Held{Table: t.Name(), Snapshots: 1, For: "tag " + r.Name, SnapshotID: r.SnapshotID, Since: s.Time()}
		h.Hint = "rows erased since stay readable through it: drop it with 'lakectl tag --drop " + t.Name() + " " + r.Name + "'"
		if r.Branch {
			h.For, h.Hint = "branch "+r.Name, "rows erased since stay readable through it: drop it in the engine that made it"
		}
		held = append(held, h)
	}
	return held
}

// statementAge says of a table of statements that other engines would drop its tags.
func statementAge(t *lake.Table) []Held {
	if catalog.Personal(t.Name()) || t.RefAge() == 0 {
		return nil
	}
	n := 0
	for _, r := range t.NamedRefs() {
		if catalog.IsStatementTag(t.Name(), r.Name) {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []Held{{Table: t.Name(), Snapshots: n, For: "tags of statements", Hint: "unset the table property history.expire.max-ref-age-ms: other engines drop these tags by it"}}
}
