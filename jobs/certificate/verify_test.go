package certificate

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused fails the test unless verification does, as an alteration.
func refused(t *testing.T, e Evidence, what string, args ...any) {
	t.Helper()
	r, err := Verify(e)
	if !errors.Is(err, ErrAltered) || r.Valid || r.Reason == "" {
		t.Errorf(what+": got valid %v, %q, %v", append(args, r.Valid, r.Reason, err)...)
	}
}

func TestWhatWasIssuedVerifies(t *testing.T) {
	w := begin(t)
	w.issue(t, 1)
	w.rotate(t)
	w.issue(t, 7)
	w.rotate(t)
	for i := range w.files {
		e := w.evidence(t, i)
		r, err := Verify(e)
		if err != nil || !r.Valid || !r.KeyKnown || r.LogLines != 5 || r.Rotations != int64(2-i) || !cmp.Equal(r.Opened, []Request{w.openings[i][0].Request}) {
			t.Errorf("certificate %d with everything: %+v, %v", i, r, err)
		}
		r, err = Verify(Evidence{Certificate: e.Certificate})
		if err != nil || !r.Valid || r.KeyKnown || r.LogLines != 0 || r.Opened != nil {
			t.Errorf("certificate %d alone: %+v, %v", i, r, err)
		}
	}
}

// A request that was sent twice has two openings, and a program prints them as an array.
func TestEachOfSeveralOpeningsMustBeCovered(t *testing.T) {
	w := begin(t)
	w.issue(t, 7)
	text := func(o Opening) []byte { return must[[]byte](t)(o.Text()) }
	for name, write := range map[string]func(list []Opening) []byte{
		"one after the other": func(list []Opening) []byte { return slices.Concat(text(list[0]), text(list[1])) },
		"array":               func(list []Opening) []byte { return must[[]byte](t)(json.Marshal(list)) },
	} {
		e := w.evidence(t, 0)
		list := slices.Clone(w.openings[0][:2])
		e.Opening = write(list)
		r, err := Verify(e)
		if err != nil || !cmp.Equal(r.Opened, []Request{list[0].Request, list[1].Request}) {
			t.Errorf("%s: %+v, %v", name, r.Opened, err)
		}
		list[1].SourceOffset++
		e.Opening = write(list)
		refused(t, e, name)
	}
	e := w.evidence(t, 0)
	e.Opening = []byte("[]")
	refused(t, e, "none")
}

// Every byte of what is handed in counts: each bit of it changed, each byte left out, one put in at each place.
func TestOneAlteredByteAnywhereIsRefused(t *testing.T) {
	w := begin(t)
	w.issue(t, 1)
	w.rotate(t)
	w.issue(t, 5)
	for name, of := range map[string]func(e *Evidence) *[]byte{
		"certificate": func(e *Evidence) *[]byte { return &e.Certificate },
		"log":         func(e *Evidence) *[]byte { return &e.Log },
		"opening":     func(e *Evidence) *[]byte { return &e.Opening },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := w.evidence(t, 1)
			whole := *of(&e)
			try := func(text []byte, what string, at int) {
				*of(&e) = text
				refused(t, e, "%s at byte %d", what, at)
			}
			for i := range whole {
				for bit := range 8 {
					text := slices.Clone(whole)
					text[i] ^= 1 << bit
					try(text, "bit changed", i)
				}
				try(slices.Delete(slices.Clone(whole), i, i+1), "byte left out", i)
				try(slices.Insert(slices.Clone(whole), i, ' '), "space put in", i)
				try(slices.Insert(slices.Clone(whole), i, '\n'), "newline put in", i)
			}
			for _, end := range []string{" ", "\n", "\x00", string(whole)} {
				try(append(slices.Clone(whole), end...), "more put behind it", len(whole))
			}
			try([]byte{}, "nothing left", 0)
		})
	}
}

// The bits of base64 behind the last byte of a signature are read by nobody, so changing one leaves the signature good.
func TestASignatureHasOneSpelling(t *testing.T) {
	w := begin(t)
	e := Evidence{Certificate: w.issue(t, 1)}
	whole := e.Certificate
	for i := len(whole) - 8; i < len(whole); i++ {
		for b := range 256 {
			if text := slices.Clone(whole); text[i] != byte(b) {
				text[i] = byte(b)
				e.Certificate = text
				refused(t, e, "byte %d as %d", i, b)
			}
		}
	}
	signature := whole[strings.LastIndex(string(whole), "—"):]
	e.Certificate = append(slices.Clone(whole), signature...)
	refused(t, e, "the signature twice")
	other := must[Key](t)(NewKey())
	text, _, _ := strings.Cut(string(whole), "\n\n")
	more := must[[]byte](t)(other.sign([]byte(text + "\n")))
	e.Certificate = append(slices.Clone(whole), more[len(text)+2:]...)
	refused(t, e, "a second signature")
}

func TestADroppedDoubledOrReorderedLineOfTheLogIsRefused(t *testing.T) {
	w := begin(t)
	for range 3 {
		w.issue(t, 1)
		w.rotate(t)
		w.issue(t, 1)
	}
	e := w.evidence(t, 5)
	with := func(change func(lines []string) []string, what string, at ...any) {
		l := Log{Lines: change(slices.Clone(w.Lines)), Checkpoint: w.Checkpoint}
		e.Log = l.Text()
		refused(t, e, what, at...)
	}
	for i := range w.Lines {
		with(func(l []string) []string { return slices.Delete(l, i, i+1) }, "line %d dropped", i)
		for j := range w.Lines {
			with(func(l []string) []string { return slices.Insert(l, j, l[i]) }, "line %d doubled at %d", i, j)
			if i < j {
				with(func(l []string) []string { l[i], l[j] = l[j], l[i]; return l }, "lines %d and %d swapped", i, j)
			}
		}
	}
	with(func([]string) []string { return nil }, "no line")
}

// The owner of the key can write another history and sign it. Who holds a certificate notices.
func TestAHistoryWrittenAnewIsNoticedByWhoHoldsACertificate(t *testing.T) {
	w := begin(t)
	for range 3 {
		w.issue(t, 1)
	}
	e := w.evidence(t, 2)
	for name, lines := range map[string][]string{
		"an earlier entry dropped": {w.Lines[0], w.Lines[2], w.Lines[3]},
		"earlier entries swapped":  {w.Lines[0], w.Lines[2], w.Lines[1], w.Lines[3]},
		"an earlier entry changed": {w.Lines[0], certificateWord + strings.Repeat("ab", 32), w.Lines[2], w.Lines[3]},
		"it dropped":               w.Lines[:3],
		"it changed":               {w.Lines[0], w.Lines[1], w.Lines[2], certificateWord + strings.Repeat("ab", 32)},
	} {
		anew := must[Log](t)(Log{Lines: lines[:len(lines)-1]}.with(lines[len(lines)-1], w.key()))
		if _, err := ParseLog(anew.Text()); err != nil {
			t.Errorf("%s: the log is not whole in itself: %v", name, err)
		}
		e.Log = anew.Text()
		refused(t, e, "%s", name)
	}
	after := must[Log](t)(w.with(certificateWord+strings.Repeat("ab", 32), w.key()))
	e.Log = after.Text()
	if _, err := Verify(e); err != nil {
		t.Errorf("a log that went on: %v", err)
	}
}

func TestAKeyThatIsNotOfTheChainIsRefused(t *testing.T) {
	w, other := begin(t), begin(t)
	w.issue(t, 1)
	w.rotate(t)
	w.issue(t, 1)
	e := w.evidence(t, 0)
	for name, key := range map[string]string{"the oldest key": w.keys[0].Public(), "the newest key": w.keys[1].Public()} {
		e.Key = key
		if r, err := Verify(e); err != nil || !r.KeyKnown {
			t.Errorf("%s: %v", name, err)
		}
	}
	e.Key = other.key().Public()
	refused(t, e, "the key of another lake")
	e.Log = other.Text()
	refused(t, e, "the log of another lake")
	e = Evidence{Certificate: w.files[0], Key: w.keys[1].Public()}
	refused(t, e, "a later key without the log")
	for _, key := range []string{"x", w.key().Public() + "\n", w.key().Public()[1:], w.key().Secret()} {
		if _, err := Verify(Evidence{Certificate: w.files[0], Key: key}); !errors.Is(err, ErrKey) {
			t.Errorf("a key that is none: got %v", err)
		}
	}
}

// Whoever stole the old key can sign. After the rotation that is worth nothing.
func TestAnOldKeyIssuesNothingAfterItsRotation(t *testing.T) {
	w := begin(t)
	w.issue(t, 1)
	stolen := *w
	w.rotate(t)
	if _, _, err := w.Issue(stolen.key(), Batch{}); err == nil {
		t.Error("the old key issued")
	}
	if _, err := w.Rotate(stolen.key(), must[Key](t)(stolen.key().Next())); err == nil {
		t.Error("the old key was rotated twice")
	}
	e := w.evidence(t, 0)
	e.Certificate = stolen.issue(t, 1)
	e.Opening = nil
	refused(t, e, "a certificate beside the log")
	anew := must[Log](t)(w.with(entry(e.Certificate), w.key()))
	e.Log = anew.Text()
	refused(t, e, "a certificate by the old key, entered elsewhere")
}

func TestALostKeyEndsItsLogWhichStillVerifies(t *testing.T) {
	lost := begin(t)
	lost.issue(t, 1)
	e := lost.evidence(t, 0)
	anew := begin(t) // nothing of the lost key is needed
	if anew.key().signer.Name() == lost.key().signer.Name() {
		t.Error("the new log has the name of the lost one")
	}
	if _, _, err := lost.Issue(anew.key(), Batch{}); err == nil {
		t.Error("the new key entered something in the old log")
	}
	if _, err := lost.Rotate(lost.key(), anew.key()); err == nil {
		t.Error("a key of another log followed the lost one")
	}
	if r, err := Verify(e); err != nil || !r.KeyKnown {
		t.Errorf("the old certificate under the old public key: %v", err)
	}
	key, err := lost.PublicKey()
	if err != nil || key != e.Key {
		t.Errorf("the old log names %s (%v), want %s", key, err, e.Key)
	}
}
