package listen

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// textCase is one case of testdata/cases.txt, whose head explains the form.
type textCase struct {
	name       string
	raw        []byte
	recordTime int64
	clock      Clock
	kind       string
	want       map[string]string
}

func TestRecordsBecomeWhatTheCasesSay(t *testing.T) {
	d := NewDecoder(DefaultLimits())
	for _, c := range readCases(t) {
		t.Run(c.name, func(t *testing.T) {
			kind, got := describe(d, d.Decode(c.raw, c.recordTime, c.clock))
			if kind != c.kind {
				t.Fatalf("%s\nbecame %s %v, not %s", c.raw, kind, got, c.kind)
			}
			for name, want := range c.want {
				if value, ok := got[name]; !ok || value != want {
					t.Errorf("%s\n%s is %q, not %q", c.raw, name, value, want)
				}
			}
		})
	}
}

func readCases(t testing.TB) []textCase {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{
		"$a255":    strings.Repeat("a", 255),
		"$n255":    strings.Repeat("1", 255),
		"$deep299": strings.Repeat("[", 299) + strings.Repeat("]", 299),
		"$deep300": strings.Repeat("[", 300) + strings.Repeat("]", 300),
	}
	var cases []textCase
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if err := readCaseLine(&cases, words, line); err != nil {
			t.Fatalf("cases.txt:%d: %v", i+1, err)
		}
	}
	return cases
}

var wordPattern = regexp.MustCompile(`\$[a-z]+[0-9]*`)

func expand(words map[string]string, s string) string {
	return wordPattern.ReplaceAllStringFunc(s, func(w string) string {
		for n := len(w); n > 1; n-- {
			if text, ok := words[w[:n]]; ok {
				return expand(words, text) + w[n:]
			}
		}
		return w
	})
}

func readCaseLine(cases *[]textCase, words map[string]string, line string) error {
	if name, ok := strings.CutPrefix(line, "== "); ok {
		*cases = append(*cases, textCase{name: name, want: map[string]string{}})
		return nil
	}
	if word, text, ok := strings.Cut(line, " "); ok && line[0] == '$' {
		words[word] = strings.TrimSpace(text)
		return nil
	}
	c := &(*cases)[len(*cases)-1]
	switch {
	case strings.HasPrefix(line, "@ "), strings.HasPrefix(line, "@log "):
		word, text, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339, text)
		c.recordTime, c.clock = at.UnixMicro(), map[string]Clock{"@": GivenTime, "@log": LogClock}[word]
		return err
	case strings.HasPrefix(line, "-> "):
		return readOutcome(c, line[3:])
	case line[0] == '"':
		raw, err := strconv.Unquote(line)
		c.raw = []byte(expand(words, raw))
		return err
	}
	c.raw = []byte(expand(words, line))
	return nil
}

var outcomePattern = regexp.MustCompile(`([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]+)( |$)`)

func readOutcome(c *textCase, s string) error {
	if c.kind == "" {
		c.kind, s, _ = strings.Cut(s, " ")
	}
	rest := outcomePattern.ReplaceAllStringFunc(s, func(pair string) string {
		name, value, _ := strings.Cut(strings.TrimSuffix(pair, " "), "=")
		if value[0] == '"' {
			value, _ = strconv.Unquote(value)
		}
		c.want[name] = value
		return ""
	})
	if rest != "" {
		return fmt.Errorf("%q is no outcome", rest)
	}
	return nil
}

// describe puts a result into the words of cases.txt.
func describe(d *Decoder, kind Kind) (string, map[string]string) {
	at := func(micros int64, has bool) string {
		if !has {
			return "-"
		}
		return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano)
	}
	text := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	switch kind {
	case IsListen:
		l := d.Listen
		return "listen", map[string]string{
			"listen_id": l.ListenID, "user_id": l.UserID, "track_id": l.TrackID, "artist_id": l.ArtistID, "device": l.Device,
			"event_time": at(l.EventTime, true), "received_time": at(l.ReceivedTime, true),
			"ms_played": fmt.Sprint(l.MsPlayed), "track_ms": fmt.Sprint(l.TrackMs), "country": l.Country, "tier": l.Tier,
			"client": text(l.Client), "offline": map[Flag]string{Unset: "-", False: "false", True: "true"}[l.Offline],
			"extra": text(l.Extra),
		}
	case IsDeletion:
		del := d.Deletion
		got := map[string]string{
			"request_id": del.RequestID, "user_id": del.UserID, "requested_at": at(del.RequestedAt, true),
			"received_time": at(del.ReceivedTime, true), "reason": text(del.Reason), "from": "-", "to": "-",
		}
		if del.From != nil {
			got["from"] = at(*del.From, true)
		}
		if del.To != nil {
			got["to"] = at(*del.To, true)
		}
		return "deletion", got
	}
	r := d.Refusal
	return string(r.Reason), map[string]string{
		"detail": r.Detail, "user_id": text(r.UserID),
		"event_time": at(r.EventTime, r.HasEventTime), "received_time": at(r.ReceivedTime, r.HasReceivedTime),
	}
}
