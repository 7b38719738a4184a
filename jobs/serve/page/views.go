package page

import "time"

// Frame is what every page has around it.
type Frame struct {
	Kind, ID, Name string // artist or label, its id, and its name where tracks are loaded, else the id
	Within         *Link  // the label that sees the artist, whose view this is a part of
	Artist         string // id of that artist; "" for a view of its own
	At             string // the view: overview, tracks, audience, statements, changes, roster, export
	Range          Range
	AsOf           time.Time // when the cut was committed
	Now            time.Time
	Snapshot       string // id of the cut's snapshot of listens
	Tag            string // of the cut, as its events have it
	Updates        string // URL of the stream of new cuts
	SignedIn       bool
	Unguarded      bool // nobody was given access yet, so this machine sees everything
	NoNames        bool // no tracks are loaded
}

// Range is the time a page shows.
type Range struct {
	From, To time.Time // first and last day
	Step     string
	Days     int // the last so many days; 0 where From and To were asked for
}

// staleAfter is how old a cut may be before the page says so. The rollup runs every 15 s.
const staleAfter = 3 * time.Minute

// Stale tells whether the figures are older than they should be.
func (f Frame) Stale() bool { return f.Now.Sub(f.AsOf) > staleAfter }

// flowing is how new a cut is while listens come in: each brings the next one with it.
const flowing = time.Minute

// Flows tells whether listens come in.
func (f Frame) Flows() bool { return f.Now.Sub(f.AsOf) < flowing }

// Behind is how old the figures are.
func (f Frame) Behind() string { return Behind(f.Now.Sub(f.AsOf)) }

// Clock is the time of the cut.
func (f Frame) Clock() string { return clock(f.AsOf) }

// AsOfDay is the day of the cut.
func (f Frame) AsOfDay() string { return Day(f.AsOf, f.Now) }

// Base is the address of the overview.
func (f Frame) Base() string {
	base := "/" + f.Kind + "s/" + escape(f.ID)
	if f.Artist != "" {
		base += "/artists/" + escape(f.Artist)
	}
	return base
}

// Tab is an entry of the navigation.
type Tab struct {
	Name, URL string
	Current   bool
}

// Tabs are the entries of the navigation.
func (f Frame) Tabs() []Tab {
	tabs := []Tab{}
	add := func(at, name string) {
		url := f.Base()
		if at != "overview" {
			url += "/" + at
		}
		tabs = append(tabs, Tab{name, url + f.Range.query(), at == f.At})
	}
	add("overview", "Overview")
	if f.Kind == "label" && f.Artist == "" {
		add("roster", "Roster")
	}
	add("tracks", "Tracks")
	add("audience", "Audience")
	if f.Artist == "" {
		add("statements", "Statements")
	}
	add("changes", "Changes")
	add("export", "Export")
	return tabs
}

// Sentence is the answer in large type: Plays plays In, Change Than.
type Sentence struct {
	Plays  int64
	In     string // in the last 28 days
	Change string // 14 % more; "" where there is nothing to compare with
	Than   string // than in the 28 before
	Note   string // what is compared where it is not all, as in: 27 complete days compared
}

// Chip says how sure a figure is. Why explains it in one line.
type Chip struct {
	Text, Why string
	Sure      bool
}

// Overview is the first page of an artist or a label.
type Overview struct {
	Frame
	Say       Sentence
	Chips     []Chip
	Listeners string // 2,318 listeners, give or take 1 %
	Chart     Chart
	Live      Live
	Roster    []ArtistRow // the first few of a label
	Tracks    []TrackRow  // the first few
	Places    Bars
	Devices   Bars
	Changes   []Change // the newest few
	Statement *Statement
}

// TrackRow is a track in a list.
type TrackRow struct {
	ID, Title, Artist string
	URL               string
	Plays             int64
	Listeners         string
	Change            string
	Spark             Spark
}

// Bars are the parts of a total.
type Bars struct {
	Title string
	Parts []Part
	Total int64
	Note  string // what was put into other, and why
}

// Part is a country or a device. Name is "other" for what is too small to show.
type Part struct {
	Name      string
	Plays     int64
	Listeners string
}

// Width is the length of a part's bar, of 100 for the largest.
func (b Bars) Width(p Part) float64 {
	most := int64(1)
	for _, of := range b.Parts {
		most = max(most, of.Plays)
	}
	return 100 * float64(p.Plays) / float64(most)
}

// Percent is a part of the total.
func (b Bars) Percent(p Part) string { return percent(p.Plays, b.Total) }

// Change is a figure that changed after it was shown, and why.
type Change struct {
	What          string // 17 March, or February, statement
	Unit          string // Plays, or a currency
	Before, After string
	Causes        []Cause
	Noticed       string // noticed 2 April, 03:02
	Label         string // the time of it alone
	URL           string // of the figure, "" for none
	ID            string // to be linked to
}

// Cause is a part of a change. The parts sum to it.
type Cause struct{ Text, Amount string }

// Statement is what a closed period paid.
type Statement struct {
	Title     string // Statement of February 2026
	Period    string
	Lines     []Amount // as published, then adjustments by cause, then what it comes to
	Note      string   // what to know of the adjustments, "" for nothing
	URL       string   // of its page
	Run       string
	Checksum  string
	Check     string // how to check it, a command
	Downloads []Link
}

// Amount is a line of a statement.
type Amount struct {
	Text, Value string
	Sum         bool
}

// Link leads to a file or a page.
type Link struct{ Text, URL string }

// Paging is which rows of a list a page has: From to To, both inclusive, from 1, of Of.
type Paging struct {
	From, To, Of      int64
	First, Next, Prev string // URLs; First is of the first page
	Moved             bool   // newer figures came since the page that led here
}

// Tracks lists tracks.
type Tracks struct {
	Frame
	Paging
	Rows  []TrackRow
	Total int64
}

// Track is one track.
type Track struct {
	Frame
	ID, Title string
	Say       Sentence
	Chips     []Chip
	Chart     Chart
	Hours     *Chart
	Places    Bars
	Devices   Bars
	Qualified string // 3 of 4 listens qualify, from the royalty lines
}

// Audience is where and on what was listened.
type Audience struct {
	Frame
	Places, Devices Bars
	Listeners       string
	Exactness       string // how exact the count of listeners is
}

// Statements are closed periods with their adjustments.
type Statements struct {
	Frame
	Paging
	List []Statement
}

// Account is one statement, by track and pool.
type Account struct {
	Frame
	Statement Statement
	Month     string   // March 2026
	Sums      []string // what it comes to, one a currency
	Carried   []Amount // corrections of earlier months that it pays
	Tracks    []PaidRow
	Pools     []PaidRow

	Paging
}

// PaidRow is what a track or a pool comes to.
type PaidRow struct {
	Name, URL                string
	Listens, Qualified       string
	Currency                 string // "" where nothing was paid
	Published, Adjusted, Now string
}

// Changes lists what changed, by the day on which it was noticed.
type Changes struct {
	Frame
	Paging
	Groups []ChangeGroup
	Count  int
	Tracks []Choice // to choose from
	Track  string   // chosen, "" for all
}

// ChangeGroup is what was noticed on one day.
type ChangeGroup struct {
	Title string
	List  []Change
}

// Choice is an entry to choose from.
type Choice struct {
	ID, Title string
	Current   bool
}

// Roster are the artists of a label.
type Roster struct {
	Frame
	Paging
	Rows  []ArtistRow
	Count int64  // of artists on all pages
	Sort  string // plays, previous, change or name
	Sorts []Sort
}

// Sort is an order of a roster that its page offers.
type Sort struct{ Name, By, URL string }

// ArtistRow is an artist in a roster.
type ArtistRow struct {
	ID, Name, URL string
	Plays         int64
	Before        int64 // plays of the days that Change compares with
	Change        string
	Spark         Spark
}

// Find is the first page of whoever may see everything.
type Find struct {
	Query   string
	Found   []Found
	Count   int64 // of all that were found
	Known   int64 // of artists and labels that there are
	NoNames bool
}

// More tells whether some that were found are not listed.
func (f Find) More() bool { return int64(len(f.Found)) < f.Count }

// Found is an artist or a label.
type Found struct{ Kind, ID, Name, URL string }

// Export says how to take the figures away.
type Export struct {
	Frame
	Files []Link
}

// Notice is a page that has no figures: an error, a link that expired, a lake without plays.
type Notice struct {
	Title string
	Text  []string
	Link  *Link
	// SignIn has the form to sign in; nil: none.
	SignIn *SignIn
	// Done: somebody has signed in, and the page leads on to "/".
	Done bool
}

// SignIn is a form that takes the secret of a link. It works without its script too: the secret is put in by hand.
type SignIn struct {
	Script string // URL of what takes the secret out of the address of the page
	Issuer bool   // one may sign in at the issuer, at /signin/oidc
	Onward string // path that a link of another site led to; "": none
}
