package verbs

import (
	"time"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

func sayToken(p *frame.Page, m access.Made) {
	p.Say("token %s for %s, %s; it is shown this once:", m.TokenID, whose(m.Scope, m.ScopeID), until(p, m.ExpiresAt))
	p.WriteString("\n  " + m.Secret + "\n\n")
	p.Say("send it as 'Authorization: Bearer TOKEN'; end it with 'lakectl token revoke %s'", m.TokenID)
}

func sayLink(p *frame.Page, r linkResult) {
	p.Say("link %s for %s, good once, %s:", r.TokenID, whose(r.Scope, r.ScopeID), until(p, r.ExpiresAt))
	p.WriteString("\n  " + frame.Word(r.URL).Text + "\n\n")
	p.Say("the browser that opens it stays signed in for %s; end that: 'lakectl token revoke %s'", frame.Span(access.SessionLife), r.TokenID)
}

func sayTokens(p *frame.Page, l tokenList) {
	what := "valid"
	if l.all {
		what = "in all"
	}
	if len(l.Tokens) == 0 {
		p.Say("nobody has access: make a token with 'lakectl token create', or a link with 'lakectl token link'")
		return
	}
	p.Say("%s: %s", what, frame.CountOf(int64(len(l.Tokens)), "entry"))
	var rows [][]frame.Cell
	for _, t := range l.Tokens {
		rows = append(rows, []frame.Cell{
			frame.Word(t.TokenID), frame.Word(t.Kind), frame.Word(whose(t.Scope, t.ScopeID)), frame.Word(t.State), frame.Word(p.AtOr(t.ExpiresAt, "never")), frame.Word(p.At(t.CreatedAt)), frame.Word(t.Name),
		})
	}
	p.LongTable("", []frame.Column{{Name: "id", Goes: 0}, {Name: "kind", Goes: 0}, {Name: "sees", Goes: 0}, {Name: "state", Goes: 0}, {Name: "expires", Goes: 0}, {Name: "made", Goes: 1}, {Name: "name", Goes: 2}}, rows)
}

func sayRevoked(p *frame.Page, r access.Revoked) {
	if !r.Changed {
		p.Idle("%s %s was revoked before", r.Kind, r.TokenID)
		return
	}
	p.Say("revoked %s %s for %s; a dashboard that runs turns it away within 5 seconds", r.Kind, r.TokenID, whose(r.Scope, r.ScopeID))
}

// whose is a scope in words.
func whose(sees, id string) string {
	if id == "" {
		return sees + "s"
	}
	return sees + " " + id
}

func until(p *frame.Page, t *time.Time) string {
	if t == nil {
		return "without end"
	}
	return "until " + p.At(*t)
}
