package lake

import (
	"sync"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// maxKept bounds the manifest entries that are kept, some 8 KB each where a table has bounds of a dozen columns. One
// manifest takes half of them at most, so that a large one leaves the many small ones where they are.
const maxKept = 2_048

// keptManifests are the live entries of manifests that this lake has read. A job looks at the same table several times,
// and most of what it takes to read a small manifest is the schema in its header. A manifest never changes.
type keptManifests struct {
	mu      sync.Mutex
	live    *simplelru.LRU[manifestKey, []iceberg.ManifestEntry]
	entries int // in all of live
}

// manifestKey has, beside the path, what entries take over from the manifest list.
type manifestKey struct {
	path               string
	snapshot, sequence int64
	spec               int32
}

func newKeptManifests() *keptManifests {
	k := &keptManifests{}
	var err error
	k.live, err = simplelru.NewLRU(maxKept, func(_ manifestKey, live []iceberg.ManifestEntry) { k.entries -= room(live) })
	if err != nil {
		panic(err) // the size is a constant
	}
	return k
}

// room is what a manifest counts for. One without live entries takes up some too.
func room(live []iceberg.ManifestEntry) int { return max(len(live), 1) }

// Rereading is the same lake for who proves what lies in the storage now: of manifests it keeps nothing.
func (l *Lake) Rereading() *Lake {
	again := *l
	again.kept = nil
	return &again
}

// read gives the entries of a manifest, which the caller must not change.
func (k *keptManifests) read(storage iceio.IO, m iceberg.ManifestFile, liveOnly bool) (entries []iceberg.ManifestEntry, err error) {
	key := manifestKey{path: m.FilePath(), snapshot: m.SnapshotID(), sequence: m.SequenceNum(), spec: m.PartitionSpecID()}
	if live, ok := k.get(key); ok && liveOnly {
		return live, nil
	}
	for e, err := range m.Entries(storage, liveOnly) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	// A file that was cut between two blocks ends without an error. Such a one is read again, should it be mended.
	if liveOnly && len(entries) == int(m.AddedDataFiles()+m.ExistingDataFiles()) {
		k.put(key, entries)
	}
	return entries, nil
}

func (k *keptManifests) get(key manifestKey) ([]iceberg.ManifestEntry, bool) {
	if k == nil {
		return nil, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.live.Get(key)
}

// put keeps the entries of a manifest, and forgets those that were not asked for the longest.
func (k *keptManifests) put(key manifestKey, live []iceberg.ManifestEntry) {
	if k == nil || room(live) > maxKept/2 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live.Contains(key) {
		return
	}
	k.live.Add(key, live)
	for k.entries += room(live); k.entries > maxKept; {
		k.live.RemoveOldest()
	}
}
