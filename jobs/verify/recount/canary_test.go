package recount

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/lakectl/lakectl/jobs"
)

func TestCanarySeesWhatIsWrongInEachTable(t *testing.T) {
	tables, err := Canary(t.Context(), t.TempDir())
	if err != nil || len(tables) != len(dashboards)+1 {
		t.Errorf("got %v, %v", tables, err)
	}
}

// A count that takes each table for right, or each for wrong, is no proof.
func TestRecountThatIsBlindIsAnError(t *testing.T) {
	d := dashboards[0]
	day := int(plantedAt.Unix() / 86_400)
	for name, fault := range map[string]struct {
		plant func(path string, with flaw) error
		gone  []int64
	}{
		"sees no flaw":           {func(path string, _ flaw) error { return d.plant(path, none) }, []int64{last}},
		"counts what is deleted": {d.plant, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			counts := newCounted(map[int]bool{day: true})
			path := filepath.Join(dir, "ledger")
			if err := errors.Join(plantLedger(path), eachLeft(t.Context(), uriOf(path), named(ledgerColumns), fault.gone, counts.visit())); err != nil {
				t.Fatal(err)
			}
			r := &run{ledgers: map[int64]*counted{1: counts}}
			err := r.mustSee(claim{table: d.table, at: int64(day), ledger: 1}, filepath.Join(dir, d.table), fault.plant, func(path string, says sums) error {
				return eachLeft(context.Background(), uriOf(path), named(d.columns()), nil, d.visit(counts.days, says))
			})
			if !errors.Is(err, jobs.ErrProof) {
				t.Errorf("got %v, want ErrProof", err)
			}
		})
	}
}
