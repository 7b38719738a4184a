package listen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/dchest/siphash"
)

// Key is the secret that turns user ids into subjects.
type Key [16]byte

// Subject stands for a user where the id itself must not be kept: equal for equal ids, and of no use without the key.
type Subject [16]byte

// Subject is the SipHash-2-4-128 of the user id's bytes, in the byte order of the reference implementation.
func (k Key) Subject(userID string) Subject {
	var stack [maxStringBytes]byte
	lo, hi := siphash.Hash128(
		binary.LittleEndian.Uint64(k[:8]), binary.LittleEndian.Uint64(k[8:]),
		append(stack[:0], userID...))
	var s Subject
	binary.LittleEndian.PutUint64(s[:8], lo)
	binary.LittleEndian.PutUint64(s[8:], hi)
	return s
}

// String is the subject in lower-case hex.
func (s Subject) String() string { return hex.EncodeToString(s[:]) }

// Derived is a key for one use, which its label tells: who has it learns neither k nor the keys of other uses.
func (k Key) Derived(label string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte(label))
	return [sha256.Size]byte(mac.Sum(nil))
}
