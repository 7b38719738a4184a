package trino_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/lake/trino"
)

func TestValuesAreCutIntoTextsWithoutLosingARow(t *testing.T) {
	at := time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.FixedZone("", 3600))
	all := [][]any{{"it's ☃", nil, true, int64(-7), at}, {"b", at, false, int64(0), nil}, {"c", nil, true, int64(1), nil}}
	rows := []string{
		"('it''s ☃', NULL, true, -7, TIMESTAMP '2026-02-28 22:59:59.999999 UTC')",
		"('b', TIMESTAMP '2026-02-28 22:59:59.999999 UTC', false, 0, NULL)", "('c', NULL, true, 1, NULL)",
	}
	two := "VALUES " + rows[0] + ", " + rows[1]
	for limit, want := range map[int][]string{
		1:            {"VALUES " + rows[0], "VALUES " + rows[1], "VALUES " + rows[2]},
		len(two) - 1: {"VALUES " + rows[0], "VALUES " + rows[1] + ", " + rows[2]},
		len(two):     {two, "VALUES " + rows[2]},
		1 << 20:      {two + ", " + rows[2]},
	} {
		queries, err := trino.Values(all, limit)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range queries {
			got = append(got, q.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes: %s", limit, diff)
		}
	}
	if queries, err := trino.Values(nil, 100); err != nil || len(queries) != 0 {
		t.Errorf("of no rows: %v, %v", queries, err)
	}
	if _, err := trino.Values([][]any{{0.5}}, 100); err == nil {
		t.Error("a float was taken")
	}
}
