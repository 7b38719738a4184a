package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/jobs/topic"
)

// The archive of the restored lake starts again where the backup ended, so all that came after it is read once more.
func TestATopicThatIsReadAgainAfterReapplyingBringsNoRequestTwice(t *testing.T) {
	laketest.Long(t, "a topic is read twice around a restored backup")
	root := t.TempDir()
	live, back := guarded(t, root, "live"), guarded(t, root, "back")
	live.run(nil, "init")
	b, err := simulate.StartBroker("listens", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	produce := func(first int, values ...string) {
		t.Helper()
		p := topic.NewProducer(topic.Options{Brokers: b.Addrs(), Topic: "listens"})
		defer p.Close() //nolint:errcheck // test
		var records []topic.Record
		for i, value := range values {
			records = append(records, topic.Record{Partition: i % 2, Time: time.Date(2026, 4, 20, 0, 0, first+i, 0, time.UTC).UnixMicro(), Value: []byte(value)})
		}
		if err := p.Produce(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	caughtUp := func(l *lakeDir) {
		t.Helper()
		l.run(nil, "ingest", "--until-caught-up", "--brokers", strings.Join(b.Addrs(), ","))
	}
	var first []string
	for i, user := range []string{"ana", "ben", "cid", "ana", "ben", "cid"} {
		first = append(first, play(fmt.Sprint("l", i), user, fmt.Sprintf("2026-03-%02dT10:00:00Z", 2+i)))
	}
	produce(0, first...)
	caughtUp(live)
	live.run(nil, "job", "deletions")
	live.backUp(back)
	produce(10, play("late", "ana", "2026-03-05T11:00:00Z"), leave("r-ana", "ana", "2026-03-21T00:00:00Z"), leave("r-ben", "ben", "2026-03-21T01:00:00Z"), play("new", "dee", "2026-03-06T10:00:00Z"))
	caughtUp(live)
	live.run(nil, "job", "deletions")
	list := filepath.Join(root, "list.jsonl")
	live.run(nil, "deletions", "export", "--out", list)
	produce(20, play("copy", "ben", "2026-03-07T11:00:00Z"), leave("r-cid", "cid", "2026-03-22T00:00:00Z"))
	caughtUp(live)
	live.run(nil, "job", "deletions")
	want := live.eachRow()

	back.run(nil, "catalog", "relocate", "--moved")
	if _, err := back.exec("deletions", "reapply", list); err == nil {
		t.Error("an erasure that is not on the list is not missed")
	}
	caughtUp(back)
	back.run(nil, "deletions", "reapply", list)
	if diff := cmp.Diff(want, back.eachRow()); diff != "" {
		t.Errorf("the lake is another (-lost +restored):\n%s", diff)
	}
}
