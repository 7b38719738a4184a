package frame

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

// The library's help flag prints through templates, ends in its own exit code
// for arguments it does not know, and cannot show exit codes. Ours is an
// ordinary flag, answered before the verb.
func init() { cli.HelpFlag = nil }

// HelpVerb shows the help of any command.
func HelpVerb() Verb {
	return Verb{
		Name:     "help",
		Args:     "[COMMAND...]",
		Short:    "Show the help of a command.",
		Long:     "The same text as COMMAND --help.",
		Examples: []string{"lakectl help config"},
		NoConfig: true,
		Run:      runHelp,
	}
}

func runHelp(_ context.Context, c *Call) (any, error) {
	if !c.Args().Present() {
		return nil, c.frame.rootHelp(c.Stdout, c.App)
	}
	v, name := Verb{Verbs: c.frame.verbs()}, c.App.HelpName
	for _, word := range c.Args().Slice() {
		at := slices.IndexFunc(v.Verbs, func(sub Verb) bool { return sub.Name == word })
		if at < 0 {
			return nil, usage.Errorf("'lakectl --help' lists the commands", "unknown command %q", strings.Join(c.Args().Slice(), " "))
		}
		v, name = v.Verbs[at], name+" "+word
	}
	return nil, v.help(c.Stdout, name)
}

// help writes what a user needs to run the verb: usage, what it does, an
// example, flags and exit codes.
func (v Verb) help(w io.Writer, name string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\nUsage:\n", v.Short)
	if v.Run != nil {
		fmt.Fprintln(&b, "  "+strings.TrimSpace(name+" [flags] "+v.Args))
	}
	if len(v.Verbs) > 0 {
		fmt.Fprintf(&b, "  %s COMMAND\n", name)
	}
	if v.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(v.Long))
	}
	fmt.Fprintf(&b, "\nExample:\n  %s\n", strings.Join(v.Examples, "\n  "))
	if len(v.Verbs) > 0 {
		fmt.Fprint(&b, "\nCommands:\n")
		writeVerbs(&b, v.Verbs)
	}
	if flags := v.AllFlags(); len(flags) > 0 {
		fmt.Fprint(&b, "\nFlags:\n")
		writeFlags(&b, flags)
	}
	fmt.Fprint(&b, "\nFlags of every command:\n")
	writeFlags(&b, GlobalFlags())
	fmt.Fprint(&b, "\nExit codes:\n")
	writeExits(&b, append([]int{ExitDone, ExitFailed, ExitUsage}, v.Exits...))
	_, err := w.Write(b.Bytes())
	return err
}

// rootHelp is the first thing a new user sees.
func (f frame) rootHelp(w io.Writer, app *cli.App) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "lakectl: %s\n\nUsage:\n  lakectl [--config FILE] [--json] [--wide] COMMAND [flags] [arguments]\n", app.Usage)
	writeGroups(&b, f.groups)
	fmt.Fprint(&b, "\nFlags of every command:\n")
	writeFlags(&b, GlobalFlags())
	fmt.Fprint(&b, "\nConfiguration: defaults, then FILE, then variables LAKEHOUSE_*, then flags; 'lakectl config' shows every key.\n")
	fmt.Fprint(&b, "\nExample:\n  lakectl help config\n\nExit codes:\n")
	writeExits(&b, []int{ExitDone, ExitFailed, ExitUsage, ExitPartial, ExitFenced, ExitProof, ExitGone})
	_, err := w.Write(b.Bytes())
	return err
}

func writeVerbs(b *bytes.Buffer, verbs []Verb) {
	grid{rows: verbRows(verbs, 0)}.write(b)
}

// writeGroups lists the verbs of each group below its title, all of them in the same columns.
func writeGroups(b *bytes.Buffer, groups []Group) {
	widest := 0
	for _, g := range groups {
		for _, v := range g.Verbs {
			widest = max(widest, len(v.Name))
		}
	}
	for _, g := range groups {
		fmt.Fprintf(b, "\n%s:\n", g.Title)
		grid{rows: verbRows(g.Verbs, widest)}.write(b)
	}
}

// verbRows is a line for each verb, its name filled up to a width in letters.
func verbRows(verbs []Verb, width int) [][]Cell {
	var rows [][]Cell
	for _, v := range verbs {
		rows = append(rows, []Cell{{Text: fmt.Sprintf("  %-*s", width, v.Name)}, {Text: v.Short}})
	}
	return rows
}

// writeFlags lists flags with the word in backquotes, or VALUE, for what a flag takes.
func writeFlags(b *bytes.Buffer, flags []cli.Flag) {
	var g grid
	for _, fl := range flags {
		var names []string
		for _, n := range fl.Names() {
			names = append(names, usage.Dashes(n))
		}
		usage, takes := "", ""
		if d, ok := fl.(cli.DocGenerationFlag); ok {
			usage = d.GetUsage()
			if d.TakesValue() {
				takes = " VALUE"
			}
		}
		if before, rest, ok := strings.Cut(usage, "`"); ok {
			word, after, _ := strings.Cut(rest, "`")
			usage, takes = before+word+after, " "+word
		}
		g.rows = append(g.rows, []Cell{{Text: "  " + strings.Join(names, ", ") + takes}, {Text: usage}})
	}
	g.write(b)
}

func writeExits(b *bytes.Buffer, codes []int) {
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		fmt.Fprintf(b, "  %d  %s\n", code, ExitMeanings[code])
	}
}

// beforeRoot answers the flags that stand alone and refuses unknown commands.
func (f frame) beforeRoot(c *cli.Context) error {
	switch name := c.Args().First(); {
	case c.Bool("help"):
		return firstOf(f.rootHelp(f.stdout, c.App), errShown)
	case c.Bool("version"):
		return firstOf(PrintResult(c.Context, f.stdout, ReadVersions(), Form{JSON: c.Bool("json"), Tell: VersionVerb().Text}), errShown)
	case name != "" && c.Command.Command(name) == nil:
		return unknownCommand(c)
	}
	return nil
}

func (f frame) rootAction(c *cli.Context) error {
	if err := f.rootHelp(f.stderr, c.App); err != nil {
		return err
	}
	return usage.Errorf("", "a command is missing")
}

func unknownCommand(c *cli.Context) error {
	var known []string
	for _, sub := range c.Command.Subcommands {
		known = append(known, sub.Name)
	}
	name := c.Args().First()
	return usage.Errorf(usage.DidYouMean(name, known, "'"+c.Command.HelpName+" --help' lists the commands"),
		"unknown command %q", strings.TrimPrefix(c.Command.HelpName+" "+name, c.App.HelpName+" "))
}

var flagInError = regexp.MustCompile(`(^|[ :])-([a-z][a-z0-9-]*)`)

// onUsageError rewords what the flag parser says: it writes flags with one dash
// and names no alternative.
func onUsageError(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var known []string
		for _, fl := range c.Command.Flags {
			for _, n := range fl.Names() {
				known = append(known, usage.Dashes(n))
			}
		}
		name = usage.Dashes(strings.TrimLeft(name, "-"))
		return usage.Errorf(usage.DidYouMean(name, known, "'"+c.Command.HelpName+" --help' lists the flags"), "unknown flag %s", name)
	}
	return usage.Errorf("see "+c.Command.HelpName+" --help", "%s", flagInError.ReplaceAllString(text, "$1--$2"))
}
