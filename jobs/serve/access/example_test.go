package access_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// handler shows the plays of an artist to whom they are for.
func handler(env jobs.Env) (http.Handler, error) {
	guard, err := access.New(env, access.Options{URL: "https://plays.example.com"})
	if err != nil {
		return nil, err
	}
	api := http.NewServeMux()
	api.HandleFunc("GET /v1/artists/{id}/summary", func(w http.ResponseWriter, r *http.Request) {
		if !access.Allow(w, r, access.Artist, r.PathValue("id")) {
			return
		}
		io.WriteString(w, "{}") //nolint:errcheck // the client has gone
	})
	api.HandleFunc("/", access.NotFound)

	mux := http.NewServeMux()
	guard.Mount(mux)
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.Handle("/", guard.Require(api))
	return guard.Wrap(mux), nil
}

func ExampleGuard() {
	h, err := handler(jobs.Env{})
	fmt.Println(h != nil, err)
	// Output: true <nil>
}

func ExampleLinkURL() {
	fmt.Println(access.LinkURL("https://plays.example.com/", "lkl_SECRET"))
	// Output: https://plays.example.com/signin#lkl_SECRET
}
