package restcatalog

import (
	"cmp"
	"encoding/json"
	"net/http"
)

// kinds of errors, as clients tell them apart.
var kinds = map[int]string{
	http.StatusBadRequest:         "BadRequestException",
	http.StatusUnauthorized:       "NotAuthorizedException",
	http.StatusForbidden:          "ForbiddenException",
	http.StatusNotFound:           "NotFoundException",
	http.StatusMethodNotAllowed:   "UnsupportedOperationException",
	http.StatusTooManyRequests:    "TooManyRequestsException",
	http.StatusServiceUnavailable: "ServiceUnavailableException",
}

// modelled is an error as the protocol writes it.
type modelled struct {
	Error struct {
		Message string `json:"message"`
		Type    string `json:"type"`
		Code    int    `json:"code"`
	} `json:"error"`
}

// writeError writes a refusal.
func writeError(w http.ResponseWriter, status int, detail string) {
	write(w, status, cmp.Or(kinds[status], "InternalServerError"), detail)
}

// missing answers that there is no such namespace, table or view.
func missing(w http.ResponseWriter, what string) {
	w.Header().Set("Cache-Control", "no-store")
	write(w, http.StatusNotFound, "NoSuch"+what+"Exception", what+" does not exist.")
}

func write(w http.ResponseWriter, status int, kind, message string) {
	var e modelled
	e.Error.Message, e.Error.Type, e.Error.Code = message, kind, status
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(e) //nolint:errcheck // the client has gone
}
