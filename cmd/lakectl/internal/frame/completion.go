package frame

import (
	"context"
	"embed"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
)

//go:embed completion
var completionScripts embed.FS

var shells = []string{"bash", "zsh", "fish"}

// CompletionVerb prints the script of a shell that asks [Run] for what can follow.
func CompletionVerb() Verb {
	return Verb{
		Name:  "completion",
		Args:  "bash|zsh|fish",
		Short: "Print the script that completes lakectl commands in a shell.",
		Long:  "The script asks lakectl itself, so it stays right when lakectl is replaced.",
		Examples: []string{
			"source <(lakectl completion bash)",
			"lakectl completion fish | source",
		},
		NoConfig: true,
		Run:      runCompletion,
	}
}

func runCompletion(_ context.Context, c *Call) (any, error) {
	shell := c.Args().First()
	if !slices.Contains(shells, shell) {
		return nil, usage.Errorf("", "shell is %q; allowed: %s", shell, strings.Join(shells, ", "))
	}
	script, err := completionScripts.ReadFile("completion/lakectl." + shell)
	if err != nil {
		return nil, err
	}
	_, err = c.Stdout.Write(script)
	return nil, err
}

// complete lists what can follow the words typed so far: commands and flags, or
// nothing where a flag waits for its value, which leaves file names to the shell.
func (f frame) complete(c *cli.Context) {
	if len(f.args) < 2 {
		return
	}
	last := f.args[len(f.args)-2] // behind it stands the flag that asks for completion
	for _, fl := range c.Command.Flags {
		d, ok := fl.(cli.DocGenerationFlag)
		if ok && d.TakesValue() && strings.HasPrefix(last, "-") && slices.Contains(fl.Names(), strings.TrimLeft(last, "-")) {
			return
		}
	}
	var words []string
	for _, sub := range c.Command.Subcommands {
		words = append(words, sub.Name)
	}
	for _, fl := range c.Command.Flags {
		words = append(words, usage.Dashes(fl.Names()[0]))
	}
	switch c.Command.Name {
	case "completion":
		words = append(words, shells...)
	case "help":
		for _, v := range f.verbs() {
			words = append(words, v.Name)
		}
	}
	io.WriteString(f.stdout, strings.Join(words, "\n")+"\n") //nolint:errcheck // the shell just shows less
}
