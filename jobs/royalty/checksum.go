package royalty

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// LinesReport sums the lines of one period.
type LinesReport struct {
	Lines            int64  `json:"lines" col:"lines"`
	Listens          int64  `json:"listens" col:"listens"`
	QualifiedListens int64  `json:"qualified_listens" col:"qualified_listens"`
	Checksum         string `json:"checksum" col:"checksum"`
}

// lineSum is what the statement royalty/line_sums gives: the sums of a period, and the places its lines lie at.
type lineSum struct {
	Period           string `col:"period"`
	Lines            int64  `col:"lines"`
	Listens          int64  `col:"listens"`
	QualifiedListens int64  `col:"qualified_listens"`
	From             int64  `col:"place"`
	To               int64  `col:"place_after"`
}

// summarize sums the table lines. Periods without lines are reported too: their checksum is that of no lines.
func summarize(ctx context.Context, db *jobs.Session, periods []string) (map[string]LinesReport, error) {
	none := sha256.Sum256(nil)
	reports := map[string]LinesReport{}
	for _, p := range periods {
		reports[p] = LinesReport{Checksum: hex.EncodeToString(none[:])}
	}
	if err := db.Run(ctx, "royalty/line_rows"); err != nil {
		return nil, err
	}
	sums, err := jobs.Records[lineSum](ctx, db, "royalty/line_sums")
	if err != nil {
		return nil, fmt.Errorf("sums of lines: %w", err)
	}
	for _, s := range sums {
		sum, err := checksum(ctx, db, s.From, s.To, s.Lines)
		if err != nil {
			return nil, fmt.Errorf("checksum of lines of %s: %w", s.Period, err)
		}
		reports[s.Period] = LinesReport{Lines: s.Lines, Listens: s.Listens, QualifiedListens: s.QualifiedListens, Checksum: sum}
	}
	return reports, nil
}

// Lines of one block, and blocks of one statement: DuckDB hands out rows to its threads by 122,880, and two
// threads make two blocks at once. A block is some 10 MB of text.
const (
	blockLines   = 122_880
	blocksAtOnce = 4
)

// checksum is the SHA-256 over lines from one place to another. DuckDB makes the text of the next lines while
// that of the last ones is summed.
func checksum(ctx context.Context, db *jobs.Session, from, to, lines int64) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	blocks, made := make(chan string, blocksAtOnce), make(chan error, 1)
	go func() {
		defer close(blocks)
		made <- lake.Safely(func() error { return lineBlocks(ctx, db, from, to, blocks) })()
	}()
	s := orderedSum{hash: sha256.New()}
	var err error
	for block := range blocks {
		if err == nil {
			if err = s.add([]byte(block)); err != nil {
				cancel()
			}
		}
	}
	cancel()
	if err = errors.Join(err, <-made); err != nil {
		return "", err
	}
	if s.lines != lines {
		return "", fmt.Errorf("%d lines where there are %d", s.lines, lines)
	}
	return hex.EncodeToString(s.hash.Sum(nil)), nil
}

func lineBlocks(ctx context.Context, db *jobs.Session, from, to int64, blocks chan<- string) error {
	for at := from; at < to; {
		// Up to the end of a row group of DuckDB, so that no two statements read the same one.
		next := min((at/blockLines+blocksAtOnce)*blockLines, to)
		var block string
		err := db.Each(ctx, "royalty/line_blocks", []any{at, next, int64(blockLines)}, []any{&block}, func() error {
			select {
			case blocks <- block:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// orderedSum is a SHA-256 over lines that holds them to the order of the specification: that a table keeps the
// order in which it was filled is nothing DuckDB promises.
type orderedSum struct {
	hash  hash.Hash
	last  []byte
	lines int64
}

func (s *orderedSum) add(block []byte) error {
	s.hash.Write(block)
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n')
		if end < 0 {
			return errors.New("a line has no end")
		}
		line := block[:end]
		if s.lines > 0 && !before(s.last, line) {
			return errors.New("lines are out of order")
		}
		s.last, block = line, block[end+1:]
		s.lines++
	}
	return nil
}

// before tells whether line a comes before line b: bytewise by value, so what ends a value sorts below all bytes.
func before(a, b []byte) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] == 0x1F || b[i] != 0x1F && a[i] < b[i]
		}
	}
	return false
}
