package verify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

func TestLookPassesACleanLake(t *testing.T) {
	f := purged(t, "purged")
	r, err := Look(t.Context(), f.env(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Requests) != 1 || len(r.Leaks)+len(r.Unread) != 0 || len(r.Canaries) != len(planted)+5 || len(r.Residuals) == 0 {
		t.Errorf("got %+v", r)
	}
	for _, c := range r.Checks {
		if c.Files == 0 || c.Bytes == 0 {
			t.Errorf("nothing was looked at: %+v", c)
		}
	}
}

func TestLookNamesEachPlantedLeak(t *testing.T) {
	for name, plant := range map[string]func(*fixture) (kind, path string, folders []Folder){
		"row that is still there": func(f *fixture) (string, string, []Folder) {
			return "data", f.path(f.listen(gone, "2026-03-15")), nil
		},
		"orphan": func(f *fixture) (string, string, []Folder) {
			files, err := f.table(catalog.Listens).WriteRows(context.Background(), "test", [][]any{row(gone, "2026-03-15")})
			if err != nil {
				f.t.Fatal(err)
			}
			path, err := lake.LocalPath(files[0].FilePath())
			if err != nil {
				f.t.Fatal(err)
			}
			return "data", path, nil
		},
		"quarantine": func(f *fixture) (string, string, []Folder) {
			return "data", f.path(f.commit(catalog.Quarantine, []any{[]byte("?"), "invalid_field", nil, at("2026-03-20"), gone, nil, "listens", 0, 1})), nil
		},
		"quarantine without a user": func(f *fixture) (string, string, []Folder) {
			record := []byte(`{"user_id":"` + gone + `","event_`)
			return "data", f.path(f.commit(catalog.Quarantine, []any{record, "invalid_json", nil, at("2026-03-20"), nil, nil, "listens", 0, 1})), nil
		},
		"unapplied delete": func(f *fixture) (string, string, []Folder) {
			uri := f.table(catalog.Listens).Location() + "/data/erased.parquet"
			f.commit(catalog.ErasedFiles, []any{catalog.Listens, "data/erased.parquet", 1, 1, at("2026-04-02")})
			path := filepath.Join(f.folder(catalog.Listens), "data", "deletes.parquet")
			if err := plantDelete(path, uri); err != nil {
				f.t.Fatal(err)
			}
			return "deletes", path, nil
		},
		"bound of a removed file": func(f *fixture) (string, string, []Folder) {
			path := filepath.Join(f.folder(catalog.Listens), "metadata", "left-m0.avro")
			if err := plantManifest(path, gone); err != nil {
				f.t.Fatal(err)
			}
			return "manifests", path, nil
		},
		"old metadata": func(f *fixture) (string, string, []Folder) {
			path := filepath.Join(f.folder(catalog.Listens), "metadata", "00000-old.metadata.json")
			return "metadata", f.write(path, `{"properties":{"by":"`+gone+`"}}`), nil
		},
		"statistics": func(f *fixture) (string, string, []Folder) {
			path := filepath.Join(f.folder(catalog.Listens), "metadata", "1.puffin")
			if err := plantStatistics(path, gone); err != nil {
				f.t.Fatal(err)
			}
			return "statistics", path, nil
		},
		"temporary file": func(f *fixture) (string, string, []Folder) {
			return "others", f.write(filepath.Join(f.folder(catalog.Listens), "data", ".tmp-1"), "x"+gone), nil
		},
		"staging table": func(f *fixture) (string, string, []Folder) {
			s := f.LeaveStaging(f.t, catalog.Duplicates, []any{"l1", "listener", at("2026-03-06"), at("2026-03-06")})
			return "staging", filepath.Join(f.folder(catalog.Duplicates), s.Folder()), nil
		},
		"spill": func(f *fixture) (string, string, []Folder) {
			dir := f.t.TempDir()
			return "spill", f.write(filepath.Join(dir, "duckdb-1", "block.tmp"), "aa"+gone+"bb"), []Folder{{dir, "spill"}}
		},
		"memory of duplicates": func(f *fixture) (string, string, []Folder) {
			dir := f.t.TempDir()
			return "memory", f.write(filepath.Join(dir, "ids-1.segment"), "\x00"+gone+"\x00"), []Folder{{dir, "memory"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := purged(t, "purged")
			kind, path, folders := plant(f)
			f.names(kind, path, folders...)
		})
	}
}

func TestAStagingTableWithoutListenersIsNoLeak(t *testing.T) {
	f := purged(t, "purged")
	f.LeaveStaging(t, catalog.Sources, []any{"s", int64(1), at("2026-03-06"), int64(0), int64(0)})
	if r, err := Look(t.Context(), f.env(), Options{}); err != nil || len(r.Leaks) != 0 {
		t.Errorf("got %v and %+v, want no leak", err, r.Leaks)
	}
}

func TestLookReadsWhatOnlyATagHolds(t *testing.T) {
	f := purged(t, "purged")
	s := f.listen(gone, "2026-03-15")
	path := f.path(s)
	if err := f.Tag(t.Context(), "kept", s, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	file := f.newest(s)
	_, err := f.Commit(t.Context(), catalog.Listens, lake.Commit{Job: "test", Remove: []lake.File{file}, Stage: lake.IfUnmoved(s, nil)})
	if err != nil {
		t.Fatal(err)
	}
	f.names("data", path)
}

func TestLookRefusesWhatItCannotDecode(t *testing.T) {
	for _, pattern := range []string{"*.parquet", "[0-9a-f]*.avro", "snap-*.avro", "*.metadata.json"} {
		t.Run(pattern, func(t *testing.T) {
			f := purged(t, "purged")
			path := f.one(catalog.Listens, pattern)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, info.Size()-20); err != nil {
				t.Fatal(err)
			}
			r, err := Look(t.Context(), f.env(), Options{})
			if !errors.Is(err, jobs.ErrProof) || len(r.Unread) != 1 || r.Unread[0].File != path {
				t.Errorf("got %v and %+v, want ErrProof that names %s", err, r.Unread, path)
			}
		})
	}
}

func TestLookMissesAFileThatIsReferredTo(t *testing.T) {
	f := purged(t, "purged")
	path := f.path(f.listen("listener", "2026-03-15"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r, err := Look(t.Context(), f.env(), Options{}); !errors.Is(err, jobs.ErrProof) || len(r.Unread) != 1 {
		t.Errorf("got %v and %+v, want ErrProof that names the file", err, r.Unread)
	}
}

func TestLookExpectsTheRowsOfARequestThatIsNotPurged(t *testing.T) {
	f := purged(t, "rows_deleted")
	f.listen(gone, "2026-03-15")
	r, err := Look(t.Context(), f.env(), Options{Request: "r-1"})
	if err != nil || len(r.Leaks) != 1 || !r.Leaks[0].Expected {
		t.Errorf("got %v and %+v, want one leak that is expected", err, r.Leaks)
	}
	if r, err := Look(t.Context(), f.env(), Options{}); err != nil || len(r.Requests) != 0 {
		t.Errorf("got %v and %+v, want nothing looked for", err, r)
	}
}

func TestLookNamesARequestItCannotLookFor(t *testing.T) {
	f := purged(t, "located")
	for id, want := range map[string]error{"r-2": lake.ErrNotFound, "r-1": nil} {
		if _, err := Look(t.Context(), f.env(), Options{Request: id}); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("request %s: got %v, want %v", id, err, want)
		}
	}
	f.commit(catalog.DeletionRequests, []any{"r-3", "s", nil, at("2026-04-01"), at("2026-04-01"), nil, nil, nil, "listens", 0, 3})
	f.commit(catalog.DeletionLog, []any{"r-3", "verified", at("2026-04-03"), "listens", 0, 3})
	if _, err := Look(t.Context(), f.env(), Options{Request: "r-3"}); !errors.Is(err, jobs.ErrInputsErased) {
		t.Errorf("got %v, want ErrInputsErased", err)
	}
}

func TestACanaryThatIsNotFoundIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v1.metadata.json")
	if err := plantText(`{"who": "%s"}`)(path, other); err != nil {
		t.Fatal(err)
	}
	if err := find(t.Context(), path, "metadata", true); !errors.Is(err, jobs.ErrProof) {
		t.Errorf("got %v, want ErrProof", err)
	}
}
