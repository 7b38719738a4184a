package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

// TestChaosOnAnObjectStoreWhileTrinoCompactsAndRowsAreErased is the chaos with four members, a REST catalog and S3.
// Meanwhile Trino compacts the archive, and searches clones of it for users who ask to be erased. PyIceberg finds every
// record of the others once, and none of theirs.
func TestChaosOnAnObjectStoreWhileTrinoCompactsAndRowsAreErased(t *testing.T) {
	brokers, python := laketest.Engine(t, "KAFKA_BROKERS"), laketest.Engine(t, "READERS_PYTHON")
	uri, warehouse := restCatalog(t, "ICEBERG_REST_S3_URI"), onS3(t)
	dir := t.TempDir()
	trino := laketest.ServeTrino(t, open.Options{Type: "rest", URI: uri, Warehouse: warehouse[0]})
	c := newChaos(t, dir, brokers, 4, *chaosRecords/4)
	c.users, c.erased = 400, map[string]bool{}
	for i := range c.users / 10 {
		c.erased[fmt.Sprintf("u%06d", i)] = true
	}
	c.write(catalogConfig("rest", uri, dir, warehouse...) + trinoConfig(trino))
	compacted, erasures := 0, 0
	c.run(func() {
		if err := trino.Try("ALTER TABLE listens EXECUTE optimize"); err == nil {
			compacted++
		} else if t.Context().Err() == nil {
			t.Logf("optimize: %v", err) // commits of the members are in its way
		}
		if c.erase() {
			erasures++
		}
	})
	for n := 0; !c.allErased(); n++ {
		if n == 10 {
			t.Fatal("requests are still open after ten runs of job deletions")
		}
		c.erase()
	}
	t.Logf("%d records; members were %v; Trino compacted %d times, %d runs of job deletions", c.records, c.done, compacted, erasures)
	if *chaosFor > 30*time.Second && (compacted == 0 || erasures == 0) {
		t.Error("Trino never compacted, or no run of job deletions ended well while records came")
	}
	check := exec.CommandContext(t.Context(), python, filepath.Join("..", "..", "..", ".ci", "readers", "exactly_once.py"), uri, warehouse[0], c.to.Topic, c.produced())
	out, err := check.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("PyIceberg: %s", out)
	if out, err := c.lakectl("job", "royalties").CombinedOutput(); err != nil {
		t.Fatalf("job royalties: %v: %s", err, out)
	}
	if out, err := c.lakectl("job", "royalties", "--full").CombinedOutput(); err != nil {
		t.Fatalf("the ledger differs from the archive: %v: %s", err, out)
	}
}

// erase carries requests forward and tells whether that went well. Commits of the members may be in its way.
func (c *chaos) erase() bool {
	c.t.Helper()
	out, err := c.lakectl("job", "deletions", "--only-open", "--engine", "trino").CombinedOutput()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return true
	case c.t.Context().Err() != nil:
	case !errors.As(err, &ended) || ended.ExitCode() != frame.ExitFenced && ended.ExitCode() != frame.ExitPartial:
		c.t.Errorf("job deletions: %v: %s", err, tail(out))
	}
	return false
}

// allErased tells whether every request that was sent is carried out.
func (c *chaos) allErased() bool {
	c.t.Helper()
	out, err := c.lakectl("deletions", "list").Output()
	var list []struct {
		State string `json:"state"`
	}
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err != nil {
		c.t.Fatalf("deletions list: %v: %s", err, out)
	}
	done := 0
	for _, r := range list {
		if r.State == "recomputed" {
			done++
		}
	}
	return done == len(c.erased)
}
