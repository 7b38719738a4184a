// Package browser holds no code, only tests of the dashboard in a real browser.
//
// # Use
//
//  1. `eval "$(.ci/engines/chromium.sh up)"` and export CHROMIUM; without it the tests skip.
//  2. [world] is a small lake that the demo makes, with names loaded, and a real `lakectl serve` over it.
//  3. A test asks it for a tab of its own, signed in as somebody, and looks at what the browser made of a view.
//
// # What is held
//
//   - Every view, for an artist, a label and an operator, is there, breaks no rule of axe-core that is serious, light
//     and dark, and logs no error. A link that is not good says what to do.
//   - What a page says is what `lakectl sql` says of the ledger and the tables.
//   - A keyboard alone reads every point of every chart; without scripts the tables say the same.
//   - On 375 pixels nothing scrolls sideways.
//   - A page follows a new cut by itself, and after its connection was cut. However many pages a browser has open or
//     keeps, they hold one stream of events together.
//   - The states of a page: an empty lake, figures that are not updated, access that ended by the clock, an operator's
//     status. These have a dashboard of the test's own process, whose clock the test moves.
//   - A first view is small, and nothing comes from elsewhere.
//
// Pictures of all views go to the folder that SCREENSHOTS names, to be looked at.
//
// # What it is made with
//
// The browser is driven by chromedp: it is Go over the DevTools protocol, so a test sees requests, the accessibility
// tree and emulated media without a driver process between. testdata has axe-core as its package ships it (MPL-2.0,
// its licences beside it, its checksum tested): the rules that a page is held against change when we change them, and
// CI needs no other registry.
package browser
