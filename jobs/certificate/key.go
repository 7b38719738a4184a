package certificate

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs certificates and checkpoints. It prints as its public half.
type Key struct {
	secret, public string
	signer         note.Signer
}

// NewKey makes the first key of a log. The log gets a name of its own with it.
func NewKey() (Key, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	return newKey("lakectl.erasure/" + hex.EncodeToString(id[:]))
}

// Next makes a key that may follow this one in its log.
func (k Key) Next() (Key, error) { return newKey(k.signer.Name()) }

func newKey(name string) (Key, error) {
	secret, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return Key{}, fmt.Errorf("make a key: %w", err)
	}
	return ParseKey(secret)
}

// ParseKey reads what Secret wrote.
func ParseKey(text string) (Key, error) {
	text = strings.TrimSpace(text)
	signer, err := note.NewSigner(text)
	if err != nil {
		return Key{}, errors.New("no key that signs certificates") // the library's error might quote it
	}
	parts := strings.SplitN(text, "+", 5) // PRIVATE KEY name hash base64(algorithm, seed)
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, errors.New("no key that signs certificates")
	}
	half := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	public, err := note.NewEd25519VerifierKey(signer.Name(), half)
	return Key{secret: text, public: public, signer: signer}, err
}

// Secret is the key as its owner keeps it.
func (k Key) Secret() string { return k.secret }

// Public is the key as it is handed out.
func (k Key) Public() string { return k.public }

// String is Public, so that no print shows the secret.
func (k Key) String() string { return k.public }

// GoString is Public too.
func (k Key) GoString() string { return k.public }

func (k Key) sign(text []byte) ([]byte, error) {
	return note.Sign(&note.Note{Text: string(text)}, k.signer)
}

// ErrKey is returned for a text that is no public key.
var ErrKey = errors.New("no public key of certificates")

// checkKey is ErrKey for what is no public key.
func checkKey(public string) error {
	_, err := publicKey(public)
	return err
}

// publicKey reads a public key in its one form.
func publicKey(text string) (note.Verifier, error) {
	v, err := note.NewVerifier(text)
	if err != nil || !plain(text) {
		return nil, fmt.Errorf("%w: %q", ErrKey, text)
	}
	return v, nil
}

// plain tells whether a text is one word of ASCII letters, so that base64 is read in one way.
func plain(text string) bool {
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return true
}

// openNote returns the text of a note with exactly one signature, by that key, in the one form a note has: base64 can
// be written in several ways that are read alike, of which one is ours.
func openNote(file []byte, public string) (string, error) {
	v, err := publicKey(public)
	if err != nil {
		return "", altered("the key it names is none")
	}
	n, err := note.Open(file, note.VerifierList(v))
	if err != nil || len(n.Sigs) != 1 || len(n.UnverifiedSigs) != 0 {
		return "", altered("the signature is not that of %s", public)
	}
	raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || n.Text+"\n— "+v.Name()+" "+base64.StdEncoding.EncodeToString(raw)+"\n" != string(file) {
		return "", altered("the signature is not written as lakectl writes it")
	}
	return n.Text, nil
}
