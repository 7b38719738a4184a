package relocate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/lakectl/lakectl/lake"
)

// Move says where a warehouse was and where it is. Both are file: URIs of folders without a slash at the end.
type Move struct{ From, To string }

// URI gives the file: URI of a path as metadata has it: engines write file:///x, file:/x and /x for the same file.
func URI(location string) string {
	switch {
	case strings.HasPrefix(location, "file:///"):
		return location
	case strings.HasPrefix(location, "file://localhost/"):
		return "file://" + strings.TrimPrefix(location, "file://localhost")
	case strings.HasPrefix(location, "file:/"):
		return "file://" + strings.TrimPrefix(location, "file:")
	case strings.HasPrefix(location, "/"):
		return (&url.URL{Scheme: "file", Path: location}).String()
	default:
		return location
	}
}

// Apply tells where a file lies now; false when it did not lie below the old place.
func (m Move) Apply(location string) (string, bool) {
	uri := URI(location)
	if uri == m.From {
		return m.To, true
	}
	rest, below := strings.CutPrefix(uri, m.From+"/")
	return m.To + "/" + rest, below
}

// place is [Move.Apply] for a path that the table cannot do without.
func (m Move) place(location string) (string, error) {
	now, ok := m.Apply(location)
	if !ok {
		return "", lake.WithHint(fmt.Errorf("%s does not lie below %s, from where the lake came: %w", location, m.From, lake.ErrUnsupported),
			"copy the file below the new warehouse at the same relative place, or rewrite the table there before the copy is made")
	}
	return now, nil
}

var renamed = regexp.MustCompile(`-at-[0-9a-f]{8}$`)

// rename gives the new name of a rewritten file: that of the old one and a mark of the place it is for, in the same
// folder. Moved again, the mark is replaced.
func (m Move) rename(uri string) string {
	mark := sha256.Sum256([]byte(m.From + "\n" + m.To))
	folder, name := path.Split(uri)
	stem, ext := name, ""
	if dot := strings.IndexByte(name, '.'); dot > 0 {
		stem, ext = name[:dot], name[dot:]
	}
	return folder + renamed.ReplaceAllString(stem, "") + "-at-" + hex.EncodeToString(mark[:4]) + ext
}

// Canonical is [lake.CanonicalPath] of a location in any form that engines write.
func Canonical(location string) (string, error) { return lake.CanonicalPath(URI(location)) }

// Below tells whether a file or folder lies below a folder, by canonical paths.
func Below(location, folder string) (bool, error) {
	file, err := Canonical(location)
	if err != nil {
		return false, err
	}
	root, err := Canonical(folder)
	if err != nil {
		return false, err
	}
	return lake.Inside(file, root), nil
}

// From finds where a warehouse was, from the old location of a file or folder that lies below the warehouse now: what
// is left without the shortest end that is found below to. False when nothing of it is there.
func From(location, to string) (string, bool) {
	uri := URI(location)
	for at := strings.LastIndexByte(uri, '/'); at > len("file://"); at = strings.LastIndexByte(uri[:at], '/') {
		file, err := lake.LocalPath(to + uri[at:])
		if err != nil {
			return "", false
		}
		if _, err := os.Stat(file); err == nil {
			return uri[:at], true
		}
	}
	return "", false
}
