package maintain_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Readers who began with a cut find what it names for a while after a newer one, however old it was by then, and the
// newest cut is whole.
func TestWhatACutOfTheDashboardNamesIsKept(t *testing.T) {
	w := newWorld(t)
	hours := w.again(w.commit(catalog.PlaysByHour, "test", nil, nil), 100, time.Second)
	publish := func(of lake.Snapshot) {
		w.commit(catalog.PlaysByDay, "test", nil, map[string]string{lake.StateKey(catalog.CutKey): catalog.Cut{catalog.PlaysByHour: of.ID()}.String()})
	}
	kept := func(what string, older, newer bool) {
		w.run()
		left := w.left(catalog.PlaysByHour)
		w.equal(what, []bool{left[hours[10].ID()], left[hours[20].ID()], left[hours[40].ID()]}, []bool{older, false, newer})
	}
	publish(hours[10])
	w.now = w.start.Add(12 * time.Hour)
	publish(hours[40])
	w.now = w.now.Add(10 * time.Minute)
	kept("while readers of the older cut may be there", true, true)
	w.now = w.now.Add(10 * time.Minute)
	kept("later", false, true)
	w.now = w.start.Add(30 * day)
	kept("much later", false, true)
}
