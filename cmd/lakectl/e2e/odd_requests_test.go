package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// oddWord is how users and listens of odd requests are called: recognised wherever they begin.
var oddWord = regexp.MustCompile(`odd\.[a-z]+\.[0-9]*!`)

// oddRequest is somebody who listened, and what was asked for then.
type oddRequest struct {
	name      string
	listens   []string
	requests  []string
	withdrawn bool
	rows      int64    // of the archive, deleted for its first request
	refused   int64    // of quarantine, likewise
	stays     []string // words that must still be in the lake; all others must be gone
}

func oddListen(user, id, at string) string {
	return fmt.Sprintf(`{"type":"listen","listen_id":%q,"user_id":%q,"track_id":"t","artist_id":"A","device":"phone","event_time":"%[3]sT10:00:00Z","received_time":"%[3]sT10:04:00Z","ms_played":45000}`, id, user, at)
}

func oddAsk(id, user, window string) string {
	return fmt.Sprintf(`{"type":"deletion","request_id":%q,"user_id":%q,"requested_at":"2026-04-10T09:00:00Z","received_time":"2026-04-10T09:00:01Z"%s}`, id, user, window)
}

// tenYears are a listen a year, and one after them.
func tenYears() (listens []string) {
	for year := 2016; year <= 2026; year++ {
		listens = append(listens, oddListen("odd.decade.!", fmt.Sprintf("odd.decade.%d!", year), fmt.Sprintf("%d-03-05", year)))
	}
	return listens
}

var oddRequests = []oddRequest{
	{name: "a user whom nobody knows", requests: []string{oddAsk("unknown", "odd.unknown.!", "")}},
	{
		name: "the same request three times", rows: 2,
		listens:  []string{oddListen("odd.thrice.!", "odd.thrice.1!", "2026-03-05"), oddListen("odd.thrice.!", "odd.thrice.2!", "2026-02-05")},
		requests: []string{oddAsk("thrice", "odd.thrice.!", ""), oddAsk("thrice", "odd.thrice.!", ""), oddAsk("again", "odd.thrice.!", "")},
	},
	{
		name: "ids that nearly are the user's", rows: 1,
		listens: []string{
			oddListen("odd.near.1!", "odd.near.100!", "2026-03-05"), oddListen("odd.near.2!", "odd.near.102!", "2026-03-05"), oddListen("odd.near.11!", "odd.near.103!", "2026-03-05"),
			oddListen("ODD.near.1!", "odd.near.104!", "2026-03-05"), oddListen("odd.near.1", "odd.near.105!", "2026-03-05"),
		},
		requests: []string{oddAsk("near", "odd.near.1!", "")},
		stays:    []string{"odd.near.2!", "odd.near.102!", "odd.near.11!", "odd.near.103!", "odd.near.104!", "odd.near.105!"},
	},
	{
		name: "a window of ten years", rows: 10, listens: tenYears(),
		requests: []string{oddAsk("decade", "odd.decade.!", `,"from":"2016-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z"`)},
		stays:    []string{"odd.decade.!", "odd.decade.2026!"},
	},
	{
		name: "a window before anything", listens: []string{oddListen("odd.early.!", "odd.early.1!", "2026-03-05")},
		requests: []string{oddAsk("early", "odd.early.!", `,"to":"2001-01-01T00:00:00Z"`)},
		stays:    []string{"odd.early.!", "odd.early.1!"},
	},
	{
		name: "a user whose every record was refused", refused: 2,
		listens: []string{
			strings.Replace(oddListen("odd.refused.!", "odd.refused.1!", "2026-03-05"), "45000", `"x"`, 1),
			strings.Replace(oddListen("odd.refused.!", "odd.refused.2!", "2026-03-06"), `"phone"`, `""`, 1),
		},
		requests: []string{oddAsk("refused", "odd.refused.!", "")},
	},
	{
		name: "a request taken back within its delay", withdrawn: true, listens: []string{oddListen("odd.mistake.!", "odd.mistake.1!", "2026-03-05")},
		requests: []string{oddAsk("mistake", "odd.mistake.!", "")},
		stays:    []string{"odd.mistake.!", "odd.mistake.1!"},
	},
}

// listedRequest is a line of 'lakectl deletions list'.
type listedRequest struct {
	RequestID  string `json:"request_id"`
	State      string `json:"state"`
	Listens    int64  `json:"listens"`
	Quarantine int64  `json:"quarantine"`
}

func (l *lakeDir) requests() map[string][]listedRequest {
	l.t.Helper()
	var all []listedRequest
	l.run(&all, "deletions", "list")
	byID := map[string][]listedRequest{}
	for _, r := range all {
		byID[r.RequestID] = append(byID[r.RequestID], r)
	}
	return byID
}

// proved is what 'lakectl deletions verify' prints.
type proved struct {
	Concluded struct {
		Verified     int `json:"verified"`
		Certificates []struct {
			Path string `json:"path"`
		} `json:"certificates"`
	} `json:"concluded"`
}

func TestOddRequestsEndVerifiedInOneBatch(t *testing.T) {
	laketest.Costly(t)
	l := newLakeDir(t, false)
	listens := []string{oddListen("somebody", "else", "2026-03-05")}
	var requests, stays []string
	for _, c := range oddRequests {
		listens, requests, stays = append(listens, c.listens...), append(requests, c.requests...), append(stays, c.stays...)
	}
	l.run(nil, "ingest", "file", l.write("listens.jsonl", strings.Join(listens, "\n")))
	l.run(nil, "job", "rollup")
	l.run(nil, "job", "royalties")
	l.run(nil, "ingest", "file", l.write("requests.jsonl", strings.Join(requests, "\n")))
	for _, name := range []string{"listens.jsonl", "requests.jsonl"} {
		l.write(name, "")
	}
	if n := len(laketest.Words(t, l.dir, oddWord)); n < len(listens) {
		t.Fatalf("%d words are in the lake to begin with", n)
	}
	t.Setenv("LAKEHOUSE_DELETIONS_DELAY", "3650d")
	l.run(nil, "job", "deletions", "--purge-now")
	l.run(nil, "deletions", "withdraw", "--reason", "by mistake", "mistake")
	t.Setenv("LAKEHOUSE_DELETIONS_DELAY", "0s")
	l.run(nil, "job", "deletions", "--purge-now")
	var p proved
	l.run(&p, "deletions", "verify")
	if p.Concluded.Verified != len(requests)-1 || len(p.Concluded.Certificates) != 1 {
		t.Errorf("%+v of %d requests", p.Concluded, len(requests))
	}
	l.sawOdd(p.Concluded.Certificates[0].Path)
	slices.Sort(stays)
	if diff := cmp.Diff(stays, slices.Sorted(maps.Keys(laketest.Words(t, l.dir, oddWord)))); diff != "" {
		t.Errorf("words that are left (-want +got)\n%s", diff)
	}
	l.run(nil, "job", "royalties", "--full")
}

// sawOdd compares what became of each request.
func (l *lakeDir) sawOdd(certificate string) {
	l.t.Helper()
	listed := l.requests()
	for _, c := range oddRequests {
		for n, request := range c.requests {
			id := regexp.MustCompile(`"request_id":"([^"]*)"`).FindStringSubmatch(request)[1]
			want := listedRequest{id, "verified", c.rows, c.refused}
			switch {
			case c.withdrawn:
				want.State = "withdrawn"
			case n > 0: // the first took all
				want.Listens, want.Quarantine = 0, 0
			}
			if len(listed[id]) == 0 {
				l.t.Fatalf("%s: no request %s is listed", c.name, id)
			}
			got := listed[id][0]
			if listed[id] = listed[id][1:]; got != want {
				l.t.Errorf("%s: %+v, want %+v", c.name, got, want)
			}
			if n > 0 || c.withdrawn || len(c.requests) > 1 {
				continue
			}
			var openings []json.RawMessage
			l.run(&openings, "deletions", "opening", id)
			var document, indented bytes.Buffer // as a certificate's document is written
			if err := errors.Join(json.Compact(&document, openings[0]), json.Indent(&indented, document.Bytes(), "", "  ")); err != nil {
				l.t.Fatal(err)
			}
			l.run(nil, "certificate", "verify", "--log", l.dir+"/certificate/log", "--opening", l.write("opening.json", indented.String()+"\n"), certificate)
		}
	}
}
