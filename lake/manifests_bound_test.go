package lake

import (
	"fmt"
	"testing"

	"github.com/apache/iceberg-go"
)

// A process that lives for months meets manifests without end.
func TestKeptManifestsHaveABound(t *testing.T) {
	t.Parallel()
	k := newKeptManifests()
	for i := range 1_000 {
		k.put(manifestKey{path: fmt.Sprint(i)}, make([]iceberg.ManifestEntry, i%7))
		if k.entries > maxKept || k.live.Len() > maxKept {
			t.Fatalf("%d entries of %d manifests are kept, %d at most", k.entries, k.live.Len(), maxKept)
		}
		if live, ok := k.get(manifestKey{path: fmt.Sprint(i)}); !ok || len(live) != i%7 {
			t.Fatalf("the newest manifest is not kept: %v, %d entries", ok, len(live))
		}
	}
	small := k.live.Len()
	k.put(manifestKey{path: "large"}, make([]iceberg.ManifestEntry, maxKept/2+1))
	if k.live.Len() != small {
		t.Errorf("a large manifest left %d others of %d", k.live.Len(), small)
	}
}
