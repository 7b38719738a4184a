package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// tiesAtOnce bounds memory: the contents of so many ids are told apart at once, and the least of a column, up to 256
// bytes of text, is held for each.
const tiesAtOnce = 100_000

// recount makes the table lines from the cut.
func (a *audit) recount(ctx context.Context) error {
	a.env.Progress("reproduce: counting the archive")
	if err := a.db.One(ctx, "audit/copies_now", a.run.span(), []any{&a.result.RowsNow}); err != nil {
		return fmt.Errorf("count copies: %w", err)
	}
	if err := a.pick(ctx, tiesAtOnce); err != nil {
		return fmt.Errorf("pick what counts: %w", err)
	}
	a.env.Progress("reproduce: judging by the rules")
	if err := a.judge(ctx); err != nil {
		return err
	}
	return a.db.Run(ctx, "audit/lines")
}

// pick makes the table counted: one copy of each listen, if it lies in the period. atOnce bounds how many ids are
// compared at once.
func (a *audit) pick(ctx context.Context, atOnce int64) error {
	span := a.run.span()
	if err := a.db.Run(ctx, "audit/heard", span...); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/earliest"); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/ties"); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/counted_sole", span...); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/counted_earliest", span...); err != nil {
		return err
	}
	ties, err := a.db.Count(ctx, "ties")
	if err != nil {
		return err
	}
	for from := int64(0); from < ties; from += atOnce {
		if err := a.db.Run(ctx, "audit/contenders", from, from+atOnce); err != nil {
			return err
		}
		if err := a.db.Run(ctx, "audit/eliminate"); err != nil {
			return err
		}
		if err := a.db.Run(ctx, "audit/counted_contenders", span...); err != nil {
			return err
		}
	}
	return nil
}

// judge makes the relations ruling, facets and kinds: the rules of the run, and which of them decides about what.
func (a *audit) judge(ctx context.Context) error {
	rules, err := a.env.Snapshot(ctx, catalog.RoyaltyRules)
	if err != nil {
		return err
	}
	if err := a.db.Bind(ctx, "rules", rules); err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/ruling", a.run.rules); err != nil {
		return err
	}
	n, err := a.db.Count(ctx, "ruling")
	if err != nil {
		return err
	}
	switch {
	case a.run.rules == 0:
		err = a.db.Run(ctx, "audit/ruling_default")
	case n == 0:
		err = lake.WithHint(fmt.Errorf("version %d of the rules, by which run %s judged, is not in royalty_rules: %w", a.run.rules, a.run.id, jobs.ErrInputsErased),
			"list the snapshots of the table with 'lakectl snapshots royalty_rules' and see which commit took it out")
	}
	if err != nil {
		return err
	}
	if err := a.db.Run(ctx, "audit/facets"); err != nil {
		return err
	}
	return a.db.Run(ctx, "audit/kinds")
}

// checksum is SHA-256 over the lines of a relation, sorted bytewise by key: the seven values joined by 0x1F, each line
// ended by a newline.
func (a *audit) checksum(ctx context.Context, relation string) (string, error) {
	if err := a.db.Alias(ctx, "summed", relation); err != nil {
		return "", err
	}
	sum := sha256.New()
	type record struct {
		Artist    string `col:"artist_id"`
		Track     string `col:"track_id"`
		Country   string `col:"country"`
		Tier      string `col:"tier"`
		Listens   int64  `col:"listens"`
		Qualified int64  `col:"qualified_listens"`
	}
	var line bytes.Buffer
	err := jobs.EachRecord(ctx, a.db, "audit/summed", nil, func(l record) error {
		line.Reset()
		fmt.Fprintf(&line, "%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%d\x1f%d\n", a.run.period, l.Artist, l.Track, l.Country, l.Tier, l.Listens, l.Qualified)
		_, err := line.WriteTo(sum)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("checksum of %s: %w", relation, err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}
