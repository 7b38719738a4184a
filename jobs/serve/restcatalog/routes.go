package restcatalog

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

// reader answers what the protocol asks of a catalog.
type reader struct {
	env       jobs.Env
	documents *documents
}

// Routes that a client is told of. None writes.
var endpoints = []string{
	"GET /v1/{prefix}/namespaces",
	"GET /v1/{prefix}/namespaces/{namespace}",
	"HEAD /v1/{prefix}/namespaces/{namespace}",
	"GET /v1/{prefix}/namespaces/{namespace}/tables",
	"GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
	"HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
}

// identifier is a table's name.
type identifier struct {
	Namespace []string `json:"namespace"`
	Name      string   `json:"name"`
}

func (c *reader) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/config", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"defaults": map[string]string{}, "overrides": map[string]string{}, "endpoints": endpoints})
	})
	mux.HandleFunc("GET /v1/namespaces", c.namespaces)
	const namespace = "/v1/namespaces/{namespace}"
	inside := func(pattern string, handler http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("namespace") != c.env.Lake.Namespace() {
				missing(w, "Namespace")
				return
			}
			handler(w, r)
		})
	}
	inside("GET "+namespace, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"namespace": []string{c.env.Lake.Namespace()}, "properties": map[string]string{}})
	})
	inside("HEAD "+namespace, nothing)
	inside("GET "+namespace+"/tables", c.tables)
	inside("GET "+namespace+"/tables/{table}", c.table)
	inside("HEAD "+namespace+"/tables/{table}", c.tableExists)
	inside("GET "+namespace+"/views", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"identifiers": []identifier{}})
	})
	inside("GET "+namespace+"/views/{view}", func(w http.ResponseWriter, _ *http.Request) { missing(w, "View") })
	inside("POST "+namespace+"/tables/{table}/metrics", nothing) // what a scan took, which nobody keeps
	mux.HandleFunc("/", otherwise)
	return mux
}

func nothing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }

// otherwise refuses what is no route.
func otherwise(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		access.Refuse(w, r, http.StatusNotFound, "There is no such route.")
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
		access.Refuse(w, r, http.StatusForbidden, "This catalog is read-only.")
	default:
		w.Header().Set("Allow", "GET, HEAD")
		access.Refuse(w, r, http.StatusMethodNotAllowed, "This catalog is asked with GET or HEAD.")
	}
}

func (c *reader) namespaces(w http.ResponseWriter, r *http.Request) {
	list := [][]string{}
	switch r.URL.Query().Get("parent") {
	case "":
		list = append(list, []string{c.env.Lake.Namespace()})
	case c.env.Lake.Namespace():
	default:
		missing(w, "Namespace")
		return
	}
	answer(w, map[string]any{"namespaces": list})
}

// tablesOfAPage is how many names a page has where the client does not say.
const tablesOfAPage = 1000

// tables lists the tables by name: all, or a page where the client asks for one. A page goes on behind the name that
// its token stands for, so tables that come or go meanwhile move no other.
func (c *reader) tables(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, after, err := pageOf(q.Get("pageSize"), q.Get("pageToken"))
	if err != nil {
		access.Refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	names, err := c.env.Lake.Tables(r.Context())
	if err != nil {
		c.fail(w, r, err)
		return
	}
	slices.Sort(names)
	list := []identifier{}
	next := ""
	for _, name := range names {
		if name <= after {
			continue
		}
		if q.Has("pageToken") && len(list) == size {
			next = tokenOf(list[size-1].Name)
			break
		}
		list = append(list, identifier{[]string{c.env.Lake.Namespace()}, name})
	}
	body := map[string]any{"identifiers": list}
	if next != "" {
		body["next-page-token"] = next
	}
	answer(w, body)
}

// pageOf is the size of a page, and the name before it.
func pageOf(size, token string) (most int, after string, err error) {
	most = tablesOfAPage
	if size != "" {
		if most, err = strconv.Atoi(size); err != nil || most < 1 {
			return 0, "", errors.New("pageSize is a number over 0")
		}
	}
	name, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, "", errors.New("pageToken is none of this catalog")
	}
	return min(most, tablesOfAPage), string(name), nil
}

func tokenOf(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func (c *reader) tableExists(w http.ResponseWriter, r *http.Request) {
	if _, err := c.env.Lake.MetadataFile(r.Context(), r.PathValue("table")); err != nil {
		c.fail(w, r, err)
		return
	}
	nothing(w, r)
}

// fail answers where a table is not there or cannot be read.
func (c *reader) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, lake.ErrNotFound):
		missing(w, "Table")
	case errors.Is(err, context.Canceled):
	default:
		c.env.Log.Error("a table was not served", "error", err, "hint", lake.Hint(err), "path_pattern", r.Pattern)
		access.Later(w, r, 5*time.Second, "This cannot be read now. The log of the server says why.")
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the client has gone
}
