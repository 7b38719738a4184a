package chain_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

// found lists the files of the lake, requests apart, in which a text is.
func found(t *testing.T, l *laketest.Lake, text string) []string {
	t.Helper()
	paths := laketest.Words(t, l.Dir, regexp.MustCompile(regexp.QuoteMeta(text)))[text]
	paths = slices.DeleteFunc(paths, func(path string) bool { return strings.Contains(path, "/"+catalog.DeletionRequests+"/") })
	return append([]string(nil), paths...)
}
