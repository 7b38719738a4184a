package simulate

import (
	"math/rand/v2"
	"slices"
)

// service is what exists before anybody listens.
type service struct {
	idBase uint64
	from   int64 // the month's start: releases are dated from it

	users   []user
	byUse   zipf
	tracks  []track
	byPlays zipf
}

type user struct {
	number  int32
	ahead   int32 // milliseconds the phone's clock is ahead, below the limit
	country uint8 // index in countries
	tier    uint8 // index in tiers
	ios     bool
}

type track struct {
	number, artist int32
	ms             int32
}

// countries without daylight saving: the offset has to be legal, not current.
var countries = []struct {
	code, lower string
	offset      int64 // minutes east of UTC
}{
	{"DE", "de", 60},
	{"US", "us", -300},
	{"BR", "br", -180},
	{"GB", "gb", 0},
	{"SE", "se", 60},
	{"JP", "jp", 540},
	{"FR", "fr", 60},
	{"MX", "mx", -360},
	{"NL", "nl", 60},
	{"IN", "in", 330},
}

var countryWeights = []int{28, 23, 13, 10, 8, 6, 5, 3, 2, 2}

var (
	tiers       = []string{"premium", "free", "family"}
	tierWeights = []int{50, 32, 18}
)

// Kinds of device, in the order of deviceNames.
const (
	phone uint8 = iota
	laptop
	web
	speaker
	tablet
)

var (
	deviceNames   = []string{"phone", "laptop", "web", "speaker", "tablet"}
	deviceWeights = []int{50, 18, 14, 11, 7}
)

// The web release that sends everything twice is live in [from+doublingStart,
// from+doublingEnd): the 9th of the month until the 16th.
const (
	doublingClient = "web/5.2.0"
	doublingStart  = 8 * day
	doublingEnd    = 15 * day
)

func newService(r *rand.Rand, users, tracks, artists int, from int64) *service {
	s := &service{
		idBase:  r.Uint64(),
		from:    from,
		users:   make([]user, users),
		byUse:   newZipf(users, 50),
		tracks:  make([]track, tracks),
		byPlays: newZipf(tracks, 15),
	}
	for rank, number := range r.Perm(users) {
		u := user{
			number:  int32(number),
			country: uint8(pick(r, countryWeights)),
			tier:    uint8(pick(r, tierWeights)),
			ios:     r.IntN(5) < 2,
		}
		if r.IntN(200) == 0 {
			u.ahead = int32(1+r.IntN(55)) * 60_000
		}
		s.users[rank] = u
	}
	byTracks, names := newZipf(artists, 10), r.Perm(artists)
	for rank, number := range r.Perm(tracks) {
		s.tracks[rank] = track{number: int32(number), artist: int32(names[byTracks.draw(r)]), ms: trackMs(r)}
	}
	return s
}

// trackMs is a length of 95 s to 350 s, most near the middle; one track in a
// hundred is longer, up to 18 minutes.
func trackMs(r *rand.Rand) int32 {
	if r.IntN(100) == 0 {
		return 350_000 + r.Int32N(720_000)
	}
	return 95_000 + r.Int32N(85_000) + r.Int32N(85_000) + r.Int32N(85_000)
}

// client is the app and version that reports the play, "" for a device that
// does not say.
func (s *service) client(u *user, p *play) string {
	at := p.event - s.from
	switch {
	case p.device == speaker:
		return ""
	case p.device == laptop:
		return "desktop/1.2.31"
	case p.device == web && at < doublingStart:
		return "web/5.1.9"
	case p.device == web && at < doublingEnd:
		return doublingClient
	case p.device == web:
		return "web/5.2.1"
	case u.ios:
		return "ios/9.4.1"
	case at < 17*day:
		return "android/9.4.0"
	default:
		return "android/9.5.2"
	}
}

// doubles reports whether the play is one the doubling release sends twice.
func (s *service) doubles(p *play) bool {
	at := p.event - s.from
	return p.device == web && at >= doublingStart && at < doublingEnd
}

// listenID numbers plays without order: the mix is a bijection, so ids are unique.
func (s *service) listenID(serial int) uint64 {
	x := s.idBase + uint64(serial)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// zipf holds the running sums of weights 1/(rank+shift).
type zipf []uint64

func newZipf(n, shift int) zipf {
	z := make(zipf, n)
	var sum uint64
	for rank := range z {
		sum += 1 << 32 / uint64(rank+shift)
		z[rank] = sum
	}
	return z
}

func (z zipf) draw(r *rand.Rand) int {
	i, _ := slices.BinarySearch(z, 1+r.Uint64N(z[len(z)-1]))
	return i
}

// pick draws an index by weights that sum to 100.
func pick(r *rand.Rand, weights []int) int {
	x := r.IntN(100)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return 0
}
