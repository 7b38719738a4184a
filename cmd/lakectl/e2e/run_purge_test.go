package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// personWord is how the people of devices are called: recognised wherever they begin.
var personWord = regexp.MustCompile(`person\.[0-9]+!`)

func personOf(n int) string { return fmt.Sprintf("person.%d!", n) }

// quiet lets a day and more pass while nothing runs: what a killed process left is an orphan beyond its grace then.
func (r *running) quiet() { age(r.t, filepath.Join(r.dir, "warehouse"), 25*time.Hour) }

// states counts the requests of those who left by their state.
func (r *running) states() map[string]int {
	count := map[string]int{}
	for _, list := range r.requests() {
		for _, one := range list {
			count[one.State]++
		}
	}
	return count
}

// carriedOut tells whether nobody of those who left is in a table any more.
func (r *running) carriedOut(left int) bool {
	count := r.states()
	return count["recomputed"]+count["purged"]+count["verified"] == left
}

// proveErased carries all requests of those who left to their end, and looks for them in the bytes of every file,
// logs among them. No process runs. Those who stayed are what shows that the look sees something.
func (r *running) proveErased(left, people int) {
	r.t.Helper()
	r.quiet()
	r.t.Logf("requests before the last purge: %v", r.states())
	r.run(nil, "job", "deletions", "--purge-now")
	var p proved
	r.run(&p, "deletions", "verify")
	if got := r.states(); got["verified"] != left || len(got) != 1 {
		r.t.Errorf("%d people left, requests are %v", left, got)
	}
	for _, c := range p.Concluded.Certificates {
		r.run(nil, "certificate", "verify", "--log", filepath.Join(r.dir, "certificate", "log"), c.Path)
	}
	if len(p.Concluded.Certificates) == 0 {
		r.t.Error("no certificate was issued")
	}
	words := laketest.Words(r.t, r.dir, personWord)
	for n := range left {
		if files := words[personOf(n)]; len(files) > 0 {
			r.t.Errorf("one of those who left is in %v", files)
		}
	}
	if stayed := len(words); stayed < (people-left)/2 {
		r.t.Errorf("the look saw %d of the %d who stayed", stayed, people-left)
	}
}

// age makes every file below a folder older.
func age(t *testing.T, dir string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chtimes(path, time.Time{}, then)
	})
	if err != nil {
		t.Fatal(err)
	}
}
