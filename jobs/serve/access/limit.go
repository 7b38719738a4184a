package access

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Rate is how often something may happen: so often a second, and so often at once. The zero value of a limit means the
// default.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Limits are what one scope and one address may do.
type Limits struct {
	Scope    Rate // requests of an artist or label; 50/s, 200 at once
	Operator Rate // requests of operators together, and of analysts together; 2,000/s, 4,000 at once
	Failures Rate // requests of an address without valid credentials that are told why; 1/s, 20 at once
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		limit *Rate
		other Rate
	}{{&l.Scope, Rate{50, 200}}, {&l.Operator, Rate{2000, 4000}}, {&l.Failures, Rate{1, 20}}} {
		if *d.limit == (Rate{}) {
			*d.limit = d.other
		}
	}
	return l
}

// mostLimited bounds the scopes, and the addresses, that are remembered, some 200 B each. The one that was not heard of
// for longest is forgotten first, and starts with a full allowance.
const mostLimited = 16_384

// limiter allows each key so much.
type limiter[K comparable] struct {
	mu    sync.Mutex
	known *simplelru.LRU[K, *rate.Limiter]
}

func newLimiter[K comparable]() *limiter[K] {
	known, err := simplelru.NewLRU[K, *rate.Limiter](mostLimited, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &limiter[K]{known: known}
}

// allow takes one from what a key may do.
func (l *limiter[K]) allow(key K, r Rate, at time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, known := l.known.Get(key)
	if !known {
		one = rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
		l.known.Add(key, one)
	}
	return one.AllowN(at, 1)
}

// peer is the address that a connection comes from. What a request says of it in its headers is never looked at.
func peer(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a.Unmap().WithZone(""), err == nil
}

// neighbourhood is what counts as one address: of IPv6 the 64 bits that one customer has.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address
	}
	return p
}
