// Package page draws the dashboard: what a view needs to know goes in, HTML comes out.
//
// # Use
//
//  1. Fill a view ([Overview], [Tracks], [Track], [Audience], [Statements], [Changes], [Roster], [Export], [Notice]).
//  2. [Render] writes it as a page.
//  3. [Asset] serves style and scripts, under names that change with their content.
//
// # Design
//
// Every view is whole without JavaScript: charts are SVG that this package draws, and behind each stands a table with
// the same figures. Scripts add three things to what is there: a cursor that reads a chart point by point, from its
// table ([assets/chart.js]), pages that follow new snapshots ([assets/live.js] and [assets/stream.js]), and signing in
// by a link (a script of package access).
//
// A chart library was weighed and left out: uPlot 1.6.32 is the best there is for its size, 22 KB compressed, more
// than all of this page. It draws on a canvas, only where scripts run, and tells nobody who cannot see it what it
// drew; a table and a keyboard cursor would have to be made beside it all the same. Our charts have at most some
// hundred points, the ranges are links, and a line of them is a path of 2 KB that is there with the page: nothing
// loads later, so nothing has a skeleton and nothing jumps. Colours follow the scheme by style alone, and the marks
// of changed points are links. The cursor is a slider (WAI-ARIA): pointer, finger and keys move it, and screen
// readers read each point out as it is reached.
//
// A page that follows takes over only the parts that changed, never the one that holds the focus. What moved is
// coloured for a moment; one dot breathes while listens come in; with prefers-reduced-motion nothing does. Without
// its server a page says so and keeps its figures. All pages of a browser share one stream of events, which a page that
// is seen holds: a stream takes one of the six connections that a browser has to a server over HTTP/1.1, and browsers
// keep pages that were left, with their connections.
//
// Nothing is loaded from elsewhere, no script and no style stands in the HTML, so the strictest content security policy
// holds. Texts of others (names of tracks, countries, devices) only pass through html/template.
//
// Figures come in as numbers and leave as text in one form: thousands apart by commas, percent as whole numbers, days
// as "17 March", times as "21:04:15 UTC". Amounts of money come in as text, for package statement knows how to write
// them.
//
// # Invariants
//
//   - The same view gives the same bytes.
//   - A view with nothing in it is a page that says so, and what will happen next.
//
// # Failure
//
// Templates are parsed when the process starts; one that is wrong ends it there. Render writes nothing before the whole
// page is made.
package page
