package verbs

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/config"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

// TestEveryVerbTeaches holds the declarations of all verbs to what help and the
// frame rely on.
func TestEveryVerbTeaches(t *testing.T) {
	var check func(above string, v frame.Verb)
	check = func(above string, v frame.Verb) {
		path := strings.TrimSpace(above + " " + v.Name)
		if !strings.HasSuffix(v.Short, ".") || strings.Contains(v.Short, "\n") {
			t.Errorf("%s: Short is not one sentence: %q", path, v.Short)
		}
		if !slices.ContainsFunc(v.Examples, func(e string) bool { return strings.Contains(e, "lakectl") && strings.Contains(e, path) }) {
			t.Errorf("%s: no example shows it", path)
		}
		if v.Run == nil && len(v.Verbs) == 0 {
			t.Errorf("%s: neither runs nor holds commands", path)
		}
		for _, code := range v.Exits {
			if code <= frame.ExitUsage || code >= len(frame.ExitMeanings) {
				t.Errorf("%s: exit code %d is not one of those to list", path, code)
			}
		}
		checkFlags(t, path, v)
		for _, sub := range v.Verbs {
			check(path, sub)
		}
	}
	for _, g := range Groups() {
		for _, v := range g.Verbs {
			check("", v)
		}
	}
}

func checkFlags(t *testing.T, path string, v frame.Verb) {
	seen := map[string]bool{}
	for _, fl := range append(v.AllFlags(), frame.GlobalFlags()...) {
		for _, name := range fl.Names() {
			if name == "" {
				t.Errorf("%s: one of the keys %v has no flag", path, v.Keys)
			}
			if seen[name] {
				t.Errorf("%s: flag %s twice", path, name)
			}
			seen[name] = true
		}
		if r, ok := fl.(cli.RequiredFlag); ok && r.IsRequired() {
			t.Errorf("%s: flag %s is Required, which prints help on stdout; use needFlags", path, fl.Names()[0])
		}
		d, ok := fl.(cli.DocGenerationFlag)
		if !ok || d.GetUsage() == "" {
			t.Errorf("%s: flag %s has no usage", path, fl.Names()[0])
		} else if len(d.GetEnvVars()) > 0 {
			t.Errorf("%s: flag %s has variables of its own; put it into the table of keys", path, fl.Names()[0])
		}
	}
}

// A verb that Trino computes for can be told otherwise by a flag, and no other has that flag.
func TestEveryVerbSaysWhatTheEngineMeansToIt(t *testing.T) {
	uses := config.Uses()
	var check func(above string, v frame.Verb)
	check = func(above string, v frame.Verb) {
		path := strings.TrimSpace(above + " " + v.Name)
		use, decided := uses[path]
		if reads := v.Run != nil && !v.NoConfig; reads != decided {
			t.Errorf("%s: reads the configuration: %t, has a row in the table of engines: %t", path, reads, decided)
		}
		byTrino := use == config.ByTrino || use == config.WhereAsked
		if flag := slices.Contains(v.Keys, "engine"); flag != byTrino {
			t.Errorf("%s: has --engine: %t, is computed by Trino: %t", path, flag, byTrino)
		}
		delete(uses, path)
		for _, sub := range v.Verbs {
			check(path, sub)
		}
	}
	for _, g := range Groups() {
		for _, v := range g.Verbs {
			check("", v)
		}
	}
	for path := range uses {
		t.Errorf("there is no verb %s", path)
	}
}
