package frame

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// Verb is one command as its file declares it. It has only what a verb may
// choose; everything that has to be the same on every command is in command.
type Verb struct {
	Name     string
	Args     string   // usage of the arguments: FILE needed, [FILE] not, a trailing ... repeats
	Short    string   // one sentence
	Long     string   // what it reads and writes, and what running it again does
	Examples []string // at least one, each a line that can be typed
	Exits    []int    // codes it can end with besides 0, 1 and 2
	Flags    []cli.Flag
	Keys     []string // configuration keys that a flag of this verb sets, see config.Key
	NoConfig bool     // runs without looking at the configuration
	Verbs    []Verb
	Text     []Teller                                        // how people read the results of Run, one for each type
	Run      func(ctx context.Context, c *Call) (any, error) // nil: it only holds Verbs
}

// Call is one run of one verb: what was asked and where the answers go. The
// verb's own flags and its arguments are read from the embedded context.
type Call struct {
	*cli.Context
	Config   config.Config
	JSON     bool // the result is printed as JSON
	Wide     bool // its text has everything
	Log      *slog.Logger
	Progress *Progress
	Stdin    io.Reader
	Stdout   io.Writer // for verbs that write a file format there instead of returning a result

	frame frame
}

// frame is what all commands of one run share.
type frame struct {
	groups         []Group
	args           []string // as typed, program name first
	stdin          io.Reader
	stdout, stderr io.Writer
	progress       *Progress
}

// Group is the verbs of one purpose, listed together by the help of the root.
type Group struct {
	Title string
	Verbs []Verb
}

// verbs is the verbs of all groups.
func (f frame) verbs() []Verb {
	var all []Verb
	for _, g := range f.groups {
		all = append(all, g.Verbs...)
	}
	return all
}

// Find is the verb that a command line runs, flags in front of its name passed over, for whoever holds what a run did
// against what the verb declares.
func Find(groups []Group, line []string) (v Verb) {
	verbs := frame{groups: groups}.verbs()
	for _, word := range line {
		if v.Name == "" && strings.HasPrefix(word, "-") {
			continue
		}
		i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == word })
		if i < 0 {
			return v
		}
		v, verbs = verbs[i], verbs[i].Verbs
	}
	return v
}

// command turns a verb into a command of the library, the verbs below it too.
func (f frame) command(v Verb, parent string) *cli.Command {
	name := parent + " " + v.Name
	c := &cli.Command{
		Name:            v.Name,
		Usage:           v.Short,
		ArgsUsage:       v.Args,
		Flags:           append(v.AllFlags(), GlobalFlags()...),
		HideHelp:        true,
		HideHelpCommand: true,
		BashComplete:    f.complete,
		OnUsageError:    onUsageError,
	}
	for _, sub := range v.Verbs {
		c.Subcommands = append(c.Subcommands, f.command(sub, name))
	}
	c.Before = func(cc *cli.Context) error { return f.before(cc, v) }
	c.Action = func(cc *cli.Context) error {
		if v.Run != nil {
			return f.action(cc, v)
		}
		if err := v.help(f.stderr, name); err != nil {
			return err
		}
		return usage.Errorf("", "%s needs one of its commands", name)
	}
	return c
}

// AllFlags are the verb's own, without those that every command has.
func (v Verb) AllFlags() []cli.Flag {
	flags := slices.Clone(v.Flags)
	for _, name := range v.Keys {
		flags = append(flags, config.KeyByName(name).AsFlag())
	}
	return flags
}

// before refuses what the library would let pass in silence.
func (f frame) before(c *cli.Context, v Verb) error {
	if c.Bool("help") {
		return firstOf(v.help(f.stdout, c.Command.HelpName), errShown)
	}
	if c.Command.Command(c.Args().First()) != nil {
		return f.checkGroupFlags(c)
	}
	if v.Run == nil && c.Args().Present() {
		return unknownCommand(c)
	}
	if err := f.checkFlagsFirst(c); err != nil {
		if last := c.Args().Slice()[c.NArg()-1]; last == "--help" || last == "-h" {
			return firstOf(v.help(f.stdout, c.Command.HelpName), errShown)
		}
		return err
	}
	return checkArgs(c, v)
}

// checkFlagsFirst refuses a flag that stands behind an argument: parsing ended
// at the argument, so the flag would have no effect. What follows a -- right
// after the flags is taken as it is.
func (f frame) checkFlagsFirst(c *cli.Context) error {
	args := c.Args().Slice()
	if before := len(f.args) - len(args) - 1; before > 0 && f.args[before] == "--" {
		return nil
	}
	for _, arg := range args {
		if len(arg) > 1 && arg[0] == '-' {
			return usage.Errorf("put flags first: "+c.Command.HelpName+" "+arg+" ...",
				"flag %s comes after an argument and would be ignored", arg)
		}
	}
	return nil
}

// checkGroupFlags refuses flags typed in front of a sub-command that only the
// command above it has.
func (f frame) checkGroupFlags(c *cli.Context) error {
	sub := c.Command.HelpName + " " + c.Args().First()
	for _, name := range c.LocalFlagNames() {
		if !slices.ContainsFunc(GlobalFlags(), func(g cli.Flag) bool { return slices.Contains(g.Names(), name) }) {
			return usage.Errorf("put the flags of "+sub+" behind its name", "flag --%s in front of %s has no effect", name, sub)
		}
	}
	return nil
}

// checkArgs holds the arguments against v.Args.
func checkArgs(c *cli.Context, v Verb) error {
	least, most := arity(v.Args)
	hint := "usage: " + strings.TrimSpace(c.Command.HelpName+" "+v.Args)
	switch n := c.NArg(); {
	case n < least:
		return usage.Errorf(hint, "%s is missing", strings.Fields(v.Args)[n])
	case most == 0 && n > 0 && len(v.Verbs) > 0:
		return unknownCommand(c)
	case most >= 0 && n > most:
		return usage.Errorf(hint, "unexpected argument %q", c.Args().Get(most))
	}
	return nil
}

// arity reads how many arguments a usage line allows; most is -1 for any number.
func arity(usage string) (least, most int) {
	for _, word := range strings.Fields(usage) {
		if !strings.HasPrefix(word, "[") {
			least++
		}
		most++
		if strings.Contains(word, "...") {
			return least, -1
		}
	}
	return least, most
}

// action runs a verb between the configuration and the printer.
func (f frame) action(cc *cli.Context, v Verb) error {
	c := &Call{Context: cc, JSON: globalBool(cc, "json"), Wide: globalBool(cc, "wide"), Progress: f.progress, Stdin: f.stdin, Stdout: f.stdout, frame: f}
	log, err := NewLog(f.progress, globalString(cc, "log-level"))
	if err != nil {
		return err
	}
	c.Log = log
	// Libraries print what they could not clean up; stderr is ours.
	slog.SetDefault(log)
	slog.SetLogLoggerLevel(slog.LevelDebug)
	if !v.NoConfig {
		if c.Config, err = config.Load(globalString(cc, "config"), os.Environ(), config.FlagSettings(cc, v.Keys)); err != nil {
			return err
		}
		if c.Config, err = c.Config.For(strings.TrimPrefix(cc.Command.HelpName, cc.App.HelpName+" ")); err != nil {
			return err
		}
		config.LimitRights(c.Config)
	}
	result, err := v.Run(cc.Context, c)
	f.progress.Clear()
	if printed := PrintResult(cc.Context, f.stdout, result, Form{JSON: c.JSON, Wide: c.Wide, Rows: rowsAsked(cc), Tell: v.Text, Err: err}); printed != nil && err == nil {
		return notPrinted(printed)
	}
	return err
}

// Result is what a verb returns of a step whose result means nothing when it failed.
func Result[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// HandOn are the global flags with which a child process of this program has the same configuration and the same log.
func (c *Call) HandOn() (args []string) {
	for _, name := range []string{"config", "log-level"} {
		if value := globalString(c.Context, name); value != "" {
			args = append(args, "--"+name, value)
		}
	}
	return args
}

// Typed tells whether the flag of a configuration key was typed.
func (c *Call) Typed(key string) bool { return c.IsSet(config.KeyByName(key).FlagName()) }

// NeedFlags refuses a run without flags that have no default.
func (c *Call) NeedFlags(names ...string) error {
	for _, name := range names {
		if !c.IsSet(name) {
			return usage.Errorf("see "+c.Command.HelpName+" --help", "flag --%s is missing", name)
		}
	}
	return nil
}

// Duration reads the text of a flag that takes a duration as the configuration does, 7d included. No text is 0.
func Duration(name, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, ok := config.ParseDuration(text)
	if !ok {
		return 0, usage.Errorf("", "--%s is %q; allowed: a duration such as 15s, 1h30m or 7d", name, text)
	}
	return d, nil
}

// typedAt is the command of the line that a global flag was typed at, the last
// one if it was typed twice, or nil.
func typedAt(c *cli.Context, name string) *cli.Context {
	for _, at := range c.Lineage() {
		if at.Command != nil && slices.Contains(at.LocalFlagNames(), name) {
			return at
		}
	}
	return nil
}

func globalString(c *cli.Context, name string) string {
	if at := typedAt(c, name); at != nil {
		return at.String(name)
	}
	return ""
}

func globalBool(c *cli.Context, name string) bool {
	at := typedAt(c, name)
	return at != nil && at.Bool(name)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsAsked is how many rows --limit asks for, 0 where nobody does and less than 0 for all.
func rowsAsked(cc *cli.Context) int {
	if !cc.IsSet("limit") {
		return 0
	}
	return cmp.Or(cc.Int("limit"), -1)
}
