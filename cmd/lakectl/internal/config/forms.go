package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

func isHostPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, bad := strconv.ParseUint(port, 10, 16)
	return err == nil && bad == nil && n > 0
}

// isBroker takes names of hosts and addresses, not what a typing mistake leaves in one.
func isBroker(s string) bool {
	host, _, _ := net.SplitHostPort(s)
	zoneless, _, _ := strings.Cut(host, "%")
	return isHostPort(s) && (net.ParseIP(zoneless) != nil || hostName.MatchString(host))
}

var (
	hostName  = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?$`)
	topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)
)

// isTopic takes the names that a broker takes.
func isTopic(s string) bool { return topicName.MatchString(s) && s != "." && s != ".." }

// isOrigin takes scheme and host, without a path.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isHTTP(s) && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
