package serve_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve"
)

// contract is openapi.json.
type contract struct {
	*testing.T
	paths    map[string]any
	compiler *jsonschema.Compiler
}

// readContract reads the description, and closes its objects: a field that is sent must be described.
func readContract(t *testing.T) *contract {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(serve.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	all := doc.(map[string]any)
	for _, s := range all["components"].(map[string]any)["schemas"].(map[string]any) {
		if s := s.(map[string]any); s["properties"] != nil {
			s["additionalProperties"] = false
		}
	}
	c := &contract{T: t, paths: all["paths"].(map[string]any), compiler: jsonschema.NewCompiler()}
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// resolved follows a reference into components.
func (c *contract) resolved(v any) map[string]any {
	m := v.(map[string]any)
	name, ok := m["$ref"].(string)
	if !ok {
		return m
	}
	var doc any
	if err := json.Unmarshal(serve.OpenAPI, &doc); err != nil {
		c.Fatal(err)
	}
	for _, part := range strings.Split(strings.TrimPrefix(name, "#/"), "/") {
		doc = doc.(map[string]any)[part]
	}
	return doc.(map[string]any)
}

// holds tells what is wrong with an answer to a path of the description.
func (c *contract) holds(path string, code int, header http.Header, body string) {
	c.Helper()
	answers := c.paths[path].(map[string]any)["get"].(map[string]any)["responses"].(map[string]any)
	described, ok := answers[strconv.Itoa(code)]
	if !ok {
		c.Errorf("%s answers %d, which is not described: %s", path, code, body)
		return
	}
	answer := c.resolved(described)
	if headers, ok := answer["headers"].(map[string]any); ok {
		for name := range headers {
			if header.Get(name) == "" {
				c.Errorf("%s answers %d without the header %s", path, code, name)
			}
		}
	}
	content, _ := answer["content"].(map[string]any)
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	if content == nil && body == "" {
		return
	}
	media, ok := content[kind].(map[string]any)
	if !ok {
		c.Errorf("%s answers %d as %q, which is not described", path, code, kind)
		return
	}
	if !strings.HasSuffix(kind, "json") {
		return
	}
	var name string
	if name, ok = media["schema"].(map[string]any)["$ref"].(string); !ok {
		return
	}
	schema, err := c.compiler.Compile("openapi.json" + name)
	if err != nil {
		c.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		c.Errorf("%s answers %d: %v\n%s", path, code, err, body)
	}
}

func TestEveryRouteIsDescribedAndEveryDescriptionIsServed(t *testing.T) {
	t.Parallel()
	var described, served []string
	for path := range readContract(t).paths {
		described = append(described, "GET "+path)
	}
	for _, pattern := range newService(t).routes.Patterns() {
		if _, path, _ := strings.Cut(pattern, " "); strings.HasPrefix(path, "/v1/") || strings.HasSuffix(path, "z") || path == "/status" { // others are pages
			served = append(served, pattern)
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if diff := cmp.Diff(described, served); diff != "" {
		t.Errorf("openapi.json (-) and the routes (+) differ:\n%s", diff)
	}
}

// ofB asks for what a path describes, of B.
var ofB = strings.NewReplacer("{id}", "B", "{artist}", "B", "{period}", "2026-03", "{file}", "statement.csv")

func TestEveryAnswerIsAsItIsDescribed(t *testing.T) {
	t.Parallel()
	c := readContract(t)
	s := newService(t)
	empty := newService(t)
	s.commit(catalog.PlaysChanges, nil, []any{time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC), "B", "t1", "late", time.Date(2026, 3, 30, 3, 2, 0, 0, time.UTC), int64(3), int64(90_000), int64(1)})
	s.own([]validity{{track: "t1", label: "B"}, {track: "t2", label: "B"}})
	s.publish(anyPlays(rand.New(rand.NewPCG(1, 1)), 200), map[string]string{catalog.ProvisionalDays: "2026-03-20"})
	queries := []string{"", "?days=7", "?from=2026-03-01&to=2026-03-09", "?from=2030-01-01&to=2030-01-31", "?from=2024-02-29&to=2024-02-29", "?step=hour&days=40", "?step=month&days=3660", "?limit=2", "?cursor=x", "?nothing=1", "?from=2999-12-31"}
	for path := range c.paths {
		for _, query := range queries {
			at := ofB.Replace(path) + query
			for _, accept := range []string{"application/json", "text/csv"} {
				if strings.HasSuffix(path, "/updates") && query == "" {
					continue // an answer without end
				}
				code, header, body := s.get(at, "Accept", accept)
				c.holds(path, code, header, body)
				if tag := header.Get("ETag"); tag != "" {
					code, header, body := s.get(at, "Accept", accept, "If-None-Match", tag)
					if c.holds(path, code, header, body); code != http.StatusNotModified || body != "" {
						t.Errorf("%s with its own tag: %d", at, code)
					}
				}
			}
		}
		if strings.HasPrefix(path, "/v1/artists/") || strings.HasPrefix(path, "/v1/labels/") {
			if strings.HasSuffix(path, "/updates") {
				continue
			}
			code, header, body := empty.get(ofB.Replace(path))
			if c.holds(path, code, header, body); code != http.StatusServiceUnavailable || !strings.Contains(body, "lakectl job rollup") {
				t.Errorf("%s of a lake without figures: %d %s", path, code, body)
			}
		}
	}
}
