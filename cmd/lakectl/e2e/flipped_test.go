package e2e

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/verbs"
)

// outcome runs a command line in this process.
func (l *lakeDir) outcome(args ...string) (code int, stdout, stderr string) {
	var out, said bytes.Buffer
	line := append([]string{"lakectl", "--config", filepath.Join(l.dir, "lakehouse.yaml"), "--json"}, args...)
	code = frame.Run(l.t.Context(), verbs.Groups(), line, strings.NewReader(""), &out, &said)
	return code, out.String(), said.String()
}

// dataFiles are the files with rows and deletes of rows, by table.
func (l *lakeDir) dataFiles() map[string][]string {
	files := map[string][]string{}
	err := fs.WalkDir(os.DirFS(filepath.Join(l.dir, "warehouse/music.db")), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".parquet") {
			table, _, _ := strings.Cut(path, "/")
			files[table] = append(files[table], filepath.Join(l.dir, "warehouse/music.db", path))
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return files
}

// flip turns one bit of a file around, and around again.
func flip(t *testing.T, file string, bit int64) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	content[bit/8] ^= 1 << (bit % 8)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// lakeOfEveryTable has rows in every table, a closed month and rows deleted by position.
func lakeOfEveryTable(t *testing.T) *lakeDir {
	l := newLakeDir(t, false)
	write := func(name, text string) string { return l.write(name, text) }
	l.run(nil, "pools", "apply", write("pools.csv", "period,country,tier,currency,amount_minor\n2026-03,*,*,EUR,1000\n"))
	l.run(nil, "rules", "apply", write("rules.yaml", "rules:\n  - {id: default, min_ms_played: 30000}\n"))
	l.run(nil, "splits", "apply", write("splits.csv", "track_id,party,role,basis_points,effective_from,effective_to\nt1,X,master,6000,,\nt1,Y,master,4000,,\n"))
	l.run(nil, "tracks", "load", write("tracks.csv", "track_id,title,artist_name,label_id,label_name,isrc,valid_from,valid_to\nt1,Blue,Ana,l7,Seven,,,\n"))
	l.run(nil, "ingest", "file", write("first.jsonl", strings.ReplaceAll(listensOfMarch, "ID", "a")))
	l.run(nil, "ingest", "file", write("second.jsonl", strings.ReplaceAll(listensOfMarch, "ID", "b")+"{\n"+listenThenDeletion))
	for _, line := range []string{"job rollup", "job royalties", "period close --force 2026-03"} {
		l.run(nil, strings.Fields(line)...)
	}
	l.run(nil, "ingest", "file", write("late.jsonl", strings.ReplaceAll(listensOfMarch, "ID", "c")))
	l.run(nil, "job", "deletions")
	return l
}

const listensOfMarch = `{"type":"listen","listen_id":"ID1","user_id":"ana","track_id":"t1","artist_id":"A","device":"phone","event_time":"2026-03-01T10:00:00Z","received_time":"2026-03-01T10:01:00Z","ms_played":60000,"country":"de","tier":"free"}
{"type":"listen","listen_id":"ID1","user_id":"ana","track_id":"t1","artist_id":"A","device":"phone","event_time":"2026-03-01T10:00:00Z","received_time":"2026-03-01T10:01:01Z","ms_played":60000,"country":"de","tier":"free"}
{"type":"listen","listen_id":"ID2","user_id":"ben","track_id":"t2","artist_id":"B","device":"phone","event_time":"2026-03-01T12:00:00Z","received_time":"2026-03-01T12:01:00Z","ms_played":40000,"track_ms":40000,"country":"de","tier":"free"}
`

// Whatever table holds the damage, a command that reads it ends with 5 or says what it said before. A query of a user
// is held to the deletes alone.
func TestABitFlippedInAnyTableIsNoNumber(t *testing.T) {
	laketest.Long(t, "every command on every table")
	t.Parallel()
	l := lakeOfEveryTable(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	lines := []string{"royalties show 2026-03", "royalties reproduce 2026-03", "job royalties --full", "job rollup --true-up", "royalties export --by party --out " + l.dir + "/out 2026-03"}
	sound := map[string]string{}
	said := func(line string) (int, string, string) {
		defer os.RemoveAll(filepath.Join(l.dir, "out")) //nolint:errcheck // a temporary folder
		return l.outcome(strings.Fields(line)...)
	}
	for _, line := range lines {
		code, out, text := said(line)
		if code != frame.ExitDone {
			t.Fatalf("%s: %d %s", line, code, text)
		}
		sound[line] = out
	}
	for table, files := range l.dataFiles() {
		file := files[random.IntN(len(files))]
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		bit := 32 + random.Int64N(info.Size()*8-64)
		flip(t, file, bit)
		for _, line := range lines {
			if code, out, text := said(line); (code != frame.ExitProof || !strings.Contains(text, file)) && (code != frame.ExitDone || out != sound[line]) {
				t.Errorf("bit %d of %s: %s ended with %d: %s%s", bit, file, line, code, out, text)
			}
		}
		code, _, text := l.outcome("sql", "SELECT * FROM "+table)
		if strings.Contains(filepath.Base(file), "-deletes-") && (code != frame.ExitProof || !strings.Contains(text, file)) {
			t.Errorf("bit %d of %s: sql ended with %d: %s", bit, file, code, text)
		}
		flip(t, file, bit)
	}
}

// With damage everywhere, whatever a command reads first is damaged.
func TestHelpListsProofWhereverDamageEndsACommand(t *testing.T) {
	laketest.Long(t, "every command on a damaged lake")
	t.Parallel()
	l := lakeOfEveryTable(t)
	for _, files := range l.dataFiles() {
		for _, file := range files {
			flip(t, file, 8*24)
		}
	}
	for i, line := range []string{
		"ingest file late.jsonl", "job rollup", "job rollup --true-up", "job royalties", "job deletions", "job maintain", "sql SELECT+user_id+FROM+listens", "snapshots",
		"tag royalty_lines audit", "rules list", "rules apply rules.yaml", "pools list", "pools apply pools.csv", "pools remove 2026-03", "splits list", "splits apply splits.csv",
		"splits remove t1", "tracks list", "tracks load tracks.csv", "royalties show", "royalties diff a b", "royalties explain --artist A --track t1 --period 2026-03", "royalties export --by artist --out out 2026-03",
		"royalties reproduce 2026-03", "period status", "period close 2026-03", "deletions list", "deletions show r1", "quarantine list", "quarantine replay --reason malformed_json",
	} {
		if i%laketest.Stride(5) != 0 {
			continue
		}
		args := strings.Fields(line)
		for i, arg := range args {
			args[i] = strings.ReplaceAll(arg, "+", " ")
			if filepath.Ext(arg) != "" {
				args[i] = filepath.Join(l.dir, arg)
			}
		}
		code, _, text := l.outcome(args...)
		if declared := slices.Contains(frame.Find(verbs.Groups(), args).Exits, frame.ExitProof); declared != (code == frame.ExitProof) {
			t.Errorf("%s ended with %d, help lists 5: %v: %s", line, code, declared, text)
		}
	}
}
