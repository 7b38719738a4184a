package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/lake"
)

// served is a process that serves.
type served struct {
	process *exec.Cmd
	ended   chan error
	said    *bytes.Buffer
	base    string
	client  *http.Client
	ready   time.Duration // from the start of the process
	token   string
	tag     string // of the answer that ifChanged had last
}

// startServer runs 'lakectl serve' and waits until it is ready.
func (b *bench) startServer(ctx context.Context, token string) (*served, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	return b.startProgram(ctx, token, addr, "serve", "--addr", addr)
}

// startProgram runs what serves at an address, and waits until it is ready.
func (b *bench) startProgram(ctx context.Context, token, addr string, args ...string) (*served, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &served{
		ended: make(chan error, 1), said: &bytes.Buffer{}, base: "http://" + addr, token: token,
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: 2048, MaxIdleConnsPerHost: 2048}},
	}
	s.process = exec.CommandContext(ctx, self, append([]string{"--config", b.config}, args...)...)
	s.process.Env, s.process.Stderr = b.inherited(), s.said
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = 10 * time.Second
	started := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.process.Wait() }()
	for wait := 0; ; wait++ {
		if _, err := s.get(ctx, "/readyz"); err == nil {
			s.ready = time.Since(started)
			return s, nil
		}
		select {
		case err := <-s.ended:
			return nil, fmt.Errorf("%s: %w: %s", args[0], err, s.said)
		default:
		}
		if wait > 3000 {
			return nil, errors.Join(errors.New("the server does not answer"), s.stop())
		}
		if err := lake.Pause(ctx, 10*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// freeAddr is an address of this machine at which nobody listens yet.
func freeAddr(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// get is take for who wants to know how long it took.
func (s *served) get(ctx context.Context, path string) (took time.Duration, err error) {
	a, err := s.take(ctx, path)
	return a.took, err
}

// ask sends a question; with a tag, only for an answer that has another.
func (s *served) ask(ctx context.Context, path, tag string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	return s.client.Do(r)
}

func (s *served) open(ctx context.Context, path string) (*http.Response, error) {
	answer, err := s.ask(ctx, path, "")
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 200))
		answer.Body.Close() //nolint:errcheck // read only
		return nil, fmt.Errorf("%s: %s: %s", path, answer.Status, text)
	}
	return answer, nil
}

func (s *served) stop() error {
	s.client.CloseIdleConnections()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-s.ended //nolint:errcheck // it was told to end
	return nil
}

// end is stop for a process that must end well.
func (s *served) end() error {
	s.client.CloseIdleConnections()
	s.process.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended, and says why below
	return <-s.ended
}

// memory is the resident memory of the process in MiB.
func (s *served) memory() (float64, error) {
	mib := residentMiB(s.process.Process.Pid)
	if mib == 0 {
		return 0, errNoMemory
	}
	return mib, nil
}

// cpu is the CPU time that the process has had.
func (s *served) cpu() (time.Duration, error) { return cpuOf(s.process.Process.Pid) }

// cpuOf is the CPU time that a process has had, without its children.
func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("the system does not say how much CPU a process has had")
	}
	var ticks int64
	for _, field := range fields[11:13] { // user and system, in hundredths of a second
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
