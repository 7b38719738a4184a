package maintain_test

import (
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// A reader who began with a cut an hour ago finds what it names, and the newest cut is whole however old it is.
func TestWhatACutOfTheDashboardNamesIsKept(t *testing.T) {
	w := newWorld(t)
	hours := w.again(w.commit(catalog.PlaysByHour, "test", nil, nil), 100, time.Second)
	published := map[string]string{lake.StateKey(catalog.CutKey): catalog.Cut{catalog.PlaysByHour: hours[10].ID()}.String()}
	w.commit(catalog.PlaysByDay, "test", nil, published)
	published[lake.StateKey(catalog.CutKey)] = catalog.Cut{catalog.PlaysByHour: hours[40].ID()}.String()
	w.commit(catalog.PlaysByDay, "test", nil, published)
	w.now = w.start.Add(30 * time.Minute)
	w.run()
	left := w.left(catalog.PlaysByHour)
	w.equal("while readers of the older cut may be there", []bool{left[hours[10].ID()], left[hours[40].ID()]}, []bool{true, true})
	w.now = w.start.Add(30 * day)
	w.run()
	left = w.left(catalog.PlaysByHour)
	w.equal("later", []bool{left[hours[10].ID()], left[hours[40].ID()], left[hours[20].ID()]}, []bool{false, true, false})
}
