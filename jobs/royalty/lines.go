package royalty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/duck"
	lakesql "github.com/lakectl/lakectl/sql"
)

// LinesReport sums the lines of one period.
type LinesReport struct {
	Lines            int64  `json:"lines"`
	Listens          int64  `json:"listens"`
	QualifiedListens int64  `json:"qualified_listens"`
	Checksum         string `json:"checksum"`
}

// computeLines makes the table lines in DuckDB from a relation of counted listens.
func computeLines(ctx context.Context, db *duck.DB, relation string, rules []terms.Rule, periods []string) error {
	rows := make([][]any, len(periods))
	for i, p := range periods {
		rows[i] = []any{p}
	}
	if err := db.Exec(ctx, "CREATE OR REPLACE TABLE periods (period VARCHAR)"); err != nil {
		return err
	}
	if err := db.Fill(ctx, "periods", rows); err != nil {
		return err
	}
	// The rules become an expression, not a parameter: see expression.
	judged := "CREATE OR REPLACE VIEW judged AS SELECT *, " + terms.Expression(rules) + " AS qualifies FROM " + duck.Ident(relation)
	if err := db.Exec(ctx, judged); err != nil {
		return fmt.Errorf("compile rules: %w", err)
	}
	if err := db.Exec(ctx, lakesql.Text("royalty/lines")); err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	return nil
}

// summarize reads the lines in checksum order. Periods without lines are reported too: their checksum is that
// of no lines.
func summarize(ctx context.Context, db *duck.DB, periods []string) (map[string]LinesReport, error) {
	reports := map[string]*LinesReport{}
	sums := map[string]hash.Hash{}
	for _, p := range periods {
		reports[p], sums[p] = &LinesReport{}, sha256.New()
	}
	var key [5]string // period, artist_id, track_id, country, tier
	var listens, qualified int64
	var row []byte
	dest := []any{&key[0], &key[1], &key[2], &key[3], &key[4], &listens, &qualified}
	err := db.Each(ctx, lakesql.Text("royalty/lines_sorted"), nil, dest, func() error {
		row = row[:0]
		for _, s := range key {
			row = append(append(row, s...), 0x1F)
		}
		row = append(strconv.AppendInt(row, listens, 10), 0x1F)
		row = append(strconv.AppendInt(row, qualified, 10), '\n')
		sums[key[0]].Write(row)
		r := reports[key[0]]
		r.Lines, r.Listens, r.QualifiedListens = r.Lines+1, r.Listens+listens, r.QualifiedListens+qualified
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("checksum of lines: %w", err)
	}
	out := map[string]LinesReport{}
	for p, r := range reports {
		r.Checksum = hex.EncodeToString(sums[p].Sum(nil))
		out[p] = *r
	}
	return out, nil
}

// UndistributedPool is a pool that no qualified listen earned.
type UndistributedPool struct {
	Country     string `json:"country"`
	Tier        string `json:"tier"`
	Currency    string `json:"currency"`
	AmountMinor int64  `json:"amount_minor"`
}

// computePayouts makes the table payouts from lines and checks that every pool is shared out to the unit.
func computePayouts(ctx context.Context, db *duck.DB, pools []terms.Pool, periods []string) (map[string][]UndistributedPool, error) {
	var rows [][]any
	for _, p := range pools {
		if slices.Contains(periods, p.Period) {
			rows = append(rows, []any{p.Period, p.Country, p.Tier, p.Currency, p.AmountMinor})
		}
	}
	if err := db.Exec(ctx, "CREATE TABLE pools (period VARCHAR, country VARCHAR, tier VARCHAR, currency VARCHAR, amount_minor BIGINT)"); err != nil {
		return nil, err
	}
	if err := db.Fill(ctx, "pools", rows); err != nil {
		return nil, err
	}
	if err := db.Exec(ctx, lakesql.Text("royalty/payouts")); err != nil {
		return nil, fmt.Errorf("payouts: %w", err)
	}
	var period, currency, country, tier string
	var amount, parts int64
	err := db.Each(ctx, lakesql.Text("royalty/unbalanced_pools"), nil, []any{&period, &country, &tier, &currency, &amount, &parts}, func() error {
		return fmt.Errorf("pool %s/%s/%s of %d %s was shared out as %d: %w", period, country, tier, amount, currency, parts, jobs.ErrProof)
	})
	if err != nil {
		return nil, err
	}
	left := map[string][]UndistributedPool{}
	err = db.Each(ctx, lakesql.Text("royalty/undistributed"), nil, []any{&period, &country, &tier, &currency, &amount}, func() error {
		left[period] = append(left[period], UndistributedPool{country, tier, currency, amount})
		return nil
	})
	return left, err
}

// replacement is the part of a table partitioned by period that a run replaces.
type replacement struct {
	periods map[string]bool
	remove  []lake.File
	add     []iceberg.DataFile
}

// compareTable finds the periods in which a computed table differs from the published one and prepares their
// replacement as whole partitions. A period that comes out the same keeps its files.
func compareTable(ctx context.Context, db *duck.DB, base lake.Snapshot, computed string, periods []string) (replacement, error) {
	r := replacement{periods: map[string]bool{}}
	files, err := base.Files(ctx)
	if err != nil {
		return r, err
	}
	var candidates []lake.File
	for _, f := range files {
		if period, ok := lake.PartitionValue(f).(string); ok && slices.Contains(periods, period) {
			candidates = append(candidates, f)
		}
	}
	if err := db.BindFiles(ctx, "published_"+computed, base, candidates); err != nil {
		return r, err
	}
	var period string
	err = db.Each(ctx, lakesql.Text("royalty/changed_"+computed), nil, []any{&period}, func() error { r.periods[period] = true; return nil })
	if err != nil || len(r.periods) == 0 {
		return r, err
	}
	for _, f := range candidates {
		if r.periods[lake.PartitionValue(f).(string)] {
			r.remove = append(r.remove, f)
		}
	}
	var rows [][]any
	for p := range r.periods {
		rows = append(rows, []any{p})
	}
	if err := db.Exec(ctx, "CREATE OR REPLACE TABLE replaced (period VARCHAR)"); err != nil {
		return r, err
	}
	if err := db.Fill(ctx, "replaced", rows); err != nil {
		return r, err
	}
	relation := "new_" + computed
	if err := db.Exec(ctx, "CREATE OR REPLACE TEMP VIEW "+duck.Ident(relation)+" AS SELECT * FROM "+duck.Ident(computed)+" SEMI JOIN replaced USING (period)"); err != nil {
		return r, err
	}
	r.add, err = db.Write(ctx, base.Table(), catalog.RoyaltiesJob, relation)
	return r, err
}

// publish commits the replacement; nothing changed, nothing committed.
func (r replacement) publish(ctx context.Context, env jobs.Env, base lake.Snapshot) (lake.Snapshot, error) {
	if len(r.periods) == 0 {
		return base, nil
	}
	return env.Lake.Commit(ctx, base.Table().Name(), lake.Commit{Job: catalog.RoyaltiesJob, Add: r.add, Remove: r.remove, Stage: lake.IfUnmoved(base, nil)})
}
