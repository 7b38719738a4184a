package verbs

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// versioned is an input of royalties that comes from files and is kept in versions: T is a parsed file, S the set in
// force.
type versioned[T, S any] struct {
	noun    string // "rules": also the verb
	example string // a file name
	store   string // the verb that stores a file
	stores  string // what that does, in one sentence
	applied string // what a new version means
	listed  string // what the list shows
	parse   func(io.Reader) (T, error)
	asSet   func(T) S
	compare func(context.Context, jobs.Env, T) (S, error) // asSet, held against the listens of a lake
	apply   func(context.Context, jobs.Env, T) (S, error)
	inForce func(context.Context, jobs.Env) (S, error)
	say     func(*frame.Page, S, act)
	remove  *takeBack[S] // nil where nothing can be taken back
}

// takeBack is the verb that takes back what a file said.
type takeBack[S any] struct {
	args, short, long, example string
	check                      func(name string) error
	run                        func(ctx context.Context, env jobs.Env, names []string) (S, error)
}

// verbs are the commands every kind of input has.
func (v versioned[T, S]) verbs() []frame.Verb {
	name := "lakectl " + v.noun
	list := []frame.Verb{
		{
			Name: "check", Args: "FILE", Short: "Read a " + v.noun + " file and say what is wrong with it.",
			Long: `Nothing is stored, and no lake is needed. If there is a lake, unheard lists ids that the file names and that no counted
listen of a published month has: a slip, or something that nobody has heard yet.`, Examples: []string{name + " check " + v.example}, Run: v.runCheck, Text: v.text(checked),
		},
		{
			Name: v.store, Args: "FILE", Short: v.stores, Exits: []int{frame.ExitFenced, frame.ExitProof},
			Long: v.applied + ` A file that changes nothing is not stored again.
unheard lists ids that the file names and that no counted listen of a published month has: a slip, or something that nobody
has heard yet.`,
			Examples: []string{name + " " + v.store + " " + v.example}, Run: v.runStore, Text: v.text(applied),
		},
		{
			Name: "list", Short: "List the " + v.noun + " in force.", Exits: []int{frame.ExitProof},
			Long: v.listed, Examples: []string{name + " list"}, Run: v.runList, Text: v.text(listed),
		},
	}
	if r := v.remove; r != nil {
		list = append(list, frame.Verb{
			Name: "remove", Args: r.args, Short: r.short, Long: r.long, Exits: []int{frame.ExitFenced, frame.ExitProof},
			Examples: []string{name + " remove " + r.example}, Run: v.runRemove, Text: v.text(removed),
		})
	}
	return list
}

func (v versioned[T, S]) text(did act) []frame.Teller {
	return []frame.Teller{frame.Text(func(p *frame.Page, set S) { v.say(p, set, did) })}
}

func (v versioned[T, S]) runRemove(ctx context.Context, c *frame.Call) (any, error) {
	names := c.Args().Slice()
	for _, name := range names {
		if err := v.remove.check(name); err != nil {
			return nil, err
		}
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (S, error) { return v.remove.run(ctx, env, names) })
}

func (v versioned[T, S]) runCheck(ctx context.Context, c *frame.Call) (any, error) {
	parsed, err := v.read(c)
	if err != nil {
		return nil, err
	}
	env, closeEnv, err := reach.Reader(ctx, c)
	if errors.Is(err, lake.ErrNotFound) { // no lake
		return v.asSet(parsed), nil
	}
	if err == nil {
		defer closeEnv()
		var set S
		if set, err = v.compare(ctx, env, parsed); err == nil {
			return set, nil
		}
	}
	if ctx.Err() != nil {
		return nil, err
	}
	c.Log.Warn("the file is right, but was not held against the lake's listens", "error", err)
	return v.asSet(parsed), nil
}

func (v versioned[T, S]) runStore(ctx context.Context, c *frame.Call) (any, error) {
	parsed, err := v.read(c)
	if err != nil {
		return nil, err
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (S, error) { return v.apply(ctx, env, parsed) })
}

func (v versioned[T, S]) runList(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (S, error) { return v.inForce(ctx, env) })
}

// read parses the file of the first argument, or stdin for "-".
func (v versioned[T, S]) read(c *frame.Call) (parsed T, err error) {
	if c.Args().First() == "-" {
		return v.parse(c.Stdin)
	}
	f, err := os.Open(c.Args().First())
	if err != nil {
		return parsed, usage.Errorf("give the path of a "+v.noun+" file, or - for stdin", "%w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	return v.parse(f)
}
