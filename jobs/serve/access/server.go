package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// What a client may take of the server.
const (
	headerTime  = 5 * time.Second // to send the headers
	requestTime = 15 * time.Second
	answerTime  = 30 * time.Second // to take an answer, see [Guard.Stream]
	idleTime    = 2 * time.Minute
	endTime     = 5 * time.Second // for answers that are under way when the server ends

	maxHeaderBytes = 16 << 10
	maxBodyBytes   = 64 << 10
	maxStreams     = 100 // of one HTTP/2 connection

	maxConnections = 4096 // beyond it new ones wait: files that other parts of the process open need room too
)

// policy lets a page have scripts, styles, pictures and data of this server alone, none of them inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers are on every answer.
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	"Referrer-Policy":              "same-origin", // with no-referrer browsers would hide whose page sent a form
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
}

// Wrap puts around everything what no handler needs to think of: security headers, the limit of a body, and an answer
// where a handler panics.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = written(drawn(r, g.draw), g.write)
		h := w.Header()
		for name, value := range headers {
			h.Set(name, value)
		}
		if g.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if r.ContentLength > maxBodyBytes {
			h.Set("Connection", "close")
			Refuse(w, r, http.StatusRequestEntityTooLarge, "The request is too long.")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		defer g.caught(w, r)
		next.ServeHTTP(w, r)
	})
}

// caught answers for a handler that panicked. The stack goes to the log; of the request nothing does.
func (g *Guard) caught(w http.ResponseWriter, r *http.Request) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		panic(p)
	default:
		g.env.Log.Error("a handler panicked", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		Refuse(w, r, http.StatusInternalServerError, "The server made a mistake. It is in its log.")
	}
}

// Listening is where a server listens.
type Listening struct {
	Addr              string // host:port
	CertFile, KeyFile string // PEM; both or neither
}

// NewServer makes the server for a handler, see [Guard.Wrap]. With a certificate it speaks TLS, and takes a new one up
// when its files change.
func NewServer(l Listening, handler http.Handler, log *slog.Logger) (*http.Server, error) {
	s := &http.Server{
		Addr: l.Addr, Handler: handler,
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeaderBytes,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // what clients do wrong
	}
	if l.CertFile == "" && l.KeyFile == "" {
		return s, nil
	}
	config, err := tlsConfig(l.CertFile, l.KeyFile, log)
	s.TLSConfig = config
	return s, err
}

// Run serves until the context ends, then lets answers that are under way finish; the contexts of their requests end
// too. ready is called with the address once it listens.
func Run(ctx context.Context, s *http.Server, ready func(net.Addr)) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return lake.WithHint(fmt.Errorf("listen: %w", err), "set serve.addr to an address of this machine that is free")
	}
	l = bound(l, s, maxConnections)
	s.BaseContext = func(net.Listener) context.Context { return ctx }
	ready(l.Addr())
	ended := make(chan error, 1)
	go func() {
		if s.TLSConfig != nil {
			ended <- s.ServeTLS(l, "", "")
			return
		}
		ended <- s.Serve(l)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := s.Shutdown(last); errors.Is(err, context.DeadlineExceeded) {
		return s.Close()
	} else if err != nil {
		return fmt.Errorf("end the server: %w", err)
	}
	return nil
}
