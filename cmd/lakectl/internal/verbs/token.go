package verbs

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/reach"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/serve/access"
)

func tokenVerb() frame.Verb {
	return frame.Verb{
		Name:  "token",
		Short: "Say who may see what.",
		Long: `A token or link shows the plays of one artist, of one label, or everything. It is shown once; the lake keeps its hash,
in the table access_tokens. As long as nobody was ever given access, the dashboard answers this machine alone, with everything.
A token of an analyst opens the tables for other engines ('lakectl catalog serve') and nothing of the dashboard.`,
		Examples: []string{"lakectl token link --artist A1", "lakectl token create --label L7 --name 'reports of L7' --expires 90d", "lakectl token list"},
		Verbs:    []frame.Verb{tokenCreateVerb(), tokenLinkVerb(), tokenListVerb(), tokenRevokeVerb()},
	}
}

// scopeFlags say what is to be seen.
type scopeFlags struct {
	Artist, Label frame.GivenText
	Operator      bool
	Name          string
}

func (f *scopeFlags) declare() []cli.Flag {
	return []cli.Flag{
		&cli.GenericFlag{Name: "artist", Usage: "show the plays of the artist with this `ID`", Destination: &f.Artist},
		&cli.GenericFlag{Name: "label", Usage: "show the plays of the label with this `ID`, of tracks while they are its own", Destination: &f.Label},
		&cli.BoolFlag{Name: "operator", Usage: "show everything", Destination: &f.Operator},
		&cli.StringFlag{Name: "name", Usage: "what to call it in lists", Destination: &f.Name},
	}
}

type tokenCreateFlags struct {
	scopeFlags
	Analyst bool
	Expires frame.GivenText
}

func (f *tokenCreateFlags) declare() []cli.Flag {
	return append(f.scopeFlags.declare(),
		&cli.BoolFlag{Name: "analyst", Usage: "open the tables through 'lakectl catalog serve', and nothing of the dashboard", Destination: &f.Analyst},
		&cli.GenericFlag{Name: "expires", Usage: "let it end after this `DURATION`, like 90d (default: never)", Destination: &f.Expires})
}

type tokenListFlags struct{ All bool }

func (f *tokenListFlags) declare() []cli.Flag {
	return []cli.Flag{&cli.BoolFlag{Name: "all", Usage: "also what is worth nothing any more", Destination: &f.All}}
}

func tokenCreateVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "create", Short: "Make a token for a program.",
		Long: `The program sends it as 'Authorization: Bearer TOKEN'. It holds until it expires or is revoked. Each run makes another one.`,
		Examples: []string{
			"lakectl token create --artist A1 --expires 90d",
			"lakectl --json token create --operator --name monitoring",
			"lakectl token create --analyst --name trino",
		},
		Exits: []int{frame.ExitFenced},
		Text:  []frame.Teller{frame.Text(sayToken)},
	}, (*tokenCreateFlags).declare, runTokenCreate)
}

func tokenLinkVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "link", Short: "Make a link that signs a browser in once.",
		Long: `Open it, or send it to whom it is for, within 10 minutes. The browser stays signed in for 12 hours, or until the link is revoked.
Who has the link has the access, so send it on a way that only they read.`,
		Examples: []string{"lakectl token link --artist A1", "lakectl token link --operator --public-url https://plays.example.com"},
		Exits:    []int{frame.ExitFenced},
		Keys:     []string{"serve.public_url"},
		Text:     []frame.Teller{frame.Text(sayLink)},
	}, (*scopeFlags).declare, runTokenLink)
}

func tokenListVerb() frame.Verb {
	return frame.Bind(frame.Verb{
		Name: "list", Short: "List who may see what.",
		Long:     `Lists tokens, links and the sessions of browsers, the oldest first; with --all also what expired, was used or was revoked.`,
		Examples: []string{"lakectl token list", "lakectl --json token list --all"},
		Text:     []frame.Teller{frame.Text(sayTokens)},
	}, (*tokenListFlags).declare, runTokenList)
}

func tokenRevokeVerb() frame.Verb {
	return frame.Verb{
		Name: "revoke", Args: "ID", Short: "End a token, link or session.",
		Long: `A dashboard that runs turns it away within 5 seconds; one that cannot read the lake, within a minute. With a link its session ends
too. Revoking again changes nothing. What was revoked stays so, unless an older backup of the lake is put back.`,
		Examples: []string{"lakectl token revoke 3f0c9a52be7714d8"},
		Exits:    []int{frame.ExitFenced},
		Text:     []frame.Teller{frame.Text(sayRevoked)},
		Run:      runTokenRevoke,
	}
}

// asked is what the flags say is to be seen.
func (f scopeFlags) asked() (access.Scope, error) {
	return oneOf(f.scopes(), "give one of --artist ID, --label ID and --operator")
}

// asked is what the flags say that a token opens.
func (f tokenCreateFlags) asked() (access.Scope, error) {
	asked := f.scopes()
	if f.Analyst {
		asked = append(asked, access.Scope{Sees: access.Analyst})
	}
	return oneOf(asked, "give one of --artist ID, --label ID, --operator and --analyst")
}

func (f scopeFlags) scopes() (asked []access.Scope) {
	if f.Artist.Given {
		asked = append(asked, access.Scope{Sees: access.Artist, ID: f.Artist.Text})
	}
	if f.Label.Given {
		asked = append(asked, access.Scope{Sees: access.Label, ID: f.Label.Text})
	}
	if f.Operator {
		asked = append(asked, access.Scope{Sees: access.Operator})
	}
	return asked
}

func oneOf(asked []access.Scope, hint string) (access.Scope, error) {
	switch len(asked) {
	case 0:
		return access.Scope{}, usage.Errorf(hint, "nobody is said to be given access")
	case 1:
	default:
		return access.Scope{}, usage.Errorf(hint+"; for several run it several times", "one token shows one artist, one label, everything or the tables alone")
	}
	s, err := access.NewScope(asked[0].Sees, asked[0].ID)
	if err != nil {
		return s, usage.Errorf(hint, "%w", err)
	}
	return s, nil
}

func runTokenCreate(ctx context.Context, c *frame.Call, f tokenCreateFlags) (any, error) {
	scope, err := f.asked()
	if err != nil {
		return nil, err
	}
	life, err := frame.Duration("expires", f.Expires.Text)
	if err == nil && f.Expires.Given && life <= 0 {
		err = usage.Errorf("leave it out for a token that does not expire", "--expires is %q; allowed: a duration over 0, such as 90d", f.Expires.Text)
	}
	if err != nil {
		return nil, err
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (access.Made, error) {
		return access.CreateToken(ctx, env, scope, f.Name, life)
	})
}

// linkResult is a link and the address to open.
type linkResult struct {
	access.Made
	URL string `json:"url"`
}

func runTokenLink(ctx context.Context, c *frame.Call, f scopeFlags) (any, error) {
	scope, err := f.asked()
	if err != nil {
		return nil, err
	}
	return reach.WithEnv(ctx, c, func(env jobs.Env) (linkResult, error) {
		made, err := access.CreateLink(ctx, env, scope, f.Name)
		return linkResult{Made: made, URL: access.LinkURL(c.Config.Serve.URL(), made.Secret)}, err
	})
}

// tokenList is what is valid, or all there is.
type tokenList struct {
	Tokens []access.Listed `json:"tokens"`
	all    bool
}

func runTokenList(ctx context.Context, c *frame.Call, f tokenListFlags) (any, error) {
	return reach.WithReader(ctx, c, func(env jobs.Env) (tokenList, error) {
		list, err := access.List(ctx, env, f.All)
		return tokenList{Tokens: list, all: f.All}, err
	})
}

func runTokenRevoke(ctx context.Context, c *frame.Call) (any, error) {
	return reach.WithEnv(ctx, c, func(env jobs.Env) (access.Revoked, error) { return access.Revoke(ctx, env, c.Args().First()) })
}
