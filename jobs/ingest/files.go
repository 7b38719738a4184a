package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// Files ingests files of JSON Lines, plain or compressed; the path "-" is stdin. Each is a source of its own whose
// offsets are line numbers. A source that was read to its end before is skipped, unless its name was given and the
// content has another number of lines, which is an error; one that was interrupted goes on where listens is. When ctx
// ends Files commits what it has read, but it does not break off a read from a pipe that nobody writes to.
func Files(ctx context.Context, env jobs.Env, paths []string, stdin io.Reader, o Options) (report Report, err error) {
	report = Report{Quarantined: map[listen.Reason]int64{}}
	if err := checkSources(paths, o.Source); err != nil {
		return report, err
	}
	if at := o.ReceivedTime; at != nil && !listen.Writable(at.UnixMicro()) {
		return report, lake.WithHint(fmt.Errorf("received time %s: %w", at.UTC(), ErrUsage), "give a --received-time in the years 1 to 9999 UTC")
	}
	late, stop := outlive(ctx)
	defer stop()
	e := &engine{env: env}
	defer func() { err = errors.Join(err, e.close()) }()
	if report.Recovered, err = (recovery{env: env, engine: e}).run(ctx); err != nil {
		return report, fmt.Errorf("ingest file: %w", err)
	}
	f := &filesRun{env: env, o: o.withDefaults(), stdin: stdin, finished: finished{env: env, engine: e}, report: &report}
	for _, path := range paths {
		done, err := f.ingest(ctx, late, path)
		if done.Source != "" {
			report.Files = append(report.Files, done)
		}
		if err != nil {
			return report, fmt.Errorf("ingest file: %w", err)
		}
	}
	return report, recovered(report.Recovered, nil)
}

// checkSources makes sure that each path has a name which will be the same when the command is repeated, and can be
// one of JSON Lines.
func checkSources(paths []string, source string) error {
	const hint = "run 'lakectl ingest file --source NAME PATH' once for each"
	if source != "" && len(paths) > 1 {
		return lake.WithHint(fmt.Errorf("one source name for %d paths: %w", len(paths), ErrUsage), hint)
	}
	unfit := !utf8.ValidString(source) || len(source) > 256 || strings.ContainsFunc(source, unicode.IsControl)
	if unfit {
		return lake.WithHint(fmt.Errorf("source name %q: %w", source, ErrUsage), "give --source a name of at most 256 bytes without control characters")
	}
	for _, path := range paths {
		if path == "-" && source == "" {
			return lake.WithHint(fmt.Errorf("stdin has no name: %w", ErrUsage),
				"name what is piped in with --source NAME; the same name continues an interrupted run; other content needs another name")
		}
	}
	for _, path := range paths {
		if path == "-" {
			continue
		}
		if err := checkPath(path); err != nil {
			return fmt.Errorf("ingest file: %w", err)
		}
	}
	return nil
}

// filesRun is one call of [Files].
type filesRun struct {
	env      jobs.Env
	o        Options
	stdin    io.Reader
	finished finished
	report   *Report
}

// ingest reads one path to its end.
func (f *filesRun) ingest(ctx, late context.Context, path string) (done FileReport, err error) {
	r := &fileReader{filesRun: f, path: path, source: f.o.Source}
	content := f.stdin
	if path == "-" {
		r.path = "stdin"
	} else {
		f.env.Progress("ingest: checking " + path)
		in, err := openInput(path)
		if err != nil {
			return done, err
		}
		defer in.file.Close() //nolint:errcheck // read only
		if r.source == "" {
			r.source = in.source
		}
		r.total, content = in.lines, in.content()
	}
	done = FileReport{Path: path, Source: r.source}
	end, undone, err := f.finished.find(ctx, r.source)
	if err != nil || end > 0 {
		if err == nil && f.o.Source != "" {
			err = r.unchanged(ctx, content, end)
		}
		done.Already = err == nil
		return done, err
	}
	r.g = newIngester(f.env, f.o, fileSource(r.source), &f.finished, f.report)
	if r.g.again = undone; undone {
		f.env.Log.Warn("ingesting a file again: listens was rolled back since", "source", r.source)
	}
	if err := r.g.enter(ctx, []int{0}); err != nil {
		return done, err
	}
	before := f.report.Records
	next, err := r.read(ctx, late, content)
	done.Records = f.report.Records - before
	if err != nil {
		return done, err
	}
	return done, f.finished.add(late, r.source, next, f.env.Now().UTC(), r.g.listens.at)
}

// fileReader reads one file for one ingester.
type fileReader struct {
	*filesRun
	path   string // as messages name it
	source string
	total  int64 // lines of the file, 0 for stdin
	g      *ingester
}

// unchanged makes sure that the content under a finished name that was given is not plainly another one, which
// would be dropped without a word: it must have the lines that were ingested, up to next. stdin is read for that.
func (r *fileReader) unchanged(ctx context.Context, content io.Reader, next int64) error {
	l, err := newLines(r.path, content)
	if err != nil {
		return err
	}
	defer l.close()
	for err == nil && l.number < next {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, err = l.next()
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case l.number == next-1:
		return nil
	}
	has := fmt.Sprintf("%d lines", l.number)
	if l.number >= next {
		has = "more"
	}
	return lake.WithHint(fmt.Errorf("source %s was ingested to its end with %d lines, but %s has %s: %w", r.source, next-1, r.path, has, ErrUsage),
		"nothing of it was ingested; give this content another --source name")
}

// read takes all lines that listens does not have yet, and returns the number after the last line.
func (r *fileReader) read(ctx, late context.Context, content io.Reader) (int64, error) {
	l, err := newLines(r.path, content)
	if err != nil {
		return 0, err
	}
	defer l.close()
	start := max(1, r.g.listens.held[0])
	for more := true; more; {
		if ctx.Err() != nil {
			return 0, r.interrupted(late, ctx.Err())
		}
		var c *chunk
		if c, more, err = r.fill(l, start); err != nil {
			return 0, errors.Join(err, r.g.flush(late))
		}
		if err := r.step(late, c); err != nil {
			return 0, err
		}
	}
	if l.number+1 < start || r.total > 0 && l.number != r.total {
		return 0, lake.WithHint(fmt.Errorf("%s ends at line %d, but the archive has read %s to line %d", r.path, l.number, r.source, max(start-1, r.total)),
			"the content changed: ingest it under its own name, without --source or with another one")
	}
	return l.number + 1, r.g.flush(late)
}

// step takes a chunk and commits what is due.
func (r *fileReader) step(late context.Context, c *chunk) error {
	if err := r.g.take(late, c); err != nil {
		return err
	}
	select {
	case <-r.g.age.C:
		if err := r.g.flush(late); err != nil {
			return err
		}
	default:
	}
	r.g.progress(func() string {
		of := ""
		if r.total > 0 {
			of = fmt.Sprintf(" of %d", r.total)
		}
		return fmt.Sprintf("ingest: %s: line %d%s, %d archived", r.path, c.next-1, of, r.report.Archived)
	})
	return nil
}

// interrupted commits what was read and says how to go on.
func (r *fileReader) interrupted(late context.Context, cause error) error {
	if err := r.g.flush(late); err != nil {
		return err
	}
	next := max(1, r.g.listens.held[0])
	return lake.WithHint(fmt.Errorf("%s: stopped before line %d: %w: %w", r.path, next, jobs.ErrPartial, cause),
		"run the same command again: it goes on at that line")
}

// fill reads lines from start on into a chunk, as many as fit or are there without waiting.
func (r *fileReader) fill(l *lines, start int64) (c *chunk, more bool, err error) {
	c = &chunk{next: max(start, l.number+1)}
	for !c.full() && (len(c.records) == 0 || !l.waiting()) {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			return c, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if l.number < start {
			continue
		}
		c.next = l.number + 1
		if blank(line) {
			continue
		}
		c.add(r.record(l.number, line))
	}
	return c, true, nil
}

func (r *fileReader) record(number int64, line []byte) record {
	rec := record{offset: number, value: line}
	if at := r.o.ReceivedTime; at != nil {
		rec.time, rec.hasTime = at.UnixMicro(), true
	}
	return rec
}
