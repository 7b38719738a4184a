package certificate

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Log is every certificate and every key of a lake, in order. How it is kept is the caller's affair: as the one text
// that [Log.Text] makes, or its lines as rows.
type Log struct {
	Lines      []string
	Checkpoint string // signed note over Lines
}

const (
	logHead         = "lakectl erasure log 1"
	firstKeyWord    = "first-key "
	nextKeyWord     = "next-key "
	certificateWord = "certificate "
	rotationHead    = "lakectl erasure log: the next key\n"
)

// NewLog begins a log under its first key.
func NewLog(k Key) (Log, error) { return Log{}.with(firstKeyWord+k.public, k) }

// ParseLog reads what [Log.Text] wrote, and refuses a log that is not whole.
func ParseLog(text []byte) (Log, error) {
	l, _, err := parseLog(text)
	return l, err
}

func parseLog(text []byte) (Log, reading, error) {
	head, checkpoint, _ := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != logHead {
		return Log{}, reading{}, altered("log: the first line is not %q", logHead)
	}
	l := Log{Lines: lines[1:], Checkpoint: checkpoint}
	r, err := l.read()
	return l, r, err
}

// Text is the log as it is handed out.
func (l Log) Text() []byte {
	return []byte(logHead + "\n" + strings.Join(l.Lines, "\n") + "\n\n" + l.Checkpoint)
}

// Issue signs the certificate of a batch and enters it. The file is the certificate; it is issued once the log is kept.
func (l Log) Issue(k Key, b Batch) (file []byte, after Log, err error) {
	r, err := l.readFor(k)
	if err != nil {
		return nil, l, err
	}
	c := Certificate{Schema: Schema, Batch: b.normal(), Log: Place{Key: k.public, Index: r.tree.lines}}
	if c.Log.Root, err = r.tree.root(r.tree.lines); err != nil {
		return nil, l, err
	}
	if file, err = c.sign(k); err != nil {
		return nil, l, err
	}
	after, err = l.with(entry(file), k)
	return file, after, err
}

// Rotate enters the next key, signed by the one that is in force.
func (l Log) Rotate(k, next Key) (Log, error) {
	r, err := l.readFor(k)
	if err != nil {
		return l, err
	}
	if next.signer.Name() != k.signer.Name() || r.inForce(next.public) {
		return l, fmt.Errorf("key %s cannot follow %s", next, k)
	}
	signed, err := k.sign([]byte(rotation(k.public, next.public)))
	if err != nil {
		return l, err
	}
	at := strings.LastIndexByte(strings.TrimSpace(string(signed)), ' ')
	return l.with(nextKeyWord+next.public+" "+strings.TrimSpace(string(signed[at:])), next)
}

// rotation is what the old key signs.
func rotation(old, next string) string { return rotationHead + old + "\n" + next + "\n" }

// with is the log with one more line and a checkpoint by a key.
func (l Log) with(line string, k Key) (Log, error) {
	after := Log{Lines: append(slices.Clip(slices.Clone(l.Lines)), line)}
	t, err := treeOf(after.Lines)
	if err != nil {
		return l, err
	}
	text, err := checkpoint(k.signer.Name(), t)
	if err != nil {
		return l, err
	}
	signed, err := k.sign([]byte(text))
	after.Checkpoint = string(signed)
	return after, err
}

// checkpoint is what is signed of a tree, as c2sp.org/tlog-checkpoint has it.
func checkpoint(name string, t *tree) (string, error) {
	root, err := t.root(t.lines)
	return name + "\n" + strconv.FormatInt(t.lines, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n", err
}

// reading is a log that is whole.
type reading struct {
	tree *tree
	keys []inForce
}

// inForce is a key of a log and the line from which it signs.
type inForce struct {
	public string
	from   int64
}

func (r reading) inForce(public string) bool {
	return slices.ContainsFunc(r.keys, func(k inForce) bool { return k.public == public })
}

// at is the key that signs the certificate of a line.
func (r reading) at(line int64) string {
	key := ""
	for _, k := range r.keys {
		if k.from <= line {
			key = k.public
		}
	}
	return key
}

func (r reading) newest() string { return r.keys[len(r.keys)-1].public }

// readFor is read for who is about to sign.
func (l Log) readFor(k Key) (reading, error) {
	r, err := l.read()
	if err == nil && r.newest() != k.public {
		err = fmt.Errorf("the log goes on with key %s, not with %s", r.newest(), k)
	}
	return r, err
}

// PublicKey is the newest key of a log that is whole.
func (l Log) PublicKey() (string, error) {
	r, err := l.read()
	if err != nil {
		return "", err
	}
	return r.newest(), nil
}

// read checks every line and the checkpoint.
func (l Log) read() (reading, error) {
	var r reading
	seen := map[string]bool{}
	for i, line := range l.Lines {
		if seen[line] {
			return r, altered("log: line %d is there twice", i)
		}
		seen[line] = true
		if err := r.readLine(int64(i), line); err != nil {
			return r, fmt.Errorf("log: line %d: %w", i, err)
		}
	}
	if len(r.keys) == 0 {
		return r, altered("log: it has no line")
	}
	signed, err := openNote([]byte(l.Checkpoint), r.newest())
	if err != nil {
		return r, fmt.Errorf("log: checkpoint: %w", err)
	}
	if r.tree, err = treeOf(l.Lines); err != nil {
		return r, err
	}
	name, _, _ := strings.Cut(r.newest(), "+")
	want, err := checkpoint(name, r.tree)
	if err == nil && signed != want {
		err = altered("log: its %d lines are not those of the checkpoint: one was dropped, added, changed or moved", len(l.Lines))
	}
	return r, err
}

// readLine checks one line by itself and notes its key.
func (r *reading) readLine(i int64, line string) error {
	if (i == 0) != strings.HasPrefix(line, firstKeyWord) {
		return altered("the first key stands in the first line, and there alone")
	}
	if hash, is := strings.CutPrefix(line, certificateWord); is {
		var h Hash
		if err := h.UnmarshalText([]byte(hash)); err != nil || h.String() != hash {
			return altered("no certificate's hash")
		}
		return nil
	}
	if i == 0 {
		key := strings.TrimPrefix(line, firstKeyWord)
		if checkKey(key) != nil {
			return altered("no key")
		}
		r.keys = append(r.keys, inForce{key, i})
		return nil
	}
	return r.readRotation(i, line)
}

func (r *reading) readRotation(i int64, line string) error {
	next, signature, _ := strings.Cut(strings.TrimPrefix(line, nextKeyWord), " ")
	if !strings.HasPrefix(line, nextKeyWord) || checkKey(next) != nil || r.inForce(next) {
		return altered("neither a certificate nor a next key")
	}
	old := r.newest()
	name, _, _ := strings.Cut(old, "+")
	if newName, _, _ := strings.Cut(next, "+"); newName != name {
		return altered("the next key is of another log")
	}
	if _, err := openNote([]byte(rotation(old, next)+"\n— "+name+" "+signature+"\n"), old); err != nil {
		return altered("the next key is not signed by the one before")
	}
	r.keys = append(r.keys, inForce{next, i + 1})
	return nil
}
