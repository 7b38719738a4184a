package browser

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/run"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// stage is a dashboard of this process, whose clock the test moves.
type stage struct {
	*world
	lake  *laketest.Lake
	env   jobs.Env
	ahead atomic.Int64 // nanoseconds, of the dashboard's clock
}

func newStage(t *testing.T, b *chromium) *stage {
	t.Helper()
	s := &stage{lake: laketest.New(t)}
	s.env = jobs.Env{Lake: s.lake.Lake, Duck: s.lake.Duck, Log: slog.New(slog.DiscardHandler), Progress: func(string) {}, Now: func() time.Time {
		return time.Now().Add(time.Duration(s.ahead.Load())).UTC()
	}}
	works, err := run.Jobs(config.Schedule{Rollup: "15s", Deletions: "1m", Royalties: "03:00", TrueUp: "04:00", Maintain: "15m"})
	if err != nil {
		t.Fatal(err)
	}
	server, err := serve.NewServer(s.env, serve.Options{Status: run.New(s.env, run.Options{Jobs: works})})
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(listening.Close)
	s.world = &world{T: t, url: listening.URL, browser: b, ids: map[string]string{artist: "A"}}
	return s
}

// publish counts plays of an artist, a few tracks on each of the last days.
func (s *stage) publish(days int) {
	s.Helper()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	var plays, audience, people [][]any
	for d := range days {
		day := today.AddDate(0, 0, -d)
		for track := range 5 {
			n, who := int64(3+(d*7+track*11)%17), binary.BigEndian.AppendUint64(nil, uint64(d*10+track))
			plays = append(plays, []any{day, "A", fmt.Sprint("t", track), n, n * 60_000})
			audience = append(audience, []any{day, "A", []string{"SE", "DE", "BR", "JP", "US"}[track], []string{"phone", "web"}[track%2], n, n * 60_000, who})
			people = append(people, []any{day, "A", fmt.Sprint("t", track), who}, []any{day, "A", "", who})
		}
	}
	put := func(table string, state map[string]string, rows ...[]any) int64 {
		return s.lake.Put(s.T, catalog.RollupJob, table, state, rows...).ID()
	}
	archive := put(catalog.Listens, map[string]string{catalog.Watermarks: fmt.Sprintf(`{"listens":{"0":%d}}`, time.Now().UnixMicro())})
	named := catalog.Cut{catalog.AudienceByDay: put(catalog.AudienceByDay, nil, audience...), catalog.ListenersByDay: put(catalog.ListenersByDay, nil, people...)}
	put(catalog.PlaysByDay, map[string]string{catalog.CutKey: named.String(), catalog.CoversListens: strconv.FormatInt(archive, 10)}, plays...)
}

// arrive opens a link for somebody and waits for the page that it leads to.
func (s *stage) arrive(b *tab, sees access.Sees, id string) {
	s.Helper()
	scope, err := access.NewScope(sees, id)
	b.must(err)
	made, err := access.CreateLink(s.Context(), s.env, scope, "")
	b.must(err)
	b.open(access.LinkURL(s.url, made.Secret))
	s.until("the link has signed the browser in", func() bool {
		return !strings.Contains(eval[string](b, "location.pathname"), "signin") && eval[string](b, "document.readyState") == "complete"
	})
}

func (b *tab) text() string {
	b.Helper()
	return eval[string](b, `document.body?.innerText ?? ""`)
}

// says looks at a page, light and dark, on a desk and a phone, whose words have all of these.
func (b *tab) says(name, rules string, words ...string) {
	b.Helper()
	for look, s := range map[string]screen{"light": desk, "dark": darkDesk, "phone": phone} {
		b.look(s)
		text := b.text()
		for _, w := range words {
			if !strings.Contains(text, w) {
				b.Errorf("%s, %s: %q is not among: %s", name, look, w, text)
			}
		}
		for _, rule := range b.broken(rules) {
			b.Errorf("%s, %s: %s", name, look, rule)
		}
		if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > s.width {
			b.Errorf("%s, %s: it is %d pixels wide", name, look, wide)
		}
		b.picture("state " + name + " " + look)
	}
	b.look(desk)
}

func TestAPageSaysHowItIs(t *testing.T) {
	b, rules := newChromium(t, laketest.Engine(t, "CHROMIUM")), axe(t)
	t.Run("an empty lake says that nothing was heard, and figures come by themselves", func(t *testing.T) {
		s := newStage(t, b)
		tab := s.tab(t, desk)
		s.arrive(tab, access.Artist, "A")
		tab.says("empty", rules, "Nothing was heard yet", "by itself", "lakectl job rollup")
		s.publish(30)
		s.until("the figures stand there", func() bool { return strings.Contains(tab.text(), "in the last 28 days") })
	})
	t.Run("a dashboard that is not updated says since when, and what holds", func(t *testing.T) {
		s := newStage(t, b)
		s.publish(60)
		tab := s.tab(t, desk)
		s.arrive(tab, access.Artist, "A")
		if text := tab.text(); strings.Contains(text, "Not updated") {
			t.Errorf("a new page says: %s", text)
		}
		s.ahead.Store(int64(5 * time.Minute))
		tab.open(s.base(artist))
		tab.says("stale", rules, "Not updated since", "UTC", "What is shown still holds; plays since then are not in it yet")
		if eval[bool](tab, `document.querySelector(".fresh .dot").matches(".flows") || !document.querySelector(".fresh .dot").matches(".old")`) {
			t.Error("the dot looks as if figures came in")
		}
		s.publish(1)
		s.ahead.Store(0)
		s.until("the page says that it is up to date by itself", func() bool { return !strings.Contains(tab.text(), "Not updated") })
	})
	t.Run("access that ends by the clock while a page is open says so", func(t *testing.T) {
		s := newStage(t, b)
		s.publish(30)
		tab := s.tab(t, desk)
		s.arrive(tab, access.Artist, "A")
		s.until("the page has heard of a cut", func() bool { return tab.heard() != "" })
		s.ahead.Store(int64(access.SessionLife + time.Minute))
		s.until("the page gives way by itself", func() bool { return strings.Contains(tab.text(), "Your access has ended") })
		tab.says("ended", rules, "Your access has ended", "that is over", "Sign in")
		if code := tab.open(s.base(artist)); code != http.StatusUnauthorized {
			t.Errorf("the page is %d then", code)
		}
	})
	t.Run("operators see how the jobs are, others do not", func(t *testing.T) {
		s := newStage(t, b)
		s.publish(30)
		tab, other := s.tab(t, desk), s.tab(t, desk)
		s.arrive(tab, access.Operator, "")
		if code := tab.open("/status"); code != http.StatusOK {
			t.Fatalf("the status is %d", code)
		}
		tab.says("status", rules, "Nobody runs the jobs yet", "rollup", "deletions", "royalties", "maintain", "Next run", "Behind")
		s.arrive(other, access.Artist, "A")
		if code := other.open("/status"); code != http.StatusNotFound {
			t.Errorf("an artist's status is %d", code)
		}
	})
}

func TestAPageOfAListFollowsInItsPlaces(t *testing.T) {
	s := newStage(t, newChromium(t, laketest.Engine(t, "CHROMIUM")))
	s.publish(30)
	b := s.tab(t, desk)
	s.arrive(b, access.Artist, "A")
	b.open(s.base(artist) + "/tracks?limit=2")
	b.open(s.url + s.base(artist) + "/tracks" + eval[string](b, `document.querySelector("a[rel=next]").getAttribute("href")`))
	s.until("the page has heard of a cut", func() bool { return b.heard() != "" })
	rows := func() string { return eval[string](b, `document.querySelector("table.list").innerText`) }
	before := rows()
	s.publish(30)
	s.until("the rows have new figures", func() bool { return rows() != before })
	b.says("moved", axe(t), "Newer figures came", "3 to 4 of 5", "Begin with the first page")
	eval[bool](b, `[...document.querySelectorAll("a")].find(a => a.textContent === "Begin with the first page").click(), true`)
	s.until("the first page is there", func() bool { return strings.Contains(b.text(), "1 to 2 of 5") })
	if text := b.text(); strings.Contains(text, "Newer figures came") {
		t.Errorf("the first page says: %s", text)
	}
}
