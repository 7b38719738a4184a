package ledger

import (
	"fmt"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
)

// freshCopies are 300 copies of 24 listens. Every seventh copy is like another one to the last column.
const freshCopies = `CREATE TABLE fresh AS
	SELECT 'l' || (i * i % 90) AS listen_id, TIMESTAMPTZ '2026-03-31 00:00:00+00' + INTERVAL (i * 31 % 7) HOUR AS received_time,
		TIMESTAMPTZ '2026-03-30 22:00:00+00' + INTERVAL (i % 3) HOUR AS event_time, (20_000 + i % 2 * 20_000)::INTEGER AS ms_played,
		't' || (i % 5) AS track_id, 'a' || (i % 4) AS artist_id, 'u' || (i % 3) AS user_id, ['DE', 'BR'][1 + i % 2] AS country,
		['free', 'paid'][1 + i % 2] AS tier, 'phone' AS device, CASE WHEN i % 2 = 0 THEN 180_000 END::INTEGER AS track_ms
	FROM (SELECT CASE WHEN i % 7 = 0 THEN i // 2 ELSE i END AS i FROM range(300) r(i))`

// inOrder are the copies that count by the order that package royalty publishes, without slices or hashes.
const inOrder = `CREATE VIEW in_order AS
	SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier FROM fresh
	QUALIFY row_number() OVER (PARTITION BY listen_id
		ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) = 1`

const unlike = `SELECT (SELECT count(*) FROM winners), (SELECT count(*) FROM in_order), count(*)
	FROM ((FROM winners EXCEPT ALL FROM in_order) UNION ALL (FROM in_order EXCEPT ALL FROM winners))`

func TestNeitherSlicesNorCollisionsOfIDsChangeTheWinners(t *testing.T) {
	l := laketest.New(t)
	for name, macro := range map[string]string{
		"DuckDB's hash": "SELECT 1",
		"few hashes":    "CREATE MACRO hash(x) AS (ascii(right(x, 1)) % 3)::UBIGINT",
		"one hash":      "CREATE MACRO hash(x) AS 7::UBIGINT",
	} {
		for _, slices := range []int64{1, 2, 8} {
			t.Run(fmt.Sprint(name, " in ", slices), func(t *testing.T) {
				t.Parallel()
				db := l.DB(t)
				for _, text := range []string{macro, freshCopies, inOrder} {
					if err := db.ExecText(t.Context(), text); err != nil {
						t.Fatal(err)
					}
				}
				s := jobs.NewSession(db, nil)
				if err := contestIn(t.Context(), s, slices); err != nil {
					t.Fatal(err)
				}
				if err := rankIn(t.Context(), s, slices, rankArchive); err != nil {
					t.Fatal(err)
				}
				if err := s.Run(t.Context(), "ledger/winners"); err != nil {
					t.Fatal(err)
				}
				var got, want, differ int64
				if err := db.OneText(t.Context(), unlike, nil, []any{&got, &want, &differ}); err != nil {
					t.Fatal(err)
				}
				if got != want || want < 20 || differ > 0 {
					t.Errorf("%d winners, %d in order, %d differ", got, want, differ)
				}
			})
		}
	}
}
