package serve

import (
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/lakectl/lakectl/jobs/royalty/statement"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

// downloads are the files that may be made at a time: each holds the rows of one statement in memory.
const downloads = 2

// sender is who sends a dsr file, as `lakectl royalties export` has it where nobody says.
const sender = "lakectl"

// fileTypes are the content types of the formats.
var fileTypes = map[string]string{"csv": "text/csv; charset=utf-8; header=present", "parquet": "application/vnd.apache.parquet", "dsr": "text/tab-separated-values; charset=utf-8"}

// download sends a statement as `lakectl royalties export` writes it for one holder.
func (h *Handler) download(w http.ResponseWriter, r *http.Request, of subject) {
	format, ok := strings.CutPrefix(r.PathValue("file"), "statement.")
	if !ok || !slices.Contains(statement.Formats, format) {
		access.NotFound(w, r)
		return
	}
	a, ok := h.accountOf(w, r, of)
	if !ok {
		return
	}
	one, ok := a.books.Statement(r.PathValue("period"))
	if !ok {
		access.NotFound(w, r)
		return
	}
	select {
	case h.downloads <- struct{}{}:
		defer func() { <-h.downloads }()
	case <-r.Context().Done():
		return
	}
	rows, err := a.books.Rows(r.Context(), one, a.holder, format != "dsr")
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if len(rows) == 0 { // closed, and nothing of it is theirs
		access.NotFound(w, r)
		return
	}
	f, name, err := statement.Deliver(one.Delivery(a.holder, format, sender), rows)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer f.Close() //nolint:errcheck // read only
	h.sendFile(w, r, f, name, fileTypes[format])
}

func (h *Handler) sendFile(w http.ResponseWriter, r *http.Request, f *os.File, name, contentType string) {
	size, err := f.Stat()
	if err != nil {
		h.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.FormatInt(size.Size(), 10))
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Vary", "Accept, Authorization, Cookie")
	// Names are of letters, digits and %~.-_ alone, see the export.
	header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	io.Copy(w, f) //nolint:errcheck // the client has gone
}
