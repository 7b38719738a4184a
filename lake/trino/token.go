package trino

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// token is a part of a text as Trino takes it apart. Comments and space between are none.
type token struct {
	kind     kind
	text     string // of a word as it is written, of a quoted name what it means, of a sign the sign; "" for others
	at, next int    // where it starts in the text, and what follows it
}

type kind int

const (
	word   kind = iota // a name or a keyword
	quoted             // a name in quotes
	sign               // one byte
	value              // a number or a string
)

// is tells whether a token is a keyword, given in capitals, or a sign.
func (t token) is(text string) bool {
	return t.kind == word && strings.EqualFold(t.text, text) || t.kind == sign && t.text == text
}

// name tells whether it can be a name.
func (t token) name() bool { return t.kind == word || t.kind == quoted }

var (
	errNotUTF8 = errors.New("the text is not UTF-8")
	errOpen    = errors.New("a comment or a quote has no end")
	errDollar  = errors.New("a $ stands outside of quotes")
)

// tokens takes a text apart. Letters are ASCII letters: Trino takes no others outside of quotes.
func tokens(text string) (all []token, err error) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, errNotUTF8
	}
	for at := 0; at < len(text); {
		next := at + space(text[at:])
		if next > at {
			at = next
			continue
		}
		if closed, is := comment(text[at:]); is {
			if closed < 0 {
				return nil, errOpen
			}
			at += closed
			continue
		}
		t, err := one(text, at)
		if err != nil {
			return nil, err
		}
		all, at = append(all, t), t.next
	}
	return all, nil
}

func space(text string) int { return len(text) - len(strings.TrimLeft(text, " \t\r\n")) }

// comment is the length of the comment that a text starts with, -1 where it has no end.
func comment(text string) (length int, is bool) {
	switch {
	case strings.HasPrefix(text, "--"):
		if end := strings.IndexAny(text, "\r\n"); end >= 0 {
			return end, true
		}
		return len(text), true
	case strings.HasPrefix(text, "/*"):
		if end := strings.Index(text[2:], "*/"); end >= 0 {
			return end + 4, true
		}
		return -1, true
	}
	return 0, false
}

// one is the token at a place.
func one(text string, at int) (token, error) {
	c := text[at]
	switch {
	case c == '\'' || c == '"' || c == '`':
		return quotation(text, at)
	case letter(c) || digit(c):
		next := at + 1
		for next < len(text) && (letter(text[next]) || digit(text[next])) {
			next++
		}
		if strings.Trim(text[at:next], "0123456789_") != "" {
			return token{word, text[at:next], at, next}, nil
		}
		if next < len(text) && text[next] == '.' {
			next = digits(text, next+1)
		}
		return token{value, "", at, next}, nil
	case c == '$': // two of them are a quote in some versions
		return token{}, errDollar
	case c == '.' && at+1 < len(text) && digit(text[at+1]):
		return token{value, "", at, digits(text, at+1)}, nil
	}
	return token{sign, text[at : at+1], at, at + 1}, nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

func digits(text string, at int) int {
	for at < len(text) && (digit(text[at]) || text[at] == '_') {
		at++
	}
	return at
}

// quotation is the string or the quoted name at a place; a quote in it stands twice.
func quotation(text string, at int) (token, error) {
	quote := text[at : at+1]
	for next := at + 1; ; next += 2 {
		end := strings.Index(text[next:], quote)
		if end < 0 {
			return token{}, errOpen
		}
		next += end
		if strings.HasPrefix(text[next+1:], quote) {
			continue
		}
		if quote == "'" {
			return token{value, "", at, next + 1}, nil
		}
		return token{quoted, strings.ReplaceAll(text[at+1:next], quote+quote, quote), at, next + 1}, nil
	}
}
