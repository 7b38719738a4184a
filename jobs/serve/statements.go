package serve

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
	"github.com/lakectl/lakectl/jobs/serve/books"
)

// errTooLarge says that a label's statement is not made here.
var errTooLarge = errors.New("this statement has too many lines for a page; whoever runs this exports it with: lakectl royalties export --by label --id ID PERIOD")

// errNoSuch says that a period is not closed.
var errNoSuch = errors.New("no such statement")

// account is a question about what is paid.
type account struct {
	question
	books  *books.Books
	holder books.Holder
	by     string // track or pool
}

// heading says which state of the archive the newest run accounts for. Statements are exact, or corrected where
// something was posted since.
func (a *account) heading() heading {
	return headingOf(a.of, a.books.AsOf, a.books.Watermark, a.books.Snapshot, exact)
}

// statements answers with the closed periods, newest first.
type statements struct {
	heading
	Statements []closedPeriod `json:"statements"`
	Next       string         `json:"next,omitempty"`
}

// closedPeriod is a statement: what was published, what was corrected since, and what it comes to.
type closedPeriod struct {
	Period   string    `json:"period"`
	Version  int64     `json:"version"`
	ClosedAt time.Time `json:"closed_at"`
	RunID    string    `json:"run_id"`
	Checksum string    `json:"checksum"` // of the run's lines
	Check    string    `json:"check"`    // the command that proves it
	Amounts  []amount  `json:"amounts"`  // one a currency

	// TracksSinceClose counts a label's corrected tracks that it was given after the close: what was published has no
	// pay of them.
	TracksSinceClose int `json:"tracks_since_close,omitempty"`
}

// amount is the money of one currency in a statement. Published and what was posted sum to Now.
type amount struct {
	Currency  string   `json:"currency"`
	Digits    *int     `json:"minor_digits"` // behind the point; null for a currency that nobody knows
	Published minor    `json:"published_minor"`
	Posted    []posted `json:"adjustments"`
	Now       minor    `json:"now_minor"`
	Carried   []posted `json:"carried"` // corrections of earlier periods that this one pays, not in Now
}

// posted are corrections of one cause.
type posted struct {
	Cause  string    `json:"cause"`
	Origin string    `json:"origin_period"`
	To     string    `json:"posted_period"` // the period that pays them
	Minor  minor     `json:"amount_minor"`
	At     time.Time `json:"posted_at"` // the newest
}

func (s statements) header() []string {
	return []string{"period", "version", "closed_at", "run_id", "checksum", "currency", "published_minor", "adjusted_minor", "now_minor"}
}

func (s statements) rows() [][]string {
	var list [][]string
	for _, one := range s.Statements {
		for _, a := range one.Amounts {
			list = append(list, []string{
				one.Period, number(one.Version), one.ClosedAt.Format(time.RFC3339), one.RunID, one.Checksum, a.Currency,
				a.Published.String(), (a.Now - a.Published).String(), a.Now.String(),
			})
		}
	}
	return list
}

func (a *account) statements(ctx context.Context) (statements, error) {
	s := statements{heading: a.heading(), Statements: []closedPeriod{}}
	all, err := a.books.Posted(ctx, a.holder)
	if err != nil {
		return s, err
	}
	if len(all) > 0 {
		s.Status = corrected
	}
	list, next, err := pageOf(&a.question, a.books.Tag(), a.books.Statements(), func(one books.Statement) string { return one.Period })
	if err != nil {
		return s, err
	}
	s.Next = next
	for _, one := range list {
		row, err := a.statement(ctx, one, all)
		if err != nil {
			return s, err
		}
		s.Statements = append(s.Statements, row)
	}
	return s, nil
}

// statement sums up what a statement pays, of all that was posted.
func (a *account) statement(ctx context.Context, of books.Statement, all []books.Posted) (closedPeriod, error) {
	s := closedPeriod{
		Period: of.Period, Version: of.Version, ClosedAt: of.ClosedAt.UTC(), RunID: of.RunID, Checksum: of.Checksum, Check: "lakectl royalties reproduce " + of.Period,
		Amounts: []amount{},
	}
	sums, err := a.books.Sums(ctx, of, a.holder)
	if err != nil {
		return s, err
	}
	if s.TracksSinceClose, err = a.books.LaterTracks(ctx, of, a.holder, all); err != nil {
		return s, err
	}
	byCurrency := map[string]*amount{}
	in := func(currency string) *amount {
		if byCurrency[currency] == nil {
			byCurrency[currency] = &amount{Currency: currency, Posted: []posted{}, Carried: []posted{}}
			if n, ok := digits(currency); ok {
				byCurrency[currency].Digits = &n
			}
		}
		return byCurrency[currency]
	}
	for _, m := range sums {
		in(m.Currency).Published = minor(m.Minor)
	}
	for _, p := range all {
		if p.Origin == of.Period {
			in(p.Currency).Posted = addPosted(in(p.Currency).Posted, p)
		}
		if p.To == of.Period {
			in(p.Currency).Carried = addPosted(in(p.Currency).Carried, p)
		}
	}
	for _, one := range byCurrency {
		one.Now = one.Published
		for _, p := range one.Posted {
			one.Now += p.Minor
		}
		sortPosted(one.Posted)
		sortPosted(one.Carried)
		s.Amounts = append(s.Amounts, *one)
	}
	slices.SortFunc(s.Amounts, func(a, b amount) int { return strings.Compare(a.Currency, b.Currency) })
	return s, nil
}

// addPosted adds to the sum of its cause and periods.
func addPosted(list []posted, p books.Posted) []posted {
	at := slices.IndexFunc(list, func(of posted) bool { return of.Cause == p.Cause && of.Origin == p.Origin && of.To == p.To })
	if at < 0 {
		at, list = len(list), append(list, posted{Cause: p.Cause, Origin: p.Origin, To: p.To})
	}
	list[at].Minor += minor(p.Minor)
	if p.At.After(list[at].At) {
		list[at].At = p.At
	}
	return list
}

func sortPosted(list []posted) {
	slices.SortFunc(list, func(a, b posted) int {
		return cmp.Or(strings.Compare(a.Origin, b.Origin), strings.Compare(a.To, b.To), strings.Compare(a.Cause, b.Cause))
	})
}

// accountOf reads a question about statements, and answers itself where it cannot be answered.
func (h *Handler) accountOf(w http.ResponseWriter, r *http.Request, of subject, parameters ...string) (*account, bool) {
	a, err := h.openAccount(r, of, parameters...)
	if err != nil {
		h.fail(w, r, err)
	}
	return a, err == nil
}

func (h *Handler) openAccount(r *http.Request, of subject, parameters ...string) (*account, error) {
	c, err := h.newest(r.Context())
	if err != nil {
		return nil, err
	}
	a := &account{holder: books.Holder{Kind: of.kind, ID: of.id}, by: "pool"}
	if a.question, err = ask(c, of, r, parameters...); err != nil {
		return nil, err
	}
	if by := r.URL.Query().Get("by"); by != "" {
		if by != "pool" && by != "track" {
			return nil, refusal("by is pool or track")
		}
		a.by = by
	}
	a.books, err = h.books.Newest(r.Context())
	return a, err
}

// mountStatements adds the routes of what is paid.
func (h *Handler) mountStatements(mux *Routes, p place) {
	allowed := func(handler func(http.ResponseWriter, *http.Request, subject)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if access.Allow(w, r, p.sees, r.PathValue("id")) {
				handler(w, r, p.of(r))
			}
		}
	}
	base := "GET /v1" + p.path + "/statements"
	mux.HandleFunc(base, allowed(func(w http.ResponseWriter, r *http.Request, of subject) {
		if a, ok := h.accountOf(w, r, of, "limit", "cursor"); ok {
			body, err := a.statements(r.Context())
			h.account(w, r, a, body, err)
		}
	}))
	mux.HandleFunc(base+"/{period}", allowed(func(w http.ResponseWriter, r *http.Request, of subject) {
		if a, ok := h.accountOf(w, r, of, "by", "limit", "cursor"); ok {
			if one, ok := a.books.Statement(r.PathValue("period")); ok {
				body, err := a.lines(r.Context(), one)
				h.account(w, r, a, body, err)
				return
			}
			access.NotFound(w, r)
		}
	}))
	mux.HandleFunc(base+"/{period}/{file}", allowed(h.download))
}

// account writes an answer about statements.
func (h *Handler) account(w http.ResponseWriter, r *http.Request, a *account, body any, err error) {
	if err == nil {
		a.tag = a.books.Tag()
		_, err = answer(w, r, &a.question, body)
	}
	if err != nil {
		h.fail(w, r, err)
	}
}
