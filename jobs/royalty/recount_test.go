package royalty_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/royalty/terms"
)

// copyOf is one archived copy. This file recounts royalties from copies in plain Go and shares nothing with
// the statements.
type copyOf struct {
	listen, user, track, artist, device string
	event, received                     time.Time
	ms                                  int64
	trackMs                             int64 // 0 = unknown
	country, tier                       string
	offset                              int64
}

func (c copyOf) row() []any {
	var length any
	if c.trackMs > 0 {
		length = c.trackMs
	}
	return []any{
		c.listen, c.user, c.track, c.artist, c.device, c.event, c.ms, length, c.country, c.tier, nil, nil, c.received, nil,
		"listens", 0, c.offset,
	}
}

func smaller(a, b copyOf) int {
	return cmp.Or(a.received.Compare(b.received), a.event.Compare(b.event), cmp.Compare(a.ms, b.ms), strings.Compare(a.track, b.track),
		strings.Compare(a.artist, b.artist), strings.Compare(a.user, b.user), strings.Compare(a.country, b.country),
		strings.Compare(a.tier, b.tier), strings.Compare(a.device, b.device), cmp.Compare(uint64(a.trackMs-1), uint64(b.trackMs-1))) // absent is last
}

// winners picks the counted copy of every id.
func winners(copies []copyOf) map[string]copyOf {
	best := map[string]copyOf{}
	for _, c := range copies {
		if now, ok := best[c.listen]; !ok || smaller(c, now) < 0 {
			best[c.listen] = c
		}
	}
	return best
}

type (
	lineKey   struct{ period, artist, track, country, tier string }
	lineCount struct{ listens, qualified int64 }
)

// recount makes the lines, with the rules given as a Go function.
func recount(copies []copyOf, qualifies func(copyOf) bool) map[lineKey]lineCount {
	lines := map[lineKey]lineCount{}
	for _, c := range winners(copies) {
		k := lineKey{c.event.UTC().Format("2006-01"), c.artist, c.track, c.country, c.tier}
		n := lines[k]
		n.listens++
		if qualifies(c) {
			n.qualified++
		}
		lines[k] = n
	}
	return lines
}

// checksums joins the seven values of each line by 0x1F, the lines sorted bytewise by key.
func checksums(lines map[lineKey]lineCount) map[string]string {
	texts := map[string][]string{}
	for k, n := range lines {
		texts[k.period] = append(texts[k.period], strings.Join([]string{
			k.period, k.artist, k.track, k.country, k.tier, fmt.Sprint(n.listens), fmt.Sprint(n.qualified),
		}, "\x1f")+"\n")
	}
	sums := map[string]string{}
	for period, list := range texts {
		slices.SortFunc(list, func(a, b string) int { return slices.Compare(strings.Split(a, "\x1f"), strings.Split(b, "\x1f")) })
		sum := sha256.Sum256([]byte(strings.Join(list, "")))
		sums[period] = hex.EncodeToString(sum[:])
	}
	return sums
}

// shareOut divides one pool with rational numbers.
func shareOut(p terms.Pool, lines map[lineKey]lineCount) []royalty.Payout {
	earned := map[[2]string]int64{}
	var total int64
	for k, n := range lines {
		if k.period == p.Period && (p.Country == "*" || p.Country == k.country) && (p.Tier == "*" || p.Tier == k.tier) && n.qualified > 0 {
			earned[[2]string{k.artist, k.track}] += n.qualified
			total += n.qualified
		}
	}
	type share struct {
		royalty.Payout
		rest *big.Rat
	}
	var shares []share
	left := p.AmountMinor
	for k, n := range earned {
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(p.AmountMinor), big.NewInt(n)), big.NewInt(total))
		whole := new(big.Int).Quo(exact.Num(), exact.Denom())
		shares = append(shares, share{
			royalty.Payout{Country: p.Country, Tier: p.Tier, Currency: p.Currency, ArtistID: k[0], TrackID: k[1], QualifiedListens: n, AmountMinor: whole.Int64()},
			new(big.Rat).Sub(exact, new(big.Rat).SetInt(whole)),
		})
		left -= whole.Int64()
	}
	slices.SortFunc(shares, func(a, b share) int {
		return cmp.Or(b.rest.Cmp(a.rest), strings.Compare(a.ArtistID, b.ArtistID), strings.Compare(a.TrackID, b.TrackID))
	})
	payouts := make([]royalty.Payout, len(shares))
	for i, s := range shares {
		if int64(i) < left {
			s.AmountMinor++
		}
		payouts[i] = s.Payout
	}
	return payouts
}

// qualifies is the plain-Go judge.
func (p *past) qualifies(c copyOf) bool {
	day := c.event.UTC().Format(time.DateOnly)
	for _, r := range p.rules {
		if (r.TrackID == "" || r.TrackID == c.track) && (r.ArtistID == "" || r.ArtistID == c.artist) && (r.Country == "" || r.Country == c.country) &&
			(r.Tier == "" || r.Tier == c.tier) && (r.Device == "" || r.Device == c.device) && day >= r.EffectiveFrom && (r.EffectiveTo == "" || day < r.EffectiveTo) {
			return r.Counts && (c.ms >= r.MinMsPlayed || r.MinFractionE4 > 0 && c.trackMs > 0 && c.ms*10_000 >= r.MinFractionE4*c.trackMs)
		}
	}
	return false
}

// shareAmong divides a payout among the parties of its track, listen by listen.
func (p *past) shareAmong(pool terms.Pool, o royalty.Payout, key string, into map[string]int64) {
	splits := p.splits[o.TrackID]
	if !slices.ContainsFunc(splits, func(s terms.Split) bool {
		return s.EffectiveFrom < pool.Period+"-32" && (s.EffectiveTo == "" || s.EffectiveTo > pool.Period+"-01")
	}) {
		return
	}
	type party struct{ party, role string }
	weights := map[party]int64{}
	for _, c := range winners(p.archived) {
		day := c.event.UTC().Format(time.DateOnly)
		if day[:7] != pool.Period || c.track != o.TrackID || c.artist != o.ArtistID || pool.Country != "*" && pool.Country != c.country || pool.Tier != "*" && pool.Tier != c.tier || !p.qualifies(c) {
			continue
		}
		covered := false
		for _, s := range splits {
			if day >= s.EffectiveFrom && (s.EffectiveTo == "" || day < s.EffectiveTo) {
				weights[party{s.Party, s.Role}] += s.BasisPoints
				covered = true
			}
		}
		if !covered {
			weights[party{c.artist, "artist"}] += terms.AllBasisPoints
		}
	}
	total, left := big.NewInt(o.QualifiedListens*terms.AllBasisPoints), o.AmountMinor
	whole, rest := map[party]int64{}, map[party]*big.Int{}
	for k, weight := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(o.AmountMinor), big.NewInt(weight)), total, new(big.Int))
		whole[k], rest[k] = q.Int64(), r
		left -= q.Int64()
	}
	order := slices.SortedFunc(maps.Keys(weights), func(a, b party) int {
		return cmp.Or(rest[b].Cmp(rest[a]), strings.Compare(a.party, b.party), strings.Compare(a.role, b.role))
	})
	for i, k := range order {
		if int64(i) < left {
			whole[k]++
		}
		into[key+" to "+k.party+k.role] = whole[k]
	}
}

// world makes copies that collide: few ids, ties, duplicates across months, other users' ids.
func world(seed uint64, n int) []copyOf {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, r.IntN(n)) }
	start := time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	copies := make([]copyOf, n)
	for i := range copies {
		event := start.Add(time.Duration(r.IntN(5*24*3600)) * time.Second)
		copies[i] = copyOf{
			listen: pick("l", n/3+1), user: pick("u", 5), track: pick("t", 6), artist: pick("A", 3), device: pick("d", 2),
			event: event, received: event.Add(time.Duration(r.IntN(3)) * time.Hour), ms: int64(r.IntN(4)) * 20_000,
			country: []string{"DE", "BR", "ZZ"}[r.IntN(3)], tier: []string{"free", "premium"}[r.IntN(2)], offset: int64(i),
		}
		if r.IntN(3) > 0 {
			copies[i].trackMs = int64(1+r.IntN(5)) * 30_000
		}
		if i > 0 && r.IntN(4) == 0 { // the same content again, or all but one field
			offset := copies[i].offset
			copies[i] = copies[r.IntN(i)]
			copies[i].offset = offset
			c := &copies[i]
			switch r.IntN(12) {
			case 0, 1, 2:
				c.received = c.received.Add(time.Minute)
			case 3:
				c.event = c.event.Add(time.Second)
			case 4:
				c.ms += 10_000
			case 5:
				c.track, c.artist = "t9", "A9"
			case 6:
				c.user = "u9"
			case 7:
				c.tier = "family"
			case 8:
				c.device = "d9"
			case 9:
				c.trackMs = 45_000 - c.trackMs%45_000
			}
		}
	}
	return copies
}
