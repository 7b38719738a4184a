package certificate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is a Merkle tree over lines, as RFC 6962 says.
type tree struct {
	hashes []tlog.Hash // as tlog stores them
	lines  int64
}

func treeOf(lines []string) (*tree, error) {
	t := &tree{}
	for _, line := range lines {
		more, err := tlog.StoredHashes(t.lines, []byte(line), t)
		if err != nil {
			return nil, fmt.Errorf("hash line %d: %w", t.lines, err)
		}
		t.hashes = append(t.hashes, more...)
		t.lines++
	}
	return t, nil
}

// ReadHashes gives stored hashes to tlog.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		list[i] = t.hashes[at]
	}
	return list, nil
}

// root is the root over the first lines.
func (t *tree) root(lines int64) (Hash, error) {
	h, err := tlog.TreeHash(lines, t)
	return Hash(h), err
}

// Tally stands for a list: how many, and the Merkle root over them, sorted bytewise, each once.
type Tally struct {
	Count int64 `json:"count"`
	Root  Hash  `json:"root"`
}

// TallyOf is the tally of a list in any order.
func TallyOf(list []string) (Tally, error) {
	t, err := treeOf(slices.Compact(slices.Sorted(slices.Values(list))))
	if err != nil {
		return Tally{}, err
	}
	root, err := t.root(t.lines)
	return Tally{Count: t.lines, Root: root}, err
}

// rootOfNothing is the root over no line.
var rootOfNothing = Hash(sha256.Sum256(nil))

func (t Tally) check() error {
	if t.Count < 0 || (t.Count == 0) != (t.Root == rootOfNothing) {
		return errors.New("a count and its root do not fit")
	}
	return nil
}
