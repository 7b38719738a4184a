package serve

import (
	_ "embed"
	"net/http"
)

// OpenAPI describes the API: every route with its parameters, answers and errors.
//
//go:embed openapi.json
var OpenAPI []byte

func describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Write(OpenAPI) //nolint:errcheck // the client has gone
}
