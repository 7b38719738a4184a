package listen

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// oracle is the contract again, slowly: built on encoding/json and regular expressions, sharing no code with the
// decoder. It answers in the words of cases.txt, as describe does.
type oracle struct {
	keys   []string
	tokens map[string]string // raw values by unescaped key
	twice  map[string]bool
	read   map[string]string // the answer
	bad    string            // the first invalid field
	inLog  bool              // the record's stamp is the log's
}

type oraclePair struct{ key, value string }

var (
	errDeep  = errors.New("deep")
	pattern  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	unitForm = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|.)`)
	timeForm = regexp.MustCompile(`^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$`)
	codeForm = regexp.MustCompile(`^[A-Z]{2}$`)
	intForm  = regexp.MustCompile(`^-?[0-9]+$`)
)

// oraclePairs are the members of one object as encoding/json sees them, keys unescaped and values raw.
func oraclePairs(raw []byte) (pairs []oraclePair, err error) {
	if !json.Valid(raw) {
		return nil, errors.New("not JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, _ := dec.Token(); open != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	if oracleDepth(raw) > 300 {
		return nil, errDeep
	}
	for dec.More() {
		key, _ := dec.Token()
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		pairs = append(pairs, oraclePair{key.(string), string(value)})
	}
	return pairs, nil
}

func oracleDepth(raw []byte) (deepest int) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	depth := 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		deepest = max(deepest, depth)
	}
}

// paired tells whether every surrogate that is escaped in a JSON text has its other half right behind it.
func paired(text string) bool {
	for _, s := range pattern.FindAllString(text, -1) {
		half, end := rune(0), -1
		for _, m := range unitForm.FindAllStringSubmatchIndex(s, -1) {
			unit := rune(0)
			if m[2] >= 0 {
				n, _ := strconv.ParseUint(s[m[2]:m[3]], 16, 32)
				unit = rune(n)
			}
			switch {
			case half != 0 && m[0] == end && utf16.DecodeRune(half, unit) != utf8.RuneError:
				half = 0
				continue
			case half != 0 || unit >= 0xdc00 && unit <= 0xdfff:
				return false
			case utf16.IsSurrogate(unit):
				half, end = unit, m[1]
			}
		}
		if half != 0 {
			return false
		}
	}
	return true
}

// answer is the outcome for one record; detail is the field that the outcome is about, or "".
func (o *oracle) answer(raw []byte, recordTime int64, clock Clock) (kind, detail string, read map[string]string) {
	o.tokens, o.twice, o.read, o.bad, o.keys = map[string]string{}, map[string]bool{}, map[string]string{}, "", nil
	pairs, err := oraclePairs(raw)
	for _, p := range pairs {
		if _, again := o.tokens[p.key]; again {
			o.twice[p.key] = true
			continue
		}
		o.tokens[p.key] = p.value
		o.keys = append(o.keys, p.key)
	}
	stamp := ""
	if clock != NoClock {
		stamp = oracleStamp(recordTime)
	}
	o.inLog = clock == LogClock
	o.salvage(stamp)
	if err != nil || !utf8.Valid(raw) || !paired(string(raw)) || len(o.twice) > 0 {
		return "malformed_json", "", o.read
	}
	switch name, _ := o.str("type"); name {
	case "listen":
		return o.listen(pairs, stamp)
	case "deletion":
		return o.deletion(stamp)
	}
	return "unknown_type", "", o.read
}

func (o *oracle) salvage(stamp string) {
	readable := func(key string) (string, bool) {
		token := o.tokens[key]
		s, ok := o.str(key)
		return s, ok && !o.twice[key] && utf8.ValidString(token) && paired(token)
	}
	o.read = map[string]string{"user_id": "-", "event_time": "-", "received_time": dash(stamp)}
	if s, ok := readable("user_id"); ok && s != "" {
		o.read["user_id"] = s
	}
	for _, key := range []string{"event_time", "received_time"} {
		if s, ok := readable(key); ok {
			if at, ok := oracleTime(s); ok {
				o.read[key] = oracleStamp(at)
			}
		}
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func oracleStamp(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano) }

func (o *oracle) str(key string) (string, bool) {
	var v any
	if json.Unmarshal([]byte(o.tokens[key]), &v) != nil {
		return "", false
	}
	s, ok := v.(string)
	return s, ok
}

func oracleTime(s string) (micros int64, ok bool) {
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	n := make([]int, len(m))
	for i := range m {
		n[i], _ = strconv.Atoi(m[i])
	}
	at := time.Date(n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], 0, time.UTC)
	if at.Format("2006-01-02 15:04:05") != strings.Join(m[1:4], "-")+" "+strings.Join(m[4:7], ":") || n[9] > 23 || n[10] > 59 {
		return 0, false
	}
	fraction, _ := strconv.Atoi((m[7] + "000000")[:6])
	offset := time.Duration(n[9])*time.Hour + time.Duration(n[10])*time.Minute
	if m[8] == "-" {
		offset = -offset
	}
	at = at.Add(-offset)
	return at.UnixMicro() + int64(fraction), at.Year() >= 1 && at.Year() <= 9999
}

func (o *oracle) absent(key string) bool {
	token := o.tokens[key]
	return token == "" || token == "null" || token == `""`
}

func (o *oracle) null(key string) bool { return o.tokens[key] == "" || o.tokens[key] == "null" }

func (o *oracle) fail(key string) {
	if o.bad == "" {
		o.bad = key
	}
}

func (o *oracle) missing(stamp string, keys ...string) string {
	for _, key := range keys {
		if o.absent(key) && (key != "received_time" || stamp == "") {
			return key
		}
	}
	return ""
}

func (o *oracle) text(key, otherwise string) string {
	if o.absent(key) {
		return otherwise
	}
	s, ok := o.str(key)
	if !ok || len(s) > 256 || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		o.fail(key)
	}
	return s
}

func (o *oracle) time(key string) int64 {
	at, ok := oracleTime(o.text(key, ""))
	if !ok {
		o.fail(key)
	}
	return at
}

func (o *oracle) received(stamp string) int64 {
	if o.absent("received_time") {
		at, _ := time.Parse(time.RFC3339Nano, stamp)
		return at.UnixMicro()
	}
	received := o.time("received_time")
	if o.inLog {
		latest, _ := time.Parse(time.RFC3339Nano, stamp)
		if time.UnixMicro(received).After(latest.Add(60 * time.Minute)) {
			o.fail("received_time")
		}
	}
	return received
}

func (o *oracle) int(key string, least int64) string {
	if o.null(key) {
		return "0"
	}
	n, err := strconv.ParseInt(o.tokens[key], 10, 64)
	if !intForm.MatchString(o.tokens[key]) || err != nil || n < least || n > 24*60*60*1000 {
		o.fail(key)
	}
	return strconv.FormatInt(n, 10)
}

func (o *oracle) listen(pairs []oraclePair, stamp string) (kind, detail string, read map[string]string) {
	required := []string{"listen_id", "user_id", "track_id", "artist_id", "device", "event_time", "ms_played", "received_time"}
	if key := o.missing(stamp, required...); key != "" {
		return "missing_field", key, o.read
	}
	out := map[string]string{}
	for _, key := range required[:5] {
		out[key] = o.text(key, "")
	}
	event := o.time("event_time")
	out["ms_played"] = o.int("ms_played", 0)
	received := o.received(stamp)
	out["event_time"], out["received_time"] = oracleStamp(event), oracleStamp(received)
	out["track_ms"] = o.int("track_ms", 1)
	out["country"] = strings.ToUpper(o.text("country", "zz"))
	if !codeForm.MatchString(out["country"]) || len(o.text("country", "zz")) != 2 {
		o.fail("country")
	}
	out["tier"], out["client"] = o.text("tier", "unknown"), o.text("client", "-")
	out["offline"] = "-"
	if !o.null("offline") {
		if out["offline"] = o.tokens["offline"]; out["offline"] != "true" && out["offline"] != "false" {
			o.fail("offline")
		}
	}
	switch {
	case o.bad != "":
		return "invalid_field", o.bad, o.read
	case event > received+3_600_000_000:
		return "event_time_in_future", "event_time", o.read
	case event < received-365*24*3_600_000_000:
		return "event_time_too_old", "event_time", o.read
	}
	out["extra"] = oracleExtra(pairs, append(required, "type", "track_ms", "country", "tier", "client", "offline"))
	return "listen", "", out
}

// oracleExtra joins the unknown members with keys unescaped, by a separator that no JSON text contains outside of
// strings.
func oracleExtra(pairs []oraclePair, known []string) string {
	var b strings.Builder
	for _, p := range pairs {
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+p.key+" ") || p.key == "" || strings.Contains(p.key, " ") {
			b.WriteString(strconv.Quote(p.key) + "\x00" + p.value + "\x00")
		}
	}
	return dash(b.String())
}

func (o *oracle) deletion(stamp string) (kind, detail string, read map[string]string) {
	if key := o.missing(stamp, "request_id", "user_id", "requested_at", "received_time"); key != "" {
		return "missing_field", key, o.read
	}
	out := map[string]string{"request_id": o.text("request_id", ""), "user_id": o.text("user_id", "")}
	out["requested_at"] = oracleStamp(o.time("requested_at"))
	received := o.received(stamp)
	out["received_time"] = oracleStamp(received)
	out["reason"] = o.text("reason", "-")
	from, end := int64(math.MinInt64), received
	out["from"], out["to"] = "-", "-"
	if !o.null("from") {
		from = o.time("from")
		out["from"] = oracleStamp(from)
	}
	if !o.null("to") {
		to := o.time("to")
		out["to"] = oracleStamp(to)
		end = min(to, received)
	}
	if from >= end {
		o.fail("from")
	}
	if o.bad != "" {
		return "invalid_field", o.bad, o.read
	}
	return "deletion", "", out
}
