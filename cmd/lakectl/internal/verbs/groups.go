package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
)

// Groups is every verb of lakectl in the order in which help lists them: the order a new user needs them in.
func Groups() []frame.Group {
	return []frame.Group{
		{Title: "Start", Verbs: []frame.Verb{demoVerb(), initVerb(), configVerb(), frame.CompletionVerb(), frame.VersionVerb(), frame.HelpVerb()}},
		{Title: "Run", Verbs: []frame.Verb{runVerb(), ingestVerb(), jobVerb(), periodVerb(), quarantineVerb()}},
		{Title: "Read", Verbs: []frame.Verb{sqlVerb(), snapshotsVerb(), royaltiesVerb(), deletionsVerb(), certificateVerb(), tokenVerb(), serveVerb()}},
		{Title: "Inputs of royalties", Verbs: []frame.Verb{rulesVerb(), poolsVerb(), splitsVerb(), tracksVerb()}},
		{Title: "Tools", Verbs: []frame.Verb{tagVerb(), catalogVerb(), planVerb(), benchVerb()}},
	}
}
