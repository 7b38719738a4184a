package verbs

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/query"
	"github.com/lakectl/lakectl/lake"
)

func TestSnapshotsSayWhatIsNotOnMain(t *testing.T) {
	t.Parallel()
	l := laketest.New(t)
	table := catalog.PlaysByHour
	hand, ids := l.Hand(t, table), []int64{}
	insert := func() lake.Snapshot {
		s := hand.Insert([]any{time.Now(), "A", "t", "DE", "phone", 1, 1})
		ids = append(ids, s.ID())
		return s
	}
	name := func(ref string, kind icetable.RefType, id int64) {
		update := icetable.NewSetSnapshotRefUpdate(ref, id, kind, 0, 0, 0)
		if _, _, err := l.Catalog.Ice.CommitTable(t.Context(), icetable.Identifier{catalog.Namespace, table}, nil, []icetable.Update{update}); err != nil {
			t.Fatal(err)
		}
	}
	marks := func() (list []string) {
		for _, r := range snapshotRows(l.Snapshot(t, table).Table()) {
			list = append(list, strconv.FormatBool(r.OnMain)+" "+strings.Join(r.Branches, ",")+" "+strings.Join(r.Tags, ","))
		}
		return list
	}
	first, second, third := insert(), insert(), insert()
	name("experiment", icetable.BranchRef, third.ID())
	name("audit", icetable.TagRef, second.ID())
	hand.MoveTo(first)
	fourth := insert()
	want := []string{"true  ", "false  audit", "false experiment ", "true main "}
	if diff := cmp.Diff(want, marks()); diff != "" {
		t.Error("after a rollback:", diff)
	}

	// Every one of them can be asked for as it is printed, in either form.
	var asText, asJSON bytes.Buffer
	rows := snapshotRows(fourth.Table())
	if err := frame.PrintResult(t.Context(), &asText, rows, frame.Form{}); err != nil {
		t.Fatal(err)
	}
	if err := frame.PrintResult(t.Context(), &asJSON, rows, frame.Form{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var listed []map[string]any
	if err := json.Unmarshal(asJSON.Bytes(), &listed); err != nil {
		t.Fatal(err)
	}
	env := jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, Progress: func(string) {}}
	for i, line := range strings.Split(strings.TrimSpace(asText.String()), "\n")[1:] {
		for _, printed := range []string{strings.Fields(line)[0], listed[i]["snapshot_id"].(string)} {
			got, err := query.Cut(t.Context(), env, printed, []string{table})
			if err != nil || got[0].ID() != ids[i] {
				t.Errorf("--as-of %s: %v, want %d", printed, err, ids[i])
			}
		}
	}

	// Where older ones have expired nobody can tell, and main's it is.
	hand.Expire()
	if diff := cmp.Diff([]string{"true  audit", "true experiment ", "true main "}, marks()); diff != "" {
		t.Error("after an expiry:", diff)
	}
}

func TestSnapshotIDsOfAQueryAreStringsInJSON(t *testing.T) {
	v := frame.Table{
		Columns: []string{"n", "Lines_Snapshot_ID", "snapshot_id", "none_snapshot_id"},
		Rows:    [][]any{{int64(8049332895998653867), int64(8049332895998653867), int64(0), nil}},
	}
	var b bytes.Buffer
	if err := frame.PrintResult(t.Context(), &b, v, frame.Form{JSON: true}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rows []map[string]json.RawMessage `json:"rows"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]json.RawMessage{{
		"n": []byte("8049332895998653867"), "Lines_Snapshot_ID": []byte(`"8049332895998653867"`),
		"snapshot_id": []byte(`"0"`), "none_snapshot_id": []byte("null"),
	}}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	list, err := json.Marshal(lake.SnapshotIDs{8049332895998653867, 1})
	if err != nil || string(list) != `["8049332895998653867","1"]` {
		t.Errorf("%s, %v", list, err)
	}
}
