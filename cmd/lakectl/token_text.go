package main

import (
	"time"

	"github.com/lakectl/lakectl/jobs/serve/access"
)

func sayToken(p *page, m access.Made) {
	p.say("token %s for %s, %s; it is shown this once:", m.TokenID, whose(m.Scope, m.ScopeID), until(p, m.ExpiresAt))
	p.WriteString("\n  " + m.Secret + "\n\n")
	p.say("send it as 'Authorization: Bearer TOKEN'; end it with 'lakectl token revoke %s'", m.TokenID)
}

func sayLink(p *page, r linkResult) {
	p.say("link %s for %s, good once, %s:", r.TokenID, whose(r.Scope, r.ScopeID), until(p, r.ExpiresAt))
	p.WriteString("\n  " + clean(r.URL) + "\n\n")
	p.say("the browser that opens it stays signed in for %s; end that: 'lakectl token revoke %s'", span(access.SessionLife), r.TokenID)
}

func sayTokens(p *page, l tokenList) {
	what := "valid"
	if l.all {
		what = "in all"
	}
	if len(l.Tokens) == 0 {
		p.say("nobody has access: make a token with 'lakectl token create', or a link with 'lakectl token link'")
		return
	}
	p.say("%s: %s", what, countOf(int64(len(l.Tokens)), "entry"))
	var rows [][]cell
	for _, t := range l.Tokens {
		rows = append(rows, []cell{
			word(t.TokenID), word(t.Kind), word(whose(t.Scope, t.ScopeID)), word(t.State), word(p.atOr(t.ExpiresAt, "never")), word(p.at(t.CreatedAt)), word(t.Name),
		})
	}
	p.longTable("", []column{{"id", 0}, {"kind", 0}, {"sees", 0}, {"state", 0}, {"expires", 0}, {"made", 1}, {"name", 2}}, rows)
}

func sayRevoked(p *page, r access.Revoked) {
	if !r.Changed {
		p.idle("%s %s was revoked before", r.Kind, r.TokenID)
		return
	}
	p.say("revoked %s %s for %s; a dashboard that runs turns it away within 5 seconds", r.Kind, r.TokenID, whose(r.Scope, r.ScopeID))
}

// whose is a scope in words.
func whose(sees, id string) string {
	if id == "" {
		return "operators"
	}
	return sees + " " + id
}

func until(p *page, t *time.Time) string {
	if t == nil {
		return "without end"
	}
	return "until " + p.at(*t)
}
