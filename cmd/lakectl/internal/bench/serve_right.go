package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// mostChecked is how many artists are counted by another way.
const mostChecked = 20

var bodySeed = maphash.MakeSeed()

// answered is an answer that was taken whole.
type answered struct {
	took time.Duration
	tag  string
	body uint64 // hash
}

// take asks, takes the whole answer, and says how long that took. What is not 200 is an error.
func (s *served) take(ctx context.Context, path string) (a answered, err error) {
	started := time.Now()
	answer, err := s.open(ctx, path)
	if err != nil {
		return a, err
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(answer.Body)
	if err == nil && len(body) == 0 && answer.Request.URL.Path != "/readyz" {
		err = fmt.Errorf("%s: an empty answer", path)
	}
	return answered{time.Since(started), answer.Header.Get("ETag"), maphash.Bytes(bodySeed, body)}, err
}

// steady tells whether answers to one question that have one tag are the same.
type steady map[string]uint64

func (s steady) hold(path string, a answered) error {
	was, known := s[path+a.tag]
	s[path+a.tag] = a.body
	if known && was != a.body {
		return wrongAnswer("%s with the tag %s has two answers", path, a.tag)
	}
	return nil
}

func wrongAnswer(format string, args ...any) error {
	return lake.WithHint(fmt.Errorf(format+": %w", append(args, jobs.ErrProof)...), "this is a bug in lakectl: report it with the flags of this run")
}

// right counts the plays of artists with SQL and holds answers about two years against it: the sum, and its parts.
func (m *serveMeasure) right(ctx context.Context, s *served) (checked int, err error) {
	m.c.Progress.Say("bench: counting")
	if err := m.newest(ctx, s); err != nil {
		return 0, err
	}
	from, to := serveToday.AddDate(0, -serveMonths, 0).Format(time.DateOnly), serveToday.Format(time.DateOnly)
	artists := m.artists[:min(mostChecked, len(m.artists))]
	want, err := m.d.b.playsOf(ctx, artists, from, to)
	if err != nil {
		return 0, err
	}
	for i, artist := range artists {
		var sum struct{ Plays int64 }
		var parts struct{ Points []struct{ Plays int64 } }
		span := "?from=" + from + "&to=" + to
		if err := s.decode(ctx, m.path("summary", i)+span, &sum); err != nil {
			return 0, err
		}
		if err := s.decode(ctx, m.path("timeseries", i)+span, &parts); err != nil {
			return 0, err
		}
		all := int64(0)
		for _, p := range parts.Points {
			all += p.Plays
		}
		if sum.Plays != want[artist] || all != want[artist] {
			return 0, wrongAnswer("artist %s has %d plays, answered are %d in all and %d by day", artist, want[artist], sum.Plays, all)
		}
	}
	return len(artists), nil
}

// followLimit is how long a server may answer from the cut before: long enough for a machine that has much else to do.
const followLimit = 2 * time.Minute

// newest waits until the server answers from what was published last.
func (m *serveMeasure) newest(ctx context.Context, s *served) error {
	archive, err := m.d.b.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	want := strconv.FormatInt(archive.ID(), 10)
	for deadline := time.Now().Add(followLimit); ; {
		var answer struct {
			Snapshot string `json:"snapshot_id"`
		}
		if err := s.decode(ctx, m.path("summary", 0), &answer); err != nil {
			return err
		}
		if answer.Snapshot == want {
			return nil
		}
		if time.Now().After(deadline) {
			return wrongAnswer("%s after snapshot %s was published, answers are of %s", followLimit, want, answer.Snapshot)
		}
		if err := lake.Pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *served) decode(ctx context.Context, path string, into any) error {
	answer, err := s.open(ctx, path)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // read only
	return json.NewDecoder(answer.Body).Decode(into)
}

// playsOf counts plays by SQL.
func (b *bench) playsOf(ctx context.Context, artists []string, from, to string) (map[string]int64, error) {
	_, text, err := b.childReport(ctx, "", 0, "sql", fmt.Sprintf(
		"SELECT artist_id AS artist, CAST(sum(plays) AS BIGINT) AS n FROM plays_by_day WHERE artist_id IN ('%s') AND day BETWEEN '%s' AND '%s' GROUP BY artist_id", strings.Join(artists, "', '"), from, to))
	if err != nil {
		return nil, err
	}
	var result struct {
		Rows []struct {
			Artist string
			N      int64
		} `json:"rows"`
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return nil, err
	}
	plays := map[string]int64{}
	for _, r := range result.Rows {
		plays[r.Artist] = r.N
	}
	return plays, nil
}
