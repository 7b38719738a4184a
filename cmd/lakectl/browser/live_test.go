package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// plays is what the overview says in large type.
func (b *tab) plays() int64 {
	b.Helper()
	return number(eval[string](b, `document.querySelector(".say b")?.textContent ?? "0"`))
}

// listen adds listens of the artist, so many of the last minutes and so many of the newest day that a page shows, and
// publishes them.
func (w *world) listen(name string, newest, earlier int) {
	w.Helper()
	last := w.sql(fmt.Sprintf("SELECT track_id, event_time FROM listens_counted WHERE artist_id = '%s' ORDER BY event_time DESC LIMIT 1", w.ids[artist]))[0]
	var lines strings.Builder
	for i := range newest + earlier {
		at := fmt.Sprint(last["event_time"])
		if i < newest {
			at = time.Now().UTC().Add(-time.Duration(i) * 20 * time.Second).Format(time.RFC3339)
		}
		fmt.Fprintf(&lines, `{"type":"listen","listen_id":"%[1]s-%[2]d","user_id":"%[1]s-u%[2]d","track_id":"%[3]v","artist_id":%[4]q,"event_time":%[5]q,"received_time":%[5]q,"ms_played":64000,"country":"SE","device":"phone","tier":"free"}`+"\n",
			name, i, last["track_id"], w.ids[artist], at)
	}
	path := filepath.Join(w.dir, name+".jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		w.Fatal(err)
	}
	if text := string(w.lakectl("ingest", "file", "--source", name, path)); !strings.Contains(text, fmt.Sprint(newest+earlier)) {
		w.Fatalf("not all listens were archived: %s", text)
	}
	w.lakectl("job", "rollup")
}

// fresh is what the page says about how old it is.
func (b *tab) fresh() string {
	b.Helper()
	return eval[string](b, `document.querySelector(".fresh")?.innerText ?? ""`)
}

func aPageOutlivesItsServer(t *testing.T, w *world) {
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	w.until("the page has heard of a cut", func() bool { return b.heard() != "" })
	tag, plays := b.heard(), b.plays()
	w.stop()
	w.until("the page says that it is alone", func() bool { return strings.Contains(b.fresh(), "Offline") })
	b.picture("offline")
	for _, rule := range b.broken(axe(t)) {
		t.Errorf("offline: %s", rule)
	}
	if b.plays() != plays || plays == 0 {
		t.Errorf("the figures went with the connection: %d plays, then %d", plays, b.plays())
	}
	b.forget()
	w.start()
	w.until("the page says that it is back", func() bool { return !strings.Contains(b.fresh(), "Offline") })
	for _, r := range b.asked() {
		if strings.HasSuffix(r.URL, "/updates") && r.Status == 200 {
			// A stream that was refused while the server began is opened anew by the page, and told of the newest cut.
			if got, has := r.Sent["Last-Event-ID"]; has && got != tag {
				t.Errorf("the page came back with Last-Event-ID %q, it had heard of %q", got, tag)
			}
			w.until("the page knows the newest cut", func() bool { return b.heard() == tag })
			return
		}
	}
	t.Error("no stream was opened again")
}

func aPageFollowsNewCuts(t *testing.T, w *world) {
	b := w.tab(t, desk)
	b.signIn("--artist", w.ids[artist])
	other := b.another()
	other.open(w.base(artist))
	w.until("both pages have heard of a cut", func() bool { return b.heard() != "" && other.heard() != "" })
	eval[bool](b, "window.same = true")
	before := b.plays()
	w.listen("first", 40, 7)
	w.until("the page shows the new plays by itself", func() bool { return b.plays() == before+7 })
	w.until("so does the page in another window", func() bool { return other.plays() == before+7 })
	other.close()
	b.picture("live")
	if !eval[bool](b, "window.same === true") {
		t.Error("the page was loaded anew")
	}
	w.now(t, b)
}

// now looks at the strip of the last hour, which the new plays are in.
func (w *world) now(t *testing.T, b *tab) {
	t.Helper()
	const strip = `document.querySelector("[data-live=now]")`
	if bars := eval[int](b, strip+`.querySelectorAll("rect").length`); bars != 60 {
		t.Errorf("the last hour has %d bars", bars)
	}
	var minutes int64
	for _, r := range b.table("[data-live=now]") {
		minutes += number(r[1])
	}
	if told := eval[string](b, strip+`.innerText`); minutes != 40 || !strings.Contains(told, "40 in the last hour") {
		t.Errorf("the minutes have %d plays, the page says %q", minutes, told)
	}
	if !eval[bool](b, strip+`.querySelector(".dot").matches(".flows")`) {
		t.Error("nothing says that listens come in")
	}
	if n := b.moving(); n == 0 {
		t.Error("nothing breathes while listens come in")
	}
	b.readChart("the last hour", 1)
	b.look(screen{width: 1280, gentle: true})
	if n := b.moving(); n != 0 {
		t.Errorf("%d things move for who wants none to", n)
	}
	for _, rule := range b.broken(axe(t)) {
		t.Errorf("with plays of the last hour: %s", rule)
	}
}

// moving are the animations that run.
func (b *tab) moving() int {
	b.Helper()
	return eval[int](b, `document.getAnimations().filter(a => a.playState === "running").length`)
}
