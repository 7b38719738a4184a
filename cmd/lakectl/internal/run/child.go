package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

const (
	// grace is how long a child that was asked to end may take.
	grace = 5 * time.Second
	// maxLine bounds a line of a child's log, maxResult its result.
	maxLine, maxResult = 16 << 10, 16 << 20
)

// Program is how children are started.
type Program struct {
	Path string   // of the executable
	Name string   // what it is called by
	Args []string // in front of each command line
	Env  []string // besides this process's
}

// ThisProgram is the one that runs, also after another was put in its place on the disk.
func ThisProgram() (Program, error) {
	path, err := os.Executable()
	if err != nil {
		return Program{}, fmt.Errorf("find this program, to start the jobs: %w", err)
	}
	if _, err := os.Stat(ownImage); err == nil {
		path = ownImage
	}
	return Program{Path: path, Name: os.Args[0]}, nil
}

// child runs a job as a process and waits for it. The end of the context asks it to end.
func (r *Runner) child(ctx context.Context, job Job) outcome {
	// What ties a child to its parent ties it to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := r.o.Program
	c := exec.CommandContext(ctx, p.Path)
	c.Args = append(append(append([]string{p.Name}, p.Args...), "--json"), job.Args...)
	c.Env = append(os.Environ(), p.Env...)
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = grace
	c.SysProcAttr = attributes()
	result := &limited{most: maxResult}
	said := &lines{say: func(line string) { r.pass(ctx, job.Name, line) }}
	c.Stdout, c.Stderr = result, said
	began := time.Now()
	err := c.Run()
	said.end()
	o := outcome{code: frame.ExitDone, took: time.Since(began)}
	if err != nil {
		o.code, o.said, o.hint = c.ProcessState.ExitCode(), said.failure(err), said.hint
	} else if !json.Valid(result.Bytes()) {
		o.code, o.said = frame.ExitFailed, "its result is no JSON"
	}
	return o
}

// limited keeps the beginning of what is written to it. It takes all of it, so that nobody waits.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), max(0, l.most-l.Len()))])
	return len(p), nil
}

// lines is the stderr of a child.
type lines struct {
	say   func(string)
	mu    sync.Mutex // a child that was killed may have left somebody who writes
	rest  []byte
	error string
	hint  string
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		switch {
		case end >= 0:
			l.line(string(l.rest[:end]))
			l.rest = l.rest[end+1:]
		case len(l.rest) > maxLine:
			l.line(string(l.rest))
			l.rest = nil
		default:
			return len(p), nil
		}
	}
}

func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.line(string(l.rest))
		l.rest = nil
	}
}

func (l *lines) line(text string) {
	text = strings.TrimRight(text, "\r")
	if hint, ok := strings.CutPrefix(text, "lakectl: hint: "); ok {
		l.hint = hint
	} else if failure, ok := strings.CutPrefix(text, "lakectl: "); ok {
		l.error = failure
	} else if text != "" {
		l.say(text)
	}
}

// failure is what the child said last, or how it ended where it said nothing.
func (l *lines) failure(err error) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			if status.Signal() == syscall.SIGKILL {
				return "it was killed from outside, as the system does when memory runs out"
			}
			return "it was ended by the signal " + status.Signal().String()
		}
	}
	if l.error != "" {
		return l.error
	}
	return err.Error()
}

var levelOf = regexp.MustCompile(`(?:^| )level=(DEBUG|INFO|WARN|ERROR)(?:[ +-]|$)`)

// pass writes a line of a job's log into this process's.
func (r *Runner) pass(ctx context.Context, job, line string) {
	level := slog.LevelWarn
	if m := levelOf.FindStringSubmatch(line); m != nil {
		level.UnmarshalText([]byte(m[1])) //nolint:errcheck // it is one of the four
	}
	r.env.Log.Log(ctx, level, "job says", "job", job, "line", line)
}
