package verbs

import (
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

func rulesVerb() frame.Verb {
	v := versioned[[]terms.Rule, royalty.RuleSet]{
		noun: "rules", store: "apply", stores: "Store a rules file as the new version.", example: "rules.yaml",
		applied: "The newest version decides for all periods, from the next run of royalties on.",
		listed:  "Version 0 is the built-in rule; it holds until rules are applied.",
		parse:   terms.ParseRules,
		asSet:   func(rules []terms.Rule) royalty.RuleSet { return royalty.RuleSet{Rules: rules} },
		compare: royalty.CheckRules,
		apply:   royalty.ApplyRules,
		inForce: royalty.Rules,
		say:     sayRules,
	}
	return frame.Verb{
		Name:  v.noun,
		Short: "Check, apply and list the rules that decide which listens qualify.",
		Long: `Rules are an ordered list; the first that matches a listen decides.

  rules:
    - {id: t9-threshold, track_id: t9, effective_from: 2026-03-15, min_ms_played: 60000}
    - {id: no-tv, device: tv, count: false}
    - {id: default, min_ms_played: 30000, min_fraction: 0.5}

Selectors are track_id, artist_id, country, tier and device. effective_from is inclusive, effective_to exclusive,
both UTC dates of the listen. While no rules were applied, 30,000 ms qualify. Rules may overlap. A rule
is refused if an earlier one already decides every listen that it matches.`,
		Examples: []string{"lakectl rules apply rules.yaml"},
		Verbs:    v.verbs(),
	}
}
