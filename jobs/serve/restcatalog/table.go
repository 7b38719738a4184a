package restcatalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/lake"
)

// mostMetadata bounds the metadata of a table, in bytes.
const mostMetadata = 128 << 20

// history is how much of it an answer names.
type history string

const (
	whole   history = "all"
	refs    history = "refs"    // snapshots that a branch or tag names
	current history = "current" // the newest snapshot of main
)

// historyOf is what a client may see of the history of a table of those that it asks for: where erasures delete rows,
// older snapshots have them until they are purged.
func historyOf(table, asked string) (history, bool) {
	switch h := history(asked); {
	case asked != "" && h != whole && h != refs:
		return "", false
	case len(catalog.PersonalColumns(strings.ToLower(table))) > 0: // some catalogs know a table in any case
		return current, true
	case h == refs:
		return refs, true
	}
	return whole, true
}

// table answers with a table's metadata, or that the client has it.
func (c *reader) table(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	h, ok := historyOf(name, r.URL.Query().Get("snapshots"))
	if !ok {
		access.Refuse(w, r, http.StatusBadRequest, "snapshots is all or refs.")
		return
	}
	file, err := c.env.Lake.MetadataFile(r.Context(), name)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	tag := tagOf(file.URI, h)
	body, err := c.documents.get(r.Context(), tag, func(ctx context.Context) ([]byte, error) { return document(ctx, file, h) })
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body)) // which knows If-None-Match
}

// tagOf is the location of the metadata file, in letters that a tag may have, and how much of the history is named.
func tagOf(uri string, h history) string {
	if h != whole {
		uri += "#" + string(h)
	}
	return `"` + strings.ReplaceAll(url.PathEscape(uri), "%2F", "/") + `"`
}

// document is the answer with a metadata file.
func document(ctx context.Context, file lake.MetadataFile, h history) ([]byte, error) {
	metadata, err := file.Read(ctx, mostMetadata)
	if err == nil && h != whole {
		metadata, err = thinned(metadata, h)
	}
	if err != nil {
		return nil, lake.NameFile(file.URI, err)
	}
	body, err := json.Marshal(struct {
		Location string            `json:"metadata-location"`
		Metadata json.RawMessage   `json:"metadata"`
		Config   map[string]string `json:"config"`
	}{file.URI, metadata, map[string]string{}})
	if err != nil {
		return nil, lake.NameFile(file.URI, err)
	}
	return body, nil
}

// thinned is metadata without the snapshots that are not named, and without what else would name them. Whatever it does
// not know stays as it is written.
func thinned(metadata []byte, h history) ([]byte, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(metadata, &m); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	var now *int64 // null and -1 are none
	if err := decode(m["current-snapshot-id"], &now); err != nil {
		return nil, err
	}
	keep := map[int64]bool{}
	if now != nil {
		keep[*now] = true
	}
	if err := keepRefs(m, h, keep); err != nil {
		return nil, err
	}
	for _, list := range []string{"snapshots", "snapshot-log", "statistics", "partition-statistics"} {
		if err := keepOf(m, list, keep); err != nil {
			return nil, err
		}
	}
	if h == current {
		delete(m, "metadata-log")
	}
	return json.Marshal(m)
}

// keepRefs adds what branches and tags name to what is kept. Of the newest snapshot alone main stays.
func keepRefs(m map[string]json.RawMessage, h history, keep map[int64]bool) error {
	var all map[string]json.RawMessage
	if err := decode(m["refs"], &all); err != nil {
		return err
	}
	for name, text := range all {
		var ref entry
		if err := decode(text, &ref); err != nil {
			return err
		}
		switch {
		case h == refs:
			keep[ref.ID] = true
		case name != "main":
			delete(all, name)
		}
	}
	return encode(m, "refs", all)
}

// entry is what a list of the metadata has of a snapshot, or a ref names.
type entry struct {
	ID int64 `json:"snapshot-id"`
}

// keepOf takes the entries of other snapshots out of a list.
func keepOf(m map[string]json.RawMessage, list string, keep map[int64]bool) error {
	var all []json.RawMessage
	if err := decode(m[list], &all); err != nil {
		return err
	}
	left := all[:0]
	for _, text := range all {
		var e entry
		if err := decode(text, &e); err != nil {
			return err
		}
		if keep[e.ID] {
			left = append(left, text)
		}
	}
	return encode(m, list, left)
}

func decode(text json.RawMessage, into any) error {
	if text == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	return nil
}

// encode puts a value back where there was one.
func encode(m map[string]json.RawMessage, key string, value any) error {
	if m[key] == nil {
		return nil
	}
	text, err := json.Marshal(value)
	m[key] = text
	return err
}
