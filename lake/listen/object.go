package listen

import (
	"bytes"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

const (
	// maxDepth is how many objects and arrays may stand inside each other, the outermost included. The scan enforces it
	// because fastjson's validator recurses as deep as it is led.
	maxDepth = 300

	// keepMembers is how much room for members is kept for the next record; one that needed more gives it back.
	keepMembers = 1024

	// fewNames is up to how many unknown keys are compared pair by pair; above that, one hostile record would cost
	// seconds.
	fewNames = 16
)

// What can be wrong with a record's JSON, as a refusal's detail.
const (
	faultNotObject = "not a JSON object"
	faultGrammar   = "not valid JSON"
	faultDepth     = "nested deeper than 300 levels"
	faultUTF8      = "not valid UTF-8"
	faultSurrogate = "unpaired surrogate in a string"
	faultTwice     = "a key appears twice"
)

// member is one key with its value. Both are slices of the record, escapes untouched; the value with its quotes, the
// key without.
type member struct {
	field      field
	key, value []byte
}

// object is the top level of one record.
type object struct {
	members []member
	at      [fieldCount]int // index of the field's first member, plus 1
	twice   [fieldCount]bool
	names   [][]byte // the unknown keys, unescaped
}

// parse splits raw into its members and returns what is wrong with it, if anything. Where the structure holds and only
// the text in it is at fault, the members are there nevertheless.
func (o *object) parse(raw []byte) (fault string) {
	o.reset()
	unpaired, fault := o.split(raw)
	if fault == "" && fastjson.ValidateBytes(raw) != nil {
		fault = faultGrammar
	}
	if fault != "" {
		o.reset()
		return fault
	}
	switch {
	case !utf8.Valid(raw):
		return faultUTF8
	case unpaired:
		return faultSurrogate
	}
	return o.repetition()
}

func (o *object) reset() {
	if cap(o.members) > keepMembers {
		o.members, o.names = nil, nil
	}
	*o = object{members: o.members[:0], names: o.names[:0]}
}

// split is the scan: it finds the members of what it takes for one object, and refuses what fastjson would accept or be
// slow to refuse. It is a single function, longer than most, because its state is a depth and a position that every
// branch moves.
func (o *object) split(raw []byte) (unpaired bool, fault string) {
	if b := trim(raw); len(b) == 0 || b[0] != '{' {
		return false, faultNotObject
	}
	var key []byte // of the member at hand, nil between members
	depth, start := 0, 0
	for i := 0; i < len(raw); {
		width := 1
		switch c := raw[i]; c {
		case '"':
			n, lone := scanString(raw[i:])
			if n == 0 {
				return false, faultGrammar
			}
			if depth == 1 && key == nil {
				key = raw[i+1 : i+n-1]
			}
			unpaired = unpaired || lone
			width = n
		case ':':
			if depth == 1 {
				start = i + 1
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return false, faultDepth
			}
		case ',', '}', ']':
			if depth == 1 && key != nil {
				o.add(key, trim(raw[start:i]))
				key = nil
			}
			if c != ',' {
				depth--
			}
		default:
			if width = scanPlain(raw[i:]); width == 0 {
				return false, faultGrammar
			}
		}
		i += width
	}
	return unpaired, ""
}

func (o *object) add(key, value []byte) {
	name := key
	if bytes.IndexByte(key, '\\') >= 0 {
		name, _ = appendUnescaped(nil, key)
	}
	f := fieldOf(name)
	o.members = append(o.members, member{f, key, value})
	switch {
	case f == unknown:
		o.names = append(o.names, name)
	case o.at[f] == 0:
		o.at[f] = len(o.members)
	default:
		o.twice[f] = true
	}
}

// value is the field's token, nil if the field is absent.
func (o *object) value(f field) []byte {
	if o.at[f] == 0 {
		return nil
	}
	return o.members[o.at[f]-1].value
}

func (o *object) repetition() (fault string) {
	for f := range fieldCount {
		if o.twice[f] {
			return faultTwice + ": " + f.String()
		}
	}
	if len(o.names) <= fewNames {
		for i, name := range o.names {
			for _, other := range o.names[:i] {
				if bytes.Equal(name, other) {
					return faultTwice
				}
			}
		}
		return ""
	}
	seen := make(map[string]struct{}, len(o.names))
	for _, name := range o.names {
		seen[string(name)] = struct{}{}
	}
	if len(seen) < len(o.names) {
		return faultTwice
	}
	return ""
}

// trim drops JSON's white space, which is less than what Unicode or the standard library count as such.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
