package verbs

import (
	"context"
	"slices"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/lake"
)

func snapshotsVerb() frame.Verb {
	return frame.Verb{
		Name: "snapshots", Args: "[TABLE]", Short: "List the tables, or the snapshots of one.",
		Long: `Every commit makes a snapshot; each can be read with 'lakectl sql --as-of' until it expires. Branches and tags stand
beside the snapshot they name. on_main is false for a snapshot that the table does not come from: it is on a branch, or
main was rolled back behind it. If expired snapshots interrupt the history of main, all snapshots older than the
interruption count as on main.`,
		Examples: []string{"lakectl snapshots", "lakectl snapshots listens"},
		Text:     []frame.Teller{frame.Text(sayTables), frame.Text(saySnapshots)},
		Run:      runSnapshots,
	}
}

type tableRow struct {
	Table      string    `json:"table"`
	Snapshots  int       `json:"snapshots"`
	SnapshotID int64     `json:"snapshot_id,string"` // the current one; 0: nothing was committed yet
	CommitTime time.Time `json:"committed_at"`
	Rows       string    `json:"rows"` // as the snapshot's summary says, row deletes not taken off
	Deleted    string    `json:"deleted_rows"`
}

type snapshotRow struct {
	SnapshotID int64     `json:"snapshot_id,string"`
	CommitTime time.Time `json:"committed_at"`
	Operation  string    `json:"operation"`
	Job        string    `json:"job"`
	AddedRows  string    `json:"added_rows"`
	Deleted    string    `json:"deleted_rows"`
	OnMain     bool      `json:"on_main"` // main is it or comes from it
	Branches   []string  `json:"branches"`
	Tags       []string  `json:"tags"`
}

func runSnapshots(ctx context.Context, c *frame.Call) (any, error) {
	env, closeEnv, err := reach.Reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	if c.Args().Present() {
		t, err := env.Lake.Table(ctx, c.Args().First())
		if err != nil {
			return nil, err
		}
		return snapshotRows(t), nil
	}
	names, err := env.Lake.Tables(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	rows := make([]tableRow, 0, len(names))
	for _, name := range names {
		t, err := env.Lake.Table(ctx, name)
		if err != nil {
			return nil, err
		}
		s := t.Current()
		rows = append(rows, tableRow{name, len(t.Snapshots()), s.ID(), s.Time(), s.Property("total-records"), s.Property("total-position-deletes")})
	}
	return rows, nil
}

func snapshotRows(t *lake.Table) []snapshotRow {
	tags, branches := map[int64][]string{}, map[int64][]string{}
	for _, r := range t.NamedRefs() {
		named := tags
		if r.Branch {
			named = branches
		}
		named[r.SnapshotID] = append(named[r.SnapshotID], r.Name)
	}
	onMain := t.Current().Line()
	var rows []snapshotRow
	for _, s := range t.Snapshots() {
		rows = append(rows, snapshotRow{
			SnapshotID: s.ID(), CommitTime: s.Time(), Operation: s.Operation(), Job: s.Job(),
			AddedRows: s.Property("added-records"), Deleted: s.Property("added-position-deletes"),
			OnMain: onMain(s), Branches: branches[s.ID()], Tags: tags[s.ID()],
		})
	}
	return rows
}
