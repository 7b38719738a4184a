// Package page draws the dashboard: what a view needs to know goes in, HTML comes out.
//
// # Use
//
//  1. Fill a view ([Overview], [Tracks], [Track], [Audience], [Statements], [Changes], [Roster], [Export], [Notice]).
//  2. [Render] writes it as a page.
//  3. [Assets] serves style and scripts, under names that change with their content.
//
// # Design
//
// Every view is whole without JavaScript: charts are SVG that this package draws, and behind each stands a table with
// the same figures. Scripts add three things to what is there: a cursor that reads a chart point by point, from its
// table ([assets/chart.js]), pages that follow new snapshots ([assets/live.js]), and signing in by a link
// ([assets/signin.js]). A chart library would draw the same lines on a canvas, without a word for who cannot see it,
// and only where scripts run: for at most 800 points SVG is smaller and says more.
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
