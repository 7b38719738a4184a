package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// kind is what a secret is good for. A secret of one kind is worth nothing in the place of another.
type kind string

const (
	tokenKind   kind = "token"   // bearer token of a program
	linkKind    kind = "link"    // exchanged for a session, once
	sessionKind kind = "session" // cookie of a browser
)

// prefixes start the secrets of each kind, so that what leaked can be recognised.
var prefixes = map[kind]string{tokenKind: "lkt_", linkKind: "lkl_", sessionKind: "lks_"}

// secretBytes are random: nobody guesses them, so the hash needs no salt and no work.
const secretBytes = 32

var secretText = base64.RawURLEncoding.Strict()

// digest is the SHA-256 of a secret.
type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

// newSecret makes a secret, which is shown once, and what is kept of it.
func newSecret(k kind) (secret string, kept digest) {
	var b [secretBytes]byte
	rand.Read(b[:])
	secret = prefixes[k] + secretText.EncodeToString(b[:])
	return secret, sha256.Sum256([]byte(secret))
}

// digestOf is the digest of what may be a secret of a kind; false for what cannot be one.
func digestOf(k kind, secret string) (digest, bool) {
	body, is := strings.CutPrefix(secret, prefixes[k])
	if !is || len(body) != secretText.EncodedLen(secretBytes) {
		return digest{}, false
	}
	if _, err := secretText.DecodeString(body); err != nil {
		return digest{}, false
	}
	return sha256.Sum256([]byte(secret)), true
}

// parseDigest reads a digest as the table has it.
func parseDigest(text string) (d digest, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(d) {
		return d, false
	}
	return digest(b), true
}

// newID is an id by which a token is listed and revoked. It is no secret.
func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
