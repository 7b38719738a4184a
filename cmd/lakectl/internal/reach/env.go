package reach

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	"github.com/lakectl/lakectl/lake/listen"
)

// Env connects to the configured catalog and returns what jobs are given. close ends the connection. A lake that was
// restored, and has not erased again what it had erased, is refused. Where the engine is trino, jobs compute there.
func Env(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	return refuseBehind(ctx, c)(EnvBehind(ctx, c))
}

// EnvBehind is Env for verbs that help such a lake.
func EnvBehind(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	client, err := Trino(c)
	if err != nil {
		return env, nil, err
	}
	env, closeLake, err := writer(ctx, c)
	if client == nil {
		return env, closeLake, err
	}
	if err != nil {
		return env, nil, errors.Join(err, client.Close())
	}
	env.Trino = client
	return env, func() {
		client.Close() //nolint:errcheck // its queries have ended
		closeLake()
	}, nil
}

// writer opens the lake for a job that writes.
func writer(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	env, cat, err := connect(ctx, c, false)
	if err != nil {
		return env, nil, err
	}
	key, err := cat.SubjectKey(ctx)
	if err != nil {
		return env, nil, errors.Join(err, cat.Close())
	}
	env.SubjectKey = listen.Key(key)
	return env, closing(c, env, cat), nil
}

// Reader is Env for verbs that only read: it takes no subject key and no right to write anything.
func Reader(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	return refuseBehind(ctx, c)(ReaderBehind(ctx, c))
}

// ReaderBehind is Reader for verbs that show nothing of a listen.
func ReaderBehind(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	env, cat, err := connect(ctx, c, true)
	if err != nil {
		return env, nil, err
	}
	env.Duck.SpillAnywhere = true
	return env, closing(c, env, cat), nil
}

// Follower is Reader for verbs that go on. It opens a SQLite catalog as who writes does: the copy that a reader takes
// of one which nobody has open would stay as it is.
func Follower(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	return refuseBehind(ctx, c)(follow(ctx, c))
}

func follow(ctx context.Context, c *frame.Call) (env jobs.Env, closeEnv func(), err error) {
	env, cat, err := connect(ctx, c, c.Config.Catalog.Type != "sqlite")
	if err != nil {
		return env, nil, err
	}
	return env, closing(c, env, cat), nil
}

// closing ends the connection and says what was verified.
func closing(c *frame.Call, env jobs.Env, cat *open.Catalog) func() {
	return func() {
		logVerified(c.Log, env.Duck.Verify)
		cat.Close() //nolint:errcheck // nothing is buffered in the connection
	}
}

func connect(ctx context.Context, c *frame.Call, readOnly bool) (env jobs.Env, cat *open.Catalog, err error) {
	o, err := CatalogOptions(c)
	if err != nil {
		return env, nil, err
	}
	o.ReadOnly = readOnly
	if cat, err = open.Connect(ctx, o); err != nil {
		return env, nil, usage.UnsupportedIsUsage(err)
	}
	return jobs.Env{
		Lake:        cat.Lake().WithGrace(time.Duration(c.Config.Orphans.Grace)),
		Duck:        duckOptions(c),
		Log:         c.Log,
		Now:         func() time.Time { return time.Now().UTC() },
		CodeVersion: frame.ReadVersions().Lakectl,
		Progress:    c.Progress.Say,
		Erasure:     jobs.Erasure{Delay: c.Config.Deletions.Delay, Deadline: c.Config.Erasure.Deadline, Retention: c.Config.Retention.ArchiveSnapshots},
	}, cat, nil
}

// CatalogOptions says how to reach the configured catalog.
func CatalogOptions(c *frame.Call) (open.Options, error) {
	k := c.Config.Catalog
	uri, err := k.URI.Read()
	token, tokenErr := k.Rest.Token.Read()
	credential, credentialErr := k.Rest.Credential.Read()
	return open.Options{
		Type: k.Type, URI: uri, Name: k.Name, Warehouse: k.Warehouse, SubjectKeyFile: k.SubjectKeyFile, Log: c.Log,
		Rest: open.Rest{Token: token, Credential: credential, AuthURI: k.Rest.AuthURI, Scope: k.Rest.Scope, Warehouse: k.Rest.Warehouse},
		S3:   open.S3{Endpoint: k.S3.Endpoint, Region: k.S3.Region, PathStyle: k.S3.PathStyle, Copies: k.S3.Copies, Limit: int64(k.S3.CopiesLimit), WholeBelow: int64(k.S3.WholeBelow)},
	}, errors.Join(err, tokenErr, credentialErr)
}

func duckOptions(c *frame.Call) duck.Options {
	k := c.Config.DuckDB
	return duck.Options{
		MemoryLimit: fmt.Sprintf("%dB", int64(k.MemoryLimit)), Threads: int(k.Threads), TempDir: k.TempDirectory,
		SpillLimit: fmt.Sprintf("%dB", int64(k.SpillLimit)), Verify: verifier(k.Verify),
	}
}

func verifier(on bool) *lake.Verifier {
	if !on {
		return nil
	}
	return lake.NewVerifier()
}

// logVerified says once a run how much rests on files that carry no hashes.
func logVerified(log *slog.Logger, v *lake.Verifier) {
	r := v.Report()
	if r.Unsealed > 0 {
		log.Info("read files that carry no hashes: another engine or an earlier version wrote them", "files", r.Unsealed)
	}
	log.Debug("verified what was read", "bytes", r.Bytes, "milliseconds", r.Spent.Milliseconds())
}

// WithEnv runs what a verb does on the lake and closes it afterwards. Nothing is printed when the work failed
// before it had a result.
func WithEnv[T any](ctx context.Context, c *frame.Call, work func(jobs.Env) (T, error)) (any, error) {
	return With(ctx, c, Env, work)
}

// WithReader is WithEnv for verbs that only read.
func WithReader[T any](ctx context.Context, c *frame.Call, work func(jobs.Env) (T, error)) (any, error) {
	return With(ctx, c, Reader, work)
}

// With is WithEnv with another way to open the lake.
func With[T any](ctx context.Context, c *frame.Call, open func(context.Context, *frame.Call) (jobs.Env, func(), error), work func(jobs.Env) (T, error)) (any, error) {
	env, closeEnv, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer closeEnv()
	return frame.Result(work(env))
}
