// Package access says who may see what on the dashboard: tokens, one-time sign-in links, sessions and tokens by OpenID
// Connect, and what every request to the server has to pass.
//
// # Use
//
//  1. [New] makes a [Guard]. [Guard.Mount] adds the pages to sign in and out to a mux; [Guard.Require] goes around the
//     handlers that show figures; [Guard.Wrap] goes around the mux. Files of the page and health checks need no
//     Require.
//  2. A handler calls [Allow] with the id of its path before it does anything with it, and [NotFound] where there is
//     nothing of that id. [ScopeOf] tells what the request may see. [Refuse] makes every answer that is no figure.
//     [Guard.Stream] readies an answer that goes on, such as events.
//  3. [NewServer] makes the server with its limits and [Run] runs it. [CreateToken], [CreateLink], [List] and [Revoke]
//     are for the command line.
//
// # Design
//
// A request may see one artist, one label, or everything ([Scope]). An analyst sees nothing of the dashboard: such a
// token opens the catalog of tables ([Guard.RequireTables]), which an operator's opens too, and no other. Whether an id
// is the scope's own is decided by comparing two texts: no table is asked, so an id of somebody else takes as long as
// one that nobody has, and the answer is the same to the byte.
//
// # The table
//
// access_tokens has a row when something is made and another when it ends. Rows are only added. Of a token's rows
// "revoked" counts before "used", and both before none, so their order and clocks do not matter: what ended stays
// ended. A change reads the table, decides, and commits on condition that nobody changed it meanwhile; else it reads
// again. When the table has 16 files a change writes them as one and leaves out what ended long ago (tokens: 400 days,
// links and sessions: a day). The newest row stays in any case.
//
// Of a secret the table has the SHA-256. The secret has 256 random bits, so there is nothing to guess and no salt is
// needed; it is looked up by the hash, which an attacker does not choose, so the time of the look-up tells nothing. A
// secret of one kind is worth nothing in the place of another.
//
// A backup that is put back brings back what was revoked since.
//
// # Signing in
//
// The secret of a link stands behind the # of an address, which browsers send to nobody; the page posts it. The commit
// that marks the link as used has the row of the new session: two that come at once, to one server or two, cannot both
// have it, and a crash leaves both or neither. Where the answer is lost the link is used up, and the person asks for
// another. Sessions lie in the same table: they outlast a restart, hold on every server of the lake, are listed and
// revoked like tokens, and end when their link is revoked. Signing in needs the right to write the lake; without it
// tokens still work.
//
// A cookie counts for requests that our own page or the person made: it is HttpOnly and SameSite=Strict, and besides a
// request that changes something must prove its origin (Sec-Fetch-Site or Origin). There are no other means against
// forged requests, and none is needed: no request with a token can be forged, and answers are never readable across
// sites. A link from another site opens a page without the cookie, so the page to sign in leads on once by itself; the
// second request is our own. Browsers keep the cookie twice as long as a session lasts, so that whoever comes back is
// told that access has ended. Views are drawn by [Options] in the style of the page, or plainly.
//
// # How fresh it is
//
// The table is looked at when a request comes and the last look is over 2 s old; from 3 s on the request waits for it,
// for a second at most. One look serves all requests, and reads rows only where the table has moved. So what is revoked
// is worth nothing within 5 s. A lake that cannot be read leaves in force what was known, for a minute from the last
// look: while its catalog restarts nobody is shut out, and who cannot reach it cannot revoke. A server that alone is
// cut off so shows for a minute at most what was revoked elsewhere. Then every request is refused with 503: a page that
// says since when, and asks again by itself; one that is open keeps its figures and says that they are old.
//
// # Without any token
//
// While the table has never had a row and there is no issuer, whoever is at this machine is an operator, and nobody
// else is answered: the connection must come from a loopback address, under a loopback name (so no site can turn its
// own name to this machine), straight (no header of a proxy, no HTTP/1.0), and not from another site's page. Every user
// of the machine is let in. A proxy on the same machine that hides all of that cannot be told apart: make a token
// before you set one up.
//
// # OpenID Connect
//
// Tokens must be signed RS256 or ES256 by a key that the configured issuer publishes over https, be for the configured
// audience, and be within their times. Claims say what they show. An unknown key makes the issuer be asked again, at
// most 10 times at once and every 5 s from then on. A token by OpenID Connect cannot be revoked here: it ends by
// itself. A browser that signed in there has a session as after a link.
//
// # Failure
//
// What is wrong with credentials is never said. No secret, no id of a person and nothing of a request goes to a log.
// Failures are counted by the address of the connection (of IPv6 by /64) and answered 429 beyond a limit; valid
// credentials are looked at first, so nobody is locked out by a neighbour. Requests are counted by scope. Both counts
// remember a bounded number of keys.
package access
