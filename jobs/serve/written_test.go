package serve

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

func TestWrittenAnswersStayWithinTheirBytesAndTheOnesAskedForLastStay(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	w := newWritten(most)
	random := rand.New(rand.NewPCG(1, 24))
	often := asked{path: "/often"}
	w.put(often, &text{body: make([]byte, 1000)})
	for i := range 2000 {
		of := asked{path: fmt.Sprint("/", i)}
		w.put(of, &text{body: make([]byte, random.IntN(most/2))})
		if w.get(often) == nil {
			t.Fatalf("what was asked for last is gone after %d others", i)
		}
		sum := 0
		for e := w.order.Front(); e != nil; e = e.Next() {
			sum += e.Value.(*kept).bytes()
		}
		if sum != w.bytes || sum > most || len(w.by) != w.order.Len() {
			t.Fatalf("%d answers by key, %d in order, of %d bytes, counted as %d, at most %d", len(w.by), w.order.Len(), sum, w.bytes, most)
		}
	}
	large := asked{path: "/large"}
	w.put(large, &text{body: make([]byte, most/2)})
	if w.get(large) != nil || w.get(often) == nil {
		t.Error("an answer that takes half of all room is kept")
	}
}

func TestAWrittenAnswerIsForTheSameQuestionOfTheSameScopeAlone(t *testing.T) {
	t.Parallel()
	request := func(path, accept string) *http.Request {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		r.Header.Set("Accept", accept)
		return r
	}
	base := askedOf(request("/v1/artists/A/summary?days=7", ""), "cut", "")
	w := newWritten(1 << 20)
	w.put(base, &text{body: []byte("A's")})
	if w.get(askedOf(request("/v1/artists/A/summary?days=7", "application/json"), "cut", "")) == nil {
		t.Error("the same question is not answered from what was written")
	}
	others := map[string]asked{
		"path": askedOf(request("/v1/artists/B/summary?days=7", ""), "cut", ""), "query": askedOf(request("/v1/artists/A/summary?days=8", ""), "cut", ""),
		"csv": askedOf(request("/v1/artists/A/summary?days=7", "text/csv"), "cut", ""), "file": askedOf(request("/v1/artists/A/summary?days=7", "text/html"), "cut", ""),
		"cut": askedOf(request("/v1/artists/A/summary?days=7", ""), "cut2", ""), "books": askedOf(request("/v1/artists/A/summary?days=7", ""), "cut", "2"),
	}
	for name, who := range map[string]access.Scope{"artist": {Sees: access.Artist, ID: "A"}, "other artist": {Sees: access.Artist, ID: "B"}, "label": {Sees: access.Label, ID: "A"}, "operator": {Sees: access.Operator}} {
		one := base
		one.who = who
		others[name] = one
	}
	unguarded := base
	unguarded.open = true
	others["unguarded"] = unguarded
	for name, one := range others {
		if w.get(one) != nil {
			t.Errorf("another %s is answered with what was written", name)
		}
	}
}
