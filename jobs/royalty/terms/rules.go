package terms

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Rule decides whether listens qualify. Rules are an ordered list, and the first that matches a listen
// decides. Empty selectors match everything.
type Rule struct {
	ID            string `json:"id" col:"id"`
	TrackID       string `json:"track_id,omitempty" col:"track_id"`
	ArtistID      string `json:"artist_id,omitempty" col:"artist_id"`
	Country       string `json:"country,omitempty" col:"country"`
	Tier          string `json:"tier,omitempty" col:"tier"`
	Device        string `json:"device,omitempty" col:"device"`
	EffectiveFrom string `json:"effective_from,omitempty" col:"effective_from"` // UTC date, inclusive
	EffectiveTo   string `json:"effective_to,omitempty" col:"effective_to"`     // UTC date, exclusive
	Counts        bool   `json:"count" col:"counts"`
	MinMsPlayed   int64  `json:"min_ms_played" col:"min_ms_played"`
	// MinFractionE4 is the part of track_ms that also qualifies, in ten-thousandths; 0 = none.
	MinFractionE4 int64 `json:"min_fraction_e4,omitempty" col:"min_fraction_e4"`
}

// DefaultRules hold while no rules were applied: 30,000 ms.
func DefaultRules() []Rule { return []Rule{{ID: "default", Counts: true, MinMsPlayed: 30_000}} }

// ParseRules reads a rules file. The whole file is refused for any mistake, with its line.
func ParseRules(r io.Reader) ([]Rule, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	nodes, err := ruleNodes(jsonAsYAML(text))
	if err != nil {
		return nil, refused("rules", err)
	}
	rules := make([]Rule, len(nodes))
	var earlier coverage
	ids := map[string]bool{}
	for i, node := range nodes {
		if rules[i], err = parseRule(node); err != nil {
			return nil, refused("rules", fmt.Errorf("line %d: %w", node.Line, err))
		}
		if ids[rules[i].ID] || earlier.covers(rules[i]) {
			return nil, refused("rules", fmt.Errorf("line %d: %w", node.Line, checkAgainstEarlier(rules[:i], rules[i])))
		}
		ids[rules[i].ID] = true
		earlier.add(rules[i])
	}
	columns := []string{"id", "track_id", "artist_id", "tier", "device"}
	named := func(r *Rule) []string { return []string{r.ID, r.TrackID, r.ArtistID, r.Tier, r.Device} }
	if err := lookalikes(rules, columns, named, func(i int) int { return nodes[i].Line }); err != nil {
		return nil, refused("rules", err)
	}
	return rules, nil
}

const wantedShape = "a rules file is a mapping with the key rules and a list of rules"

// ruleNodes finds the list of rules in the text of a file.
func ruleNodes(text []byte) ([]*yaml.Node, error) {
	var file yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the rules; a file holds one document")
	}
	none := errors.New("no rules in the file")
	if len(file.Content) == 0 || file.Content[0].Tag == "!!null" { // an empty file has no rules
		return nil, none
	}
	top := file.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: %s, and this is %s", top.Line, wantedShape, shape(top))
	}
	var list *yaml.Node
	for i := 0; i < len(top.Content); i += 2 {
		switch key := top.Content[i]; {
		case key.Value != "rules":
			return nil, fmt.Errorf("line %d: unknown key %q; %s", key.Line, key.Value, wantedShape)
		case list != nil:
			return nil, fmt.Errorf("line %d: key rules is given twice", key.Line)
		default:
			list = top.Content[i+1]
		}
	}
	if list != nil && list.Kind == yaml.AliasNode {
		list = list.Alias
	}
	if list == nil || list.Tag == "!!null" {
		return nil, none
	}
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: rules: want a list, and this is %s", list.Line, shape(list))
	}
	if len(list.Content) == 0 {
		return nil, none
	}
	return list.Content, nil
}

func shape(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a mapping"
	default:
		return "a single value"
	}
}

func checkAgainstEarlier(earlier []Rule, rule Rule) error {
	for _, e := range earlier {
		if e.ID == rule.ID {
			return fmt.Errorf("rule id %q is used twice", rule.ID)
		}
		if e.covers(rule) {
			return fmt.Errorf("no listen reaches rule %q: it is for %s, and rule %q before it decides %s", rule.ID, rule.reach(), e.ID, e.reach())
		}
	}
	return nil
}

func parseRule(node *yaml.Node) (Rule, error) {
	if node.Kind != yaml.MappingNode {
		return Rule{}, errors.New("a rule is a mapping like {id: default, min_ms_played: 30000}")
	}
	r := Rule{Counts: true}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i].Value, node.Content[i+1]
		if seen[key] {
			return r, fmt.Errorf("key %s is given twice", key)
		}
		seen[key] = true
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			return r, fmt.Errorf("%s: want a single value", key)
		}
		if err := r.set(key, value.Value); err != nil {
			return r, fmt.Errorf("%s: %w", key, err)
		}
	}
	switch {
	case r.ID == "":
		return r, errors.New("id is missing")
	case r.Counts && !seen["min_ms_played"]:
		return r, fmt.Errorf("rule %q: min_ms_played is missing (or say count: false)", r.ID)
	case !r.Counts && (seen["min_ms_played"] || seen["min_fraction"]):
		return r, fmt.Errorf("rule %q: count: false leaves no use for a threshold", r.ID)
	}
	if err := dates("effective", r.EffectiveFrom, r.EffectiveTo); err != nil {
		return r, fmt.Errorf("rule %q: %w", r.ID, err)
	}
	return r, nil
}

func (r *Rule) set(key, value string) (err error) {
	switch key {
	case "id":
		r.ID, err = name(value)
	case "track_id":
		r.TrackID, err = name(value)
	case "artist_id":
		r.ArtistID, err = name(value)
	case "tier":
		r.Tier, err = name(value)
	case "device":
		r.Device, err = name(value)
	case "country":
		r.Country, err = country(value)
	case "effective_from":
		r.EffectiveFrom, err = date(value)
	case "effective_to":
		r.EffectiveTo, err = date(value)
	case "count":
		r.Counts, err = strconv.ParseBool(value)
		if err != nil {
			err = fmt.Errorf("%q is neither true nor false", value)
		}
	case "min_ms_played":
		r.MinMsPlayed, err = milliseconds(value)
	case "min_fraction":
		r.MinFractionE4, err = fraction(value)
	default:
		err = errors.New("unknown key; known are id, track_id, artist_id, country, tier, device, effective_from, effective_to, min_ms_played, min_fraction, count")
	}
	return err
}

const dayMs = 86_400_000

func milliseconds(value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n > dayMs {
		return 0, fmt.Errorf("%q is not a whole number of milliseconds from 0 to %d", value, dayMs)
	}
	return n, nil
}

// fraction reads a decimal of at most four places exactly, as ten-thousandths.
func fraction(value string) (int64, error) {
	whole, places, _ := strings.Cut(value, ".")
	n, err := strconv.ParseInt(whole+(places + "0000")[:4], 10, 64)
	if err != nil || len(places) > 4 || strings.HasPrefix(value, "+") || n <= 0 || n > 10_000 {
		return 0, fmt.Errorf("%q is not a decimal above 0 and up to 1 with four places at most", value)
	}
	return n, nil
}
