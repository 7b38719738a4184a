package access

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// proxied are headers that proxies add. Who sits behind one cannot be told by the connection's address.
var proxied = []string{
	"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server", "X-Real-Ip", "X-Original-Host", "Cf-Connecting-Ip", "True-Client-Ip",
}

// local tells whether a request comes from this machine, for a lake in which nobody was given access:
//   - the connection comes from a loopback address;
//   - the host that it names is one: a page of another site whose name was turned to 127.0.0.1 (DNS rebinding) names
//     its own;
//   - no proxy forwarded it;
//   - no other site's page made a browser send it.
func local(r *http.Request) bool {
	from, ok := peer(r)
	if !ok || !from.IsLoopback() || !loopbackHost(r.Host) || !r.ProtoAtLeast(1, 1) {
		return false
	}
	for _, name := range proxied {
		if _, has := r.Header[name]; has {
			return false
		}
	}
	return !crossSite(r) || r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && safe(r)
}

// loopbackHost tells whether a Host header names this machine by a name that DNS has no part in.
func loopbackHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(name)
	return err == nil && a.Unmap().IsLoopback()
}

// crossSite tells whether a browser says that another site's page made the request.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	return false
}

// safe tells whether a request changes nothing.
func safe(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
