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
	ID            string `json:"id"`
	TrackID       string `json:"track_id,omitempty"`
	ArtistID      string `json:"artist_id,omitempty"`
	Country       string `json:"country,omitempty"`
	Tier          string `json:"tier,omitempty"`
	Device        string `json:"device,omitempty"`
	EffectiveFrom string `json:"effective_from,omitempty"` // UTC date, inclusive
	EffectiveTo   string `json:"effective_to,omitempty"`   // UTC date, exclusive
	Counts        bool   `json:"count"`
	MinMsPlayed   int64  `json:"min_ms_played"`
	// MinFractionE4 is the part of track_ms that also qualifies, in ten-thousandths; 0 = none.
	MinFractionE4 int64 `json:"min_fraction_e4,omitempty"`
}

// DefaultRules hold while no rules were applied: 30,000 ms.
func DefaultRules() []Rule { return []Rule{{ID: "default", Counts: true, MinMsPlayed: 30_000}} }

// ParseRules reads a rules file. The whole file is refused for any mistake, with its line.
func ParseRules(r io.Reader) ([]Rule, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var file struct {
		Rules []yaml.Node `yaml:"rules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) { // an empty file has no rules
		return nil, refused("rules", errors.New(strings.ReplaceAll(err.Error(), "\n", " ")))
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, refused("rules", errors.New("something follows the rules; a file holds one document"))
	}
	if len(file.Rules) == 0 {
		return nil, refused("rules", errors.New("no rules in the file"))
	}
	rules := make([]Rule, len(file.Rules))
	for i := range file.Rules {
		if rules[i], err = parseRule(&file.Rules[i]); err != nil {
			return nil, refused("rules", fmt.Errorf("line %d: %w", file.Rules[i].Line, err))
		}
		if err := checkAgainstEarlier(rules[:i], rules[i]); err != nil {
			return nil, refused("rules", fmt.Errorf("line %d: %w", file.Rules[i].Line, err))
		}
	}
	return rules, nil
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
