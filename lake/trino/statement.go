package trino

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// statement is what a user's text asks of the lake.
type statement struct {
	tables []string // as they are written
	gives  []string // names that the WITH at its start gives, in small letters
}

const oneQuery = "give one SELECT, WITH or VALUES in Trino's dialect over the tables that 'lakectl snapshots' lists"

// parse reads a user's text. It refuses what is not one query, and a query that could reach more than the tables that
// are defined in front of it: names with a catalog, table functions, times of its own. It knows where a query names
// tables, and leaves all else to Trino.
func parse(text string) (statement, error) {
	all, err := tokens(text)
	if err != nil {
		return statement{}, lake.WithHint(err, oneQuery)
	}
	for len(all) > 0 && all[len(all)-1].is(";") {
		all = all[:len(all)-1]
	}
	if len(all) == 0 || !starts(all[0]) {
		return statement{}, lake.WithHint(errors.New("only a query can be run: SELECT, WITH or VALUES"), oneQuery)
	}
	if slices.ContainsFunc(all, func(t token) bool { return t.is(";") }) {
		return statement{}, lake.WithHint(errors.New("more than one statement"), oneQuery)
	}
	w := walk{tokens: all}
	if err := w.level(nil, false, &w.found.gives); err != nil {
		return statement{}, err
	}
	if w.at < len(all) {
		return statement{}, lake.WithHint(errors.New("a closing bracket has no opening one"), oneQuery)
	}
	return w.found, nil
}

// starts tells the tokens that a query starts with.
func starts(t token) bool {
	return t.is("SELECT") || t.is("WITH") || t.is("VALUES") || t.is("TABLE") || t.is("(")
}

// scope are the names that WITH gives at a place of the text.
type scope struct {
	name string
	up   *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.up {
		if s.name == name {
			return true
		}
	}
	return false
}

// walk goes over the tokens of a query.
type walk struct {
	tokens []token
	at     int
	found  statement
}

// peek is a token that comes later, 0 the next one; at the end one that is nothing.
func (w *walk) peek(after int) token {
	if w.at+after < len(w.tokens) {
		return w.tokens[w.at+after]
	}
	return token{kind: value}
}

// here is where in a query the walk is, between two brackets.
type here struct {
	selects  bool // its SELECT was there
	from     bool // it names relations, with commas between
	relation bool // a relation is next
}

// level walks to the closing bracket of where it starts, or to the end. A relation may come first; gives takes the
// names of a WITH.
func (w *walk) level(names *scope, relation bool, gives *[]string) (err error) {
	h := here{from: relation, relation: relation}
	if w.peek(0).is("WITH") {
		w.at++
		if names, err = w.with(names, gives); err != nil {
			return err
		}
	}
	for w.at < len(w.tokens) && !w.peek(0).is(")") && !w.peek(0).is("]") {
		if err := w.step(&h, names); err != nil {
			return err
		}
	}
	return nil
}

// step walks over a token, or over all that is in brackets.
func (w *walk) step(h *here, names *scope) error {
	t := w.peek(0)
	switch {
	case t.is("(") || t.is("["):
		relation := h.relation && t.is("(")
		h.relation = false
		return w.brackets(names, relation, nil)
	case h.relation && t.name() && !starts(t):
		h.relation = false
		return w.relation(names)
	case t.is("TABLE") && w.peek(1).is("("):
		return refused("a table function")
	case t.name() && w.peek(1).is(".") && w.peek(2).name() && w.peek(3).is(".") && w.peek(4).name():
		return lake.WithHint(fmt.Errorf("%s.%s.%s: a name has two parts at most", t.text, w.peek(2).text, w.peek(4).text),
			"name a table alone, a column TABLE.COLUMN, and a part of a column (TABLE.COLUMN).PART")
	case t.name() && w.peek(1).is(".") && w.peek(2).name():
		w.at += 3
		return nil
	case t.kind == word || t.is(","):
		w.keyword(h, t)
	}
	w.at++
	return nil
}

// keyword notes where a query is after a word or a comma.
func (w *walk) keyword(h *here, t token) {
	switch strings.ToUpper(t.text) {
	case "SELECT":
		*h = here{selects: true}
	case "FROM":
		// extract and trim have a FROM of their own, without a SELECT in the same brackets.
		if h.selects && !w.distinctFrom() {
			h.from, h.relation = true, true
		}
	case "JOIN":
		h.from, h.relation = true, true
	case "TABLE":
		h.from, h.relation = false, true
	case ",":
		h.relation = h.from
	case "WHERE", "GROUP", "HAVING", "ORDER", "UNION", "EXCEPT", "INTERSECT", "VALUES":
		h.from, h.relation = false, false
	case "WINDOW":
		if w.peek(1).name() && w.peek(2).is("AS") && w.peek(3).is("(") {
			h.from = false
		}
	}
}

// distinctFrom tells IS DISTINCT FROM.
func (w *walk) distinctFrom() bool { return w.at > 0 && w.tokens[w.at-1].is("DISTINCT") }

// brackets walks over what is in brackets.
func (w *walk) brackets(names *scope, relation bool, gives *[]string) error {
	w.at++
	if err := w.level(names, relation, gives); err != nil {
		return err
	}
	if w.at == len(w.tokens) {
		return lake.WithHint(errors.New("an opening bracket has no closing one"), oneQuery)
	}
	w.at++
	return nil
}

// relation notes a table of the lake; names that WITH gives are none.
func (w *walk) relation(names *scope) error {
	t := w.peek(0)
	w.at++
	switch next := w.peek(0); {
	case next.is("("):
		if t.is("UNNEST") || t.is("LATERAL") || t.is("JSON_TABLE") {
			return nil
		}
		return refused("the table function " + t.text)
	case next.is("."):
		return lake.WithHint(fmt.Errorf("table %s.%s: %w", t.text, w.peek(1).text, lake.ErrNotFound),
			"name tables alone, without catalog and namespace; 'lakectl snapshots' lists them")
	case next.is("FOR"), next.is("@"):
		return lake.WithHint(fmt.Errorf("table %s: a query names no time, version or branch", t.text), "read the past with --as-of")
	}
	if !names.has(strings.ToLower(t.text)) {
		w.found.tables = append(w.found.tables, t.text)
	}
	return nil
}

// with takes the names of a WITH in, one after the other: each sees those before it, and itself if it is recursive.
func (w *walk) with(names *scope, gives *[]string) (*scope, error) {
	recursive := w.peek(0).is("RECURSIVE") && !w.peek(1).is("AS")
	if recursive {
		w.at++
	}
	for {
		name := strings.ToLower(w.peek(0).text)
		if !w.peek(0).name() {
			return nil, lake.WithHint(errors.New("WITH lacks a name"), oneQuery)
		}
		w.at++
		if w.peek(0).is("(") {
			if err := w.brackets(nil, false, nil); err != nil {
				return nil, err
			}
		}
		if !w.peek(0).is("AS") || !w.peek(1).is("(") {
			return nil, lake.WithHint(fmt.Errorf("WITH %s is not followed by AS (query)", name), oneQuery)
		}
		w.at++
		inner := names
		if recursive {
			inner = &scope{name, names}
		}
		if err := w.brackets(inner, false, nil); err != nil {
			return nil, err
		}
		names = &scope{name, names}
		if gives != nil {
			*gives = append(*gives, name)
		}
		if !w.peek(0).is(",") {
			return names, nil
		}
		w.at++
	}
}

func refused(what string) error {
	return lake.WithHint(fmt.Errorf("%s is not allowed: a query reads tables of the lake and nothing else", what), oneQuery)
}
