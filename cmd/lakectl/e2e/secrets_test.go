package e2e

import (
	"crypto/md5" //nolint:gosec // what a listener is known by, see jobs/rollup
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake/listen"
)

// told is everything that leaves the programs of a lake but its tables: answers, logs, metrics.
type told struct {
	*instance
	browser *http.Client
	all     map[string]string // what was said, by who said it
}

// say is the answer to a request, which is kept.
func (a *told) say(method, path, body string, headers ...string) string {
	a.r.t.Helper()
	line := fmt.Sprintf("%s %.80s %v", method, path, headers)
	delete(a.all, line)
	a.ask(method, path, body, headers...)
	return a.all[line]
}

// ask sends a request and keeps the answer. What the request itself names may stand in its answer.
func (a *told) ask(method, path, body string, headers ...string) (code int, h http.Header) {
	a.r.t.Helper()
	req, err := http.NewRequestWithContext(a.r.t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		a.r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := a.browser.Do(req)
	if err != nil {
		a.r.t.Fatal(err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	res.Body.Close() //nolint:errcheck // read only
	if err != nil && !strings.HasSuffix(path, "/updates") {
		a.r.t.Fatal(err)
	}
	h = res.Header.Clone()
	h.Del("Set-Cookie") // where a session is given
	a.all[fmt.Sprintf("%s %.80s %v", method, path, headers)] += fmt.Sprint(res.StatusCode, h, string(text))
	return res.StatusCode, res.Header
}

// verb runs a command line and keeps what it says.
func (a *told) verb(args ...string) {
	a.r.t.Helper()
	_, stdout, stderr := a.r.outcome(append([]string{"--log-level", "debug"}, args...)...)
	a.all[strings.Join(args, " ")] += stdout + stderr
}

// forms are how a secret or an id can be written: as it is, and as what others could join it with.
func forms(secret string) []string {
	sum, short := sha256.Sum256([]byte(secret)), md5.Sum([]byte(secret)) //nolint:gosec // as a form of it
	return []string{
		secret, hex.EncodeToString([]byte(secret)), hex.EncodeToString(sum[:]), hex.EncodeToString(short[:]), base64.RawURLEncoding.EncodeToString(sum[:]),
		base64.StdEncoding.EncodeToString(sum[:]), url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)),
	}
}

// people are the forms of users by which tables of the lake know them.
func people(key listen.Key, users ...string) (list []string) {
	derived := key.Derived("lakectl dashboard listeners")
	for _, user := range users {
		list = append(list, forms(user)...)
		subject := key.Subject(user)
		hash := md5.Sum([]byte(hex.EncodeToString(derived[:]) + user)) //nolint:gosec // see jobs/rollup
		listener := binary.LittleEndian.Uint64(hash[:8])
		list = append(list, subject.String(), hex.EncodeToString(subject[:]), fmt.Sprint(listener), fmt.Sprint(int64(listener)), hex.EncodeToString(hash[:]), fmt.Sprintf("%016x", listener))
	}
	return list
}

// signIn takes a link in every way that there is, and returns the cookie.
func (a *told) signIn(once, other string) (cookie, session string) {
	a.r.t.Helper()
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin"}
	_, h := a.ask("POST", "/signin", "secret="+once, form...)
	cookie, _, _ = strings.Cut(h.Get("Set-Cookie"), ";")
	if _, session, _ = strings.Cut(cookie, "="); len(session) < 20 {
		a.r.t.Fatalf("not signed in: %v", h)
	}
	a.ask("POST", "/signin", "secret="+once, form...)                               // it was used
	a.ask("POST", "/signin", "secret="+other, form...)                              // of another kind
	a.ask("POST", "/signin", "secret="+once+strings.Repeat("x", 100_000), form...)  // too long
	a.ask("POST", "/signin", "secret="+once, "Origin", "https://elsewhere.example") // another site
	return cookie, session
}

// askAll asks for everything, for a person's id where something else belongs, and for what is not there.
func (a *told) askAll(person string, credentials []string) {
	a.r.t.Helper()
	for _, path := range []string{"summary", "timeseries?step=hour", "tracks", "countries", "devices", "live", "changes", "statements"} {
		a.ask("GET", "/v1/artists/A/"+path, "", credentials...)
		a.ask("GET", "/v1/artists/A/"+path, "", append([]string{"Accept", "text/csv"}, credentials...)...)
	}
	for _, path := range []string{"/", "/artists/A", "/artists/A/tracks", "/artists/A/tracks/t", "/artists/A/changes", "/artists/A/export", "/v1/labels/L/roster", "/status", "/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/debug/pprof/"} {
		a.ask("GET", path, "", append([]string{"Accept", "text/html"}, credentials...)...)
	}
	for _, path := range []string{"/status", "/v1/artists/A/summary?from=" + person, "/v1/artists/A/tracks?cursor=" + person, "/v1/artists/" + person + "/summary", "/artists/A/tracks/" + person, "/" + person, "/v1/artists/A/summary?" + person + "=1", "/v1/artists/A%00/summary"} {
		a.ask("GET", path, "", credentials...)
	}
}

// ended stops the instance and adds its log and its metrics.
func (a *told) ended(metrics string) {
	a.r.t.Helper()
	a.url = "http://" + metrics
	if code, _ := a.ask("GET", "/metrics", ""); code != http.StatusOK {
		a.r.t.Errorf("metrics: %d", code)
	}
	a.process.Signal(os.Interrupt) //nolint:errcheck // it runs
	<-a.instance.ended
	log, err := os.ReadFile(a.log)
	if err != nil {
		a.r.t.Fatal(err)
	}
	a.all["log"] = string(log)
	for _, part := range []string{"level=DEBUG", "job=deletions"} {
		if !strings.Contains(string(log), part) {
			a.r.t.Errorf("the log says nothing of %s: %.2000s", part, log)
		}
	}
}

// key is the lake's.
func (r *running) key() listen.Key {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "subject.key"))
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		r.t.Fatal(err)
	}
	return listen.Key(raw)
}

// firstOf finds the first of some words that stands in a text.
func firstOf(words []string, text string) (word string, at int) {
	text = strings.ToLower(text)
	for _, word := range words {
		if at := strings.Index(text, strings.ToLower(word)); at >= 0 {
			return word, at
		}
	}
	return "", -1
}

// Neither metrics nor logs nor answers nor errors hold a secret, or anything of a person, whatever was asked and
// whatever went wrong.
func TestNothingThatIsSaidHoldsASecretOrAPerson(t *testing.T) {
	laketest.Long(t, "runs every job beside a dashboard")
	r := newRunning(t)
	r.level = "debug"
	metrics := freeAddress(t)
	i := r.start("run", "LAKEHOUSE_INGEST_METRICS_ADDR="+metrics, "LAKEHOUSE_SCHEDULE_DELETIONS=2s", "LAKEHOUSE_SCHEDULE_TRUE_UP=5s", "LAKEHOUSE_SCHEDULE_MAINTAIN=10s")
	a := &told{instance: i, all: map[string]string{}, browser: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}

	users, secrets := r.sendPeople()
	r.await("twelve plays", 60*time.Second, func() bool { return i.plays() == 12 })
	now := time.Now().UTC()
	r.send(fmt.Sprintf(`{"type":"deletion","request_id":"r1","user_id":%q,"requested_at":%q,"received_time":%q}`, users[3], now.Add(time.Second).Format(time.RFC3339), now.Format(time.RFC3339)))
	var token, artist, link struct {
		Secret  string `json:"secret"`
		TokenID string `json:"token_id"`
		URL     string `json:"url"`
	}
	r.run(&token, "token", "create", "--operator")
	r.run(&artist, "token", "create", "--artist=A")
	r.run(&link, "token", "link", "--artist=A", "--public-url", i.url)
	r.await("the token counts", 20*time.Second, func() bool { r.pause(time.Second); return i.statusOf(token.Secret) == http.StatusOK })
	_, once, _ := strings.Cut(link.URL, "#")
	cookie, session := a.signIn(once, artist.Secret)

	operator := []string{"Authorization", "Bearer " + token.Secret}
	for _, wrong := range [][]string{
		{"Authorization", "Bearer lkt_" + strings.Repeat("w", 43)},
		{"Authorization", "Basic " + artist.Secret},
		{"Authorization", artist.Secret},
		{"Authorization", "Bearer " + once},
		{"Cookie", cookie + "x"},
		{"Cookie", "lakectl_session=" + artist.Secret},
		nil,
	} {
		a.ask("GET", "/v1/artists/A/summary?token="+artist.Secret, "", wrong...)
	}
	for _, credentials := range [][]string{operator, {"Authorization", "Bearer " + artist.Secret}, {"Cookie", cookie}, nil} {
		a.askAll(users[0], credentials)
	}
	r.await("the deletion is on the page", 90*time.Second, func() bool {
		return strings.Contains(a.say("GET", "/v1/artists/A/summary", "", operator...), `"plays":11,`)
	})
	for _, verb := range []string{
		"job royalties", "job rollup --true-up", "job deletions", "job maintain", "job royalties --full", "deletions list", "token list --all", "token revoke " + artist.TokenID, "token revoke " + artist.Secret,
		"ingest status", "snapshots listens", "config", "period status", "sql nothing",
	} {
		a.verb(strings.Fields(verb)...)
	}
	a.ended(metrics)

	key := r.key()
	derived := key.Derived("lakectl dashboard listeners")
	hidden := append(people(key, users...), hex.EncodeToString(key[:]), base64.StdEncoding.EncodeToString(key[:]), hex.EncodeToString(derived[:]))
	for _, of := range append(secrets, token.Secret, artist.Secret, once, session) {
		hidden = append(hidden, forms(of)...)
	}
	for from, said := range a.all {
		if word, at := firstOf(hidden, said); at >= 0 && !strings.Contains(from, word) { // else it was asked for by it
			t.Errorf("%s holds %q: %.300s", from, word, said[max(0, at-150):])
		}
	}
	for _, control := range []string{"user_id FROM listens", "listen_id FROM listens", "hex(listeners) FROM listeners_by_day", "subject FROM deletion_requests", "secret_hash FROM access_tokens"} {
		rows := r.query("SELECT " + control)
		if _, at := firstOf(hidden, fmt.Sprint(rows)); at < 0 {
			t.Errorf("the search finds nobody in %s: %.300v", control, rows)
		}
	}
	t.Logf("%d answers, logs and results; %d forms of what is hidden", len(a.all), len(hidden))
}

// sendPeople sends what twelve people heard, each listen twice, and what is refused of one more. It returns the ids.
func (r *running) sendPeople() (users, listens []string) {
	r.t.Helper()
	for n := range 12 {
		users = append(users, fmt.Sprintf("person-qzj%02d", n))
		listens = append(listens, fmt.Sprintf("heard-xvk%02d", n))
		r.send(aListen(listens[n], users[n]), aListen(listens[n], users[n]))
	}
	users, listens = append(users, "person-qzj90"), append(listens, "heard-xvk90")
	refused := aListen("heard-xvk90", "person-qzj90")
	r.send(strings.Replace(refused, `"ms_played":45000`, `"ms_played":-1`, 1), strings.Replace(refused, time.Now().UTC().Format("2006"), "2031", 2), refused[:len(refused)-9],
		strings.Replace(refused, `"listen"`, `"person-qzj90"`, 1), strings.Replace(refused, `"phone"`, `["person-qzj90"]`, 1))
	return users, listens
}
