package access

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// MostLimited is how many addresses are remembered.
const MostLimited = mostLimited

// SetClock sets what ages are told by.
func (g *Guard) SetClock(now func() time.Time) { g.loader.clock = now }

// SetIssuerLimit lets the issuer be asked as often as a test needs.
func (g *Guard) SetIssuerLimit(burst int) {
	g.issuer.client.Transport.(*seldom).allowed.SetBurst(burst)
	g.issuer.client.Transport.(*seldom).allowed.SetLimit(0)
}

// Remembered counts the addresses that failures are counted for.
func (g *Guard) Remembered() int { return g.failing.known.Len() }

// Fail counts a failure of an address.
func (g *Guard) Fail(a netip.Addr) bool {
	return g.failing.allow(neighbourhood(a), g.limits.Failures, g.loader.clock())
}

// Redeem uses a link up in a server that is killed when the context ends.
func Redeem(ctx context.Context, g *Guard, secret string) (string, error) {
	g.outlive = func(ctx context.Context) context.Context { return ctx }
	return g.redeem(ctx, secret)
}

// Bound bounds the connections of a server to a listener.
func Bound(l net.Listener, s *http.Server, most int) net.Listener { return bound(l, s, most) }
