package audit

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs the checkpoints of a log (Ed25519). Its name is the log's origin.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
	private  string
	public   string
}

// NewKey makes a key. The name is the log's origin, such as "contracts.example.com/portal"; it has no space and no plus sign.
func NewKey(name string) (Key, error) {
	private, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return Key{}, fmt.Errorf("make an audit key: %w", err)
	}
	return ParseKey(private)
}

// ParseKey reads what Private gave.
func ParseKey(private string) (Key, error) {
	signer, err := note.NewSigner(private)
	if err != nil {
		return Key{}, fmt.Errorf("read the audit key: %w", err)
	}
	parts := strings.SplitN(private, "+", 5) // PRIVATE+KEY+name+hash+base64(algorithm, seed)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return Key{}, errors.New("read the audit key: not an Ed25519 key")
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return Key{}, fmt.Errorf("read the audit key: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return Key{}, fmt.Errorf("read the audit key: %w", err)
	}
	return Key{signer, verifier, private, public}, nil
}

// ReadKey reads the key in a file.
func ReadKey(path string) (Key, error) {
	data, err := os.ReadFile(path) // #nosec G304 -- the operator's own setting
	if err != nil {
		return Key{}, fmt.Errorf("read the audit key: %w", err)
	}
	return ParseKey(strings.TrimSpace(string(data)))
}

// OpenKey reads the key in a file, or makes one of that name and writes it there, readable by this user only.
func OpenKey(path, name string) (Key, error) {
	if key, err := ReadKey(path); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key, err := NewKey(name)
	if err != nil {
		return Key{}, err
	}
	if err := writeNew(path, key.private+"\n"); err != nil {
		return Key{}, fmt.Errorf("write the audit key: %w", err)
	}
	return key, nil
}

// writeNew writes a file that did not exist and waits until it and its name are on the disk.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the operator's own setting
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	folder, err := os.Open(filepath.Dir(path)) // #nosec G304 -- the operator's own setting
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Private is the key as a line of text. It is a secret.
func (k Key) Private() string { return k.private }

// Public is the line of text that verifies what the key signed. Give it to whoever checks exports.
func (k Key) Public() string { return k.public }

// The purposes of a Key's MACs. None fits where another is asked for.
const (
	macFold = "sealdesk audit fold 1" // a row of audit_folds
	macSeal = "sealdesk audit seal 1" // the checkpoint in the database
	macMark = "sealdesk audit mark 1" // the checkpoint that the owner of the log keeps beside it

	macPerson = "sealdesk audit person 1" // finds a row of audit_people
	macValue  = "sealdesk audit value 1"  // finds a row of audit_values
)

// derivePeople is the purpose of the key that encrypts the keys of persons.
const derivePeople = "sealdesk audit people 1"

// derive makes a key of 32 bytes for a purpose out of the private one.
func (k Key) derive(purpose string) []byte {
	derived := hmac.New(sha256.New, []byte(k.private))
	derived.Write([]byte(purpose))
	return derived.Sum(nil)
}

// mac authenticates a text for a purpose: 64 hex digits of HMAC-SHA-256 under a key that is derived from the private one. Only the log itself
// can make it and check it, and nothing that the log gives out holds it.
func (k Key) mac(purpose, text string) string {
	sum := hmac.New(sha256.New, k.derive(purpose))
	sum.Write([]byte(text))
	return hex.EncodeToString(sum.Sum(nil))
}

// fits checks what mac gave.
func (k Key) fits(mac, purpose, text string) bool {
	return hmac.Equal([]byte(mac), []byte(k.mac(purpose, text)))
}

// stored tells whether a checkpoint stands in the database as the log stored it. One of before there were seals has none.
func (k Key) stored(c *Checkpoint, seal string) bool {
	return !c.Sealed && seal == "" || k.fits(seal, macSeal, string(c.Text))
}

// Seal is a seal of a checkpoint of the key's log, to be kept with it by the owner of the log and given to nobody: a checkpoint that was
// given out does not have it.
func (k Key) Seal(checkpoint string) string { return k.mac(macMark, checkpoint) }

// Sealed tells whether the seal is that of the checkpoint; a checkpoint of before there were seals needs none.
func (k Key) Sealed(checkpoint, seal string) bool {
	c, err := ParseCheckpoint([]byte(checkpoint), k.public)
	return err == nil && (!c.Sealed || k.fits(seal, macMark, checkpoint))
}
