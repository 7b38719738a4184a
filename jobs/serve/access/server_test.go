package access_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

func TestManyFailuresAreCutShortAndNobodyIsLockedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.given("artist", "A", 0)
	s := w.site(w.lake.Lake, access.Options{Limits: access.Limits{Failures: access.Rate{PerSecond: 1, Burst: 5}, Scope: access.Rate{PerSecond: 1, Burst: 3}}})
	counts := map[int]int{}
	for range 20 {
		counts[s.get(ofA, "Authorization", "Bearer lkt_wrong", "X-Forwarded-For", fmt.Sprint(len(counts))).status]++
	}
	if counts[401] != 5 || counts[429] != 15 {
		t.Errorf("got %v", counts)
	}
	s.want("a valid token from there", s.get(ofA, bearer(made.Secret)...), 200)
	for range 5 {
		s.want("links too", s.signIn("lkl_wrong"), 429)
	}
	for range 2 {
		s.want("within the limit of the scope", s.get(ofA, bearer(made.Secret)...), 200)
	}
	over := s.get(ofA, bearer(made.Secret)...)
	s.want("over the limit of the scope", over, 429)
	if over.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	w.wait(2 * time.Second)
	s.want("later", s.get(ofA, bearer(made.Secret)...), 200)

	a := netip.MustParseAddr("2001:db8::").As16()
	for i := range access.MostLimited + 5000 {
		a[4], a[5], a[6] = byte(i>>16), byte(i>>8), byte(i)
		s.guard.Fail(netip.AddrFrom16(a))
	}
	if n := s.guard.Remembered(); n > access.MostLimited {
		t.Errorf("%d addresses are remembered", n)
	}
	for range 5 {
		a[15]++
		s.guard.Fail(netip.AddrFrom16(a))
	}
	if a[15]++; s.guard.Fail(netip.AddrFrom16(a)) {
		t.Error("a customer with many addresses of one network is let on")
	}
}

func TestOversizedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operator := w.given("operator", "", 0)
	g, err := access.New(w.env(w.lake.Lake), access.Options{})
	w.check(err)
	server, err := access.NewServer(access.Listening{Addr: "127.0.0.1:0"}, w.handler(g), w.env(w.lake.Lake).Log)
	w.check(err)
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 {
		t.Error("a client may take for ever")
	}
	server.ReadHeaderTimeout = time.Second // for the test to be short
	s := w.running(server)
	s.want("headers", s.get(ofA, "X-Long", strings.Repeat("x", 40<<10)), 431)
	s.want("body", s.ask("POST", "/form", strings.Repeat("x", 65<<10), bearer(operator.Secret)...), 413)
	s.want("body of a sign-in", s.signIn(strings.Repeat("x", 65<<10)), 413)
	s.want("body that fits", s.ask("POST", "/form", strings.Repeat("x", 63<<10), bearer(operator.Secret)...), 200)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/form", io.LimitReader(endless{}, 80<<10)) // in chunks, its length unsaid
	w.check(err)
	r.Header.Set("Authorization", "Bearer "+operator.Secret)
	got, err := http.DefaultClient.Do(r)
	w.check(err)
	got.Body.Close() //nolint:errcheck // not read
	if got.StatusCode != 413 {
		t.Errorf("a body in chunks: %d", got.StatusCode)
	}

	slow, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	w.check(err)
	defer slow.Close() //nolint:errcheck // it is closed already
	_, err = io.WriteString(slow, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
	w.check(err)
	w.check(slow.SetReadDeadline(time.Now().Add(10 * time.Second)))
	if _, err := io.ReadAll(slow); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a client that never ends its headers is kept: %v", err)
	}

	panicked := s.get("/panic", bearer(operator.Secret)...)
	s.want("a handler that panics", panicked, 500)
	if strings.Contains(panicked.body, "goroutine") || strings.Contains(panicked.body, "somebody") || !strings.Contains(w.log.String(), "a handler panicked") {
		t.Errorf("%s\n%s", panicked.body, w.log)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// running runs a server until the test ends.
func (w *world) running(server *http.Server) *site {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	address, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- access.Run(ctx, server, func(a net.Addr) { address <- a }) }()
	w.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	})
	select {
	case a := <-address:
		return &site{world: w, Server: &httptest.Server{URL: "http://" + a.String()}}
	case err := <-ended:
		w.Fatal(err)
		return nil
	}
}

func TestACertificateThatIsRenewedIsTakenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := access.Listening{Addr: "127.0.0.1:0", CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	if _, err := access.NewServer(l, nil, slog.New(slog.DiscardHandler)); err == nil || lake.Hint(err) == "" {
		t.Errorf("without files: %v", err)
	}
	writeCertificate(t, l, 1)
	server, err := access.NewServer(l, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	later := func() { // the files are looked at once a second
		select {
		case <-time.After(1050 * time.Millisecond):
		case <-t.Context().Done():
		}
	}
	serial := func() int64 {
		c, err := server.TLSConfig.GetCertificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d", got)
	}
	later()
	if err := os.WriteFile(l.KeyFile, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 1 {
		t.Errorf("in the middle of a renewal: serial %d", got)
	}
	writeCertificate(t, l, 2)
	later()
	if got := serial(); got != 2 {
		t.Errorf("after it: serial %d", got)
	}
	if server.TLSConfig.MinVersion < tls.VersionTLS12 {
		t.Error("it speaks old TLS")
	}
}

func writeCertificate(t *testing.T, l access.Listening, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, &about, &about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]pem.Block{l.CertFile: {Type: "CERTIFICATE", Bytes: cert}, l.KeyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(&block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMoreConnectionsThanThereIsRoomForWait(t *testing.T) {
	t.Parallel()
	held, entered := make(chan struct{}), make(chan struct{}, 10)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-held
	})}
	plain, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := access.Bound(plain, server, 2)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	answers := make(chan error, 3)
	for range 3 {
		go func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
			if err == nil {
				var got *http.Response
				if got, err = client.Do(r); err == nil {
					err = got.Body.Close()
				}
			}
			answers <- err
		}()
	}
	<-entered
	<-entered
	select {
	case <-entered:
		t.Error("a third connection is served")
	case <-time.After(100 * time.Millisecond):
	}
	close(held)
	for range 3 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	full := access.Bound(plain, &http.Server{ReadHeaderTimeout: time.Minute}, 0)
	if err := full.Close(); err != nil {
		t.Error(err)
	}
	if _, err := full.Accept(); err == nil {
		t.Error("a closed listener without room accepts")
	}
	if err := server.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
