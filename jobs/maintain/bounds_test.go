package maintain_test

import (
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
)

func TestManifestsThatTellUsersAreWrittenAnew(t *testing.T) {
	w := newWorld(t)
	w.ingest(1, "u1", 0)
	const metrics = "write.metadata.metrics.column.user_id"
	w.Hand(t, catalog.Listens).Property(metrics, "full") // as an engine does that looks at no such property
	w.Hand(t, catalog.Listens).Insert(listen(2, "u2"))
	w.Hand(t, catalog.Listens).Property(metrics, "none")
	w.Hand(t, catalog.Listens).Insert(listen(3, "u3"))
	want := []maintain.BoundsReport{{Table: catalog.Listens, Manifests: 1, Entries: 1, Reason: "they tell values of personal columns"}}
	head := w.head(catalog.Listens)
	w.equal("planned", w.maintain(maintain.Options{DryRun: true}).Bounds, want)
	w.equal("head after a dry run", w.head(catalog.Listens).ID(), head.ID())
	w.equal("done", w.maintain(maintain.Options{}).Bounds, want)
	w.equal("the next run", len(w.maintain(maintain.Options{}).Bounds), 0)
	changes, err := w.head(catalog.Listens).Changes(t.Context(), head.ID())
	w.equal("changes", []any{len(changes.Added), changes.Broken, err}, []any{0, false, nil})
	files, err := w.head(catalog.Listens).Files(t.Context())
	w.equal("files", []any{len(files), err}, []any{3, nil})
}
