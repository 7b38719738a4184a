package lake

import (
	"os"
	"path/filepath"
	"strings"
)

// CanonicalPath is the path of a URI without symbolic links, as far as there is something at it.
func CanonicalPath(uri string) (string, error) {
	path, err := LocalPath(uri)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest), nil
		}
		if at == filepath.Dir(at) {
			return path, nil
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// Inside tells whether a canonical path is a folder or lies below it: by name, or because one of the folders above it
// is the same folder under another name, where it is mounted twice.
func Inside(path, folder string) bool {
	if path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/") {
		return true
	}
	root, err := os.Stat(folder)
	if err != nil {
		return false
	}
	for at := path; at != filepath.Dir(at); at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, root) {
			return true
		}
	}
	return false
}
