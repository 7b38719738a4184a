package trino

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	driver "github.com/trinodb/trino-go-client/trino"

	"github.com/lakectl/lakectl/lake"
)

var (
	// ErrLost is returned where Trino, or a part of it, was lost on the way. The same query may run again.
	ErrLost = errors.New("the query engine was lost")
	// ErrMemory is returned where a query needed more memory than it may have.
	ErrMemory = errors.New("the query engine had not enough memory")
	// ErrQuery is returned where Trino failed a query for a reason of its own, which its words tell: a permission or a
	// catalog is missing, say. The same query fails again until somebody sees to it.
	ErrQuery = errors.New("the query engine failed the query")
)

// lostParts are the names of Trino's errors where a worker is gone, or the server on its way up or down.
var lostParts = map[string]bool{
	"REMOTE_HOST_GONE": true, "REMOTE_TASK_ERROR": true, "REMOTE_TASK_MISMATCH": true, "REMOTE_TASK_FAILED": true, "PAGE_TRANSPORT_ERROR": true,
	"PAGE_TRANSPORT_TIMEOUT": true, "NO_NODES_AVAILABLE": true, "TOO_MANY_REQUESTS_FAILED": true, "SERVER_STARTING_UP": true,
	"SERVER_SHUTTING_DOWN": true, "ABANDONED_QUERY": true, "ABANDONED_TASK": true,
}

// memoryHints say what to set, by the name of Trino's error.
var memoryHints = map[string]string{
	"EXCEEDED_LOCAL_MEMORY_LIMIT":  "raise query.max-memory-per-node of Trino, or the session property query_max_memory_per_node where it is lower, or add workers",
	"EXCEEDED_GLOBAL_MEMORY_LIMIT": "raise query.max-memory of Trino, or the session property query_max_memory where it is lower",
	"CLUSTER_OUT_OF_MEMORY":        "run it when less else runs on Trino, or add workers",
}

// explain says what a failed query needs.
func (c *Client) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = hide(err, c.o.Password, c.o.Token)
	var trino *driver.ErrTrino
	if errors.As(err, &trino) {
		failed := &worded{"trino: " + trino.ErrorName + ": " + inText(trino.Message), trino}
		if hint, is := memoryHints[trino.ErrorName]; is {
			return lake.WithHint(fmt.Errorf("%w: %w", ErrMemory, failed), "%s", hint)
		}
		if lostParts[trino.ErrorName] {
			return lost(failed)
		}
		return &worded{failed.text, errors.Join(ErrQuery, trino)}
	}
	if gone(err) {
		return lost(fmt.Errorf("trino at %s: %w", c.o.URL, err))
	}
	return fmt.Errorf("trino: %w", err)
}

// line is how a message starts that names a place of the text.
var line = regexp.MustCompile(`^line (\d+):`)

// inText is a message with the line of the text as it was given: the definitions of its tables are a line before it.
func inText(message string) string {
	return line.ReplaceAllStringFunc(message, func(place string) string {
		if n, err := strconv.Atoi(line.FindStringSubmatch(place)[1]); err == nil && n > 1 {
			return "line " + strconv.Itoa(n-1) + ":"
		}
		return "definitions of the tables, line 1:"
	})
}

func lost(err error) error {
	return lake.WithHint(fmt.Errorf("%w: %w", ErrLost, err), "run the same command again when Trino answers")
}

// gone tells a server that does not answer, or no longer knows the query: it was started anew.
func gone(err error) bool {
	var failed *driver.ErrQueryFailed
	if errors.As(err, &failed) {
		switch failed.StatusCode {
		case http.StatusNotFound, http.StatusGone, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	}
	var network net.Error
	var request *url.Error
	return errors.As(err, &network) || errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF)
}

// hide takes secrets out of the words of an error; its chain stays.
func hide(err error, secrets ...string) error {
	text := err.Error()
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	if text == err.Error() {
		return err
	}
	return &worded{text, err}
}

// worded is an error with other words.
type worded struct {
	text string
	err  error
}

func (w *worded) Error() string { return w.text }
func (w *worded) Unwrap() error { return w.err }
