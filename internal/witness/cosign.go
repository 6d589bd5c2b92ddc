// Package witness attests the checkpoints of audit logs: a second machine that remembers the newest checkpoint of each log, and puts its own
// signature under another only if that one grows from it. It speaks C2SP tlog-witness and tlog-cosignature, so that any witness can stand in
// for it and any log can ask it. Post is the side of a log that asks.
package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// algorithm marks keys of cosignature/v1 in the texts and hashes of keys (C2SP signed-note).
const algorithm = 4

// signatureBytes is the length of a cosignature: seconds since 1970 as a big-endian 64-bit number, and an Ed25519 signature.
const signatureBytes = 8 + ed25519.SignatureSize

// privatePrefix begins the text of a private key, as package note writes it.
const privatePrefix = "PRIVATE+KEY+"

// cosigner signs checkpoints as a witness. It is a note.Signer.
type cosigner struct {
	name    string
	hash    uint32
	private ed25519.PrivateKey
	now     func() time.Time
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

// Sign signs the text of a checkpoint together with the time of the signature.
func (c *cosigner) Sign(text []byte) ([]byte, error) {
	at := c.now().Unix()
	if at < 0 {
		return nil, errors.New("the clock stands before 1970")
	}
	out := binary.BigEndian.AppendUint64(nil, uint64(at))
	return append(out, ed25519.Sign(c.private, message(at, text))...), nil
}

// message is what is signed: two lines of its own and the text of the checkpoint.
func message(at int64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Verifier checks the cosignatures of one witness. It is a note.Verifier.
type Verifier struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

// Name is the name of the witness.
func (v *Verifier) Name() string { return v.name }

// KeyHash tells the witness's keys apart.
func (v *Verifier) KeyHash() uint32 { return v.hash }

// Verify tells whether the witness signed the text of a checkpoint.
func (v *Verifier) Verify(text, signature []byte) bool {
	if len(signature) != signatureBytes {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at < 1<<63 && ed25519.Verify(v.public, message(int64(at), text), signature[8:])
}

// String is the public key as a line of text, which ParseKey reads: name+hash+base64.
func (v *Verifier) String() string {
	return fmt.Sprintf("%s+%08x+%s", v.name, v.hash, base64.StdEncoding.EncodeToString(append([]byte{algorithm}, v.public...)))
}

// ParseKey reads the public key of a witness, as it prints it at its start. A key that signs logs is no key of a witness.
func ParseKey(text string) (*Verifier, error) {
	name, hash, key, err := parseKey(strings.TrimSpace(text), ed25519.PublicKeySize)
	if err != nil {
		return nil, err
	}
	v := &Verifier{name, keyHash(name, key), key}
	if v.hash != hash {
		return nil, errors.New("the key does not agree with the hash in it; it was changed or cut")
	}
	return v, nil
}

// parseKey takes name+hash+base64 apart.
func parseKey(text string, size int) (name string, hash uint32, key []byte, err error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || !isName(parts[0]) || len(parts[1]) != 8 {
		return "", 0, nil, errors.New("this is not a key of the form name+hash+base64")
	}
	n, hashErr := strconv.ParseUint(parts[1], 16, 32)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || hashErr != nil || len(data) != 1+size {
		return "", 0, nil, errors.New("this is not a key of the form name+hash+base64")
	}
	if data[0] != algorithm {
		return "", 0, nil, errors.New("this is not the key of a witness, which has the type 4 (cosignature/v1)")
	}
	return parts[0], uint32(n), data[1:], nil
}

func isName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == '+' || r == '\u00a0' || r == '\u3000' }) < 0
}

func keyHash(name string, public []byte) uint32 {
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte(name + "\n"), {algorithm}, public}, nil))
	return binary.BigEndian.Uint32(sum[:])
}

// newCosigner makes a key.
func newCosigner(name string, now func() time.Time) (*cosigner, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the witness: %w", err)
	}
	return &cosigner{name, keyHash(name, public), private, now}, nil
}

// parseCosigner reads what secret gave.
func parseCosigner(text string, now func() time.Time) (*cosigner, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(text), privatePrefix)
	if !ok {
		return nil, errors.New("this is not the private key of a witness")
	}
	name, hash, seed, err := parseKey(text, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	c := &cosigner{name: name, hash: hash, private: ed25519.NewKeyFromSeed(seed), now: now}
	if c.hash != keyHash(name, c.verifier().public) {
		return nil, errors.New("the private key does not agree with the hash in it; it was changed or cut")
	}
	return c, nil
}

// secret is the private key as a line of text.
func (c *cosigner) secret() string {
	return fmt.Sprintf("%s%s+%08x+%s", privatePrefix, c.name, c.hash, base64.StdEncoding.EncodeToString(append([]byte{algorithm}, c.private.Seed()...)))
}

func (c *cosigner) verifier() *Verifier {
	return &Verifier{c.name, c.hash, c.private.Public().(ed25519.PublicKey)}
}

// cosign is the signature line of the witness under a signed checkpoint.
func (c *cosigner) cosign(checkpoint []byte) (string, error) {
	text, err := bodyOf(checkpoint)
	if err != nil {
		return "", err
	}
	signed, err := note.Sign(&note.Note{Text: text}, c)
	if err != nil {
		return "", fmt.Errorf("cosign the checkpoint: %w", err)
	}
	return string(signed[len(text)+1:]), nil
}

// bodyOf is what the signatures of a signed note are about.
func bodyOf(signed []byte) (string, error) {
	end := bytes.LastIndex(signed, []byte("\n\n— "))
	if end < 0 {
		return "", errors.New("this is not a signed checkpoint")
	}
	return string(signed[:end+1]), nil
}
