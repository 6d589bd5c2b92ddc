package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyBytes is the size of a master key: AES-256.
const KeyBytes = 32

// Vault encrypts what may not rest in clear: secret keys, private keys and personal data. Each box is bound to its
// table, column and row, so that a box copied to another row does not open there.
type Vault struct {
	aead  cipher.AEAD
	index []byte // key of blind indexes
}

// NewVault makes the vault of a database; each name has keys of its own below the master key.
func NewVault(master []byte, name string) (*Vault, error) {
	if len(master) != KeyBytes {
		return nil, fmt.Errorf("the master key has %d bytes, not %d", len(master), KeyBytes)
	}
	sealing, err := hkdf.Key(sha256.New, master, nil, "sealdesk "+name+" boxes", KeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive the box key: %w", err)
	}
	index, err := hkdf.Key(sha256.New, master, nil, "sealdesk "+name+" index", KeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive the index key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return &Vault{aead: aead, index: index}, nil
}

// Seal encrypts for one place, such as "engine_users.mobile" and a user id. An empty text stays absent (nil).
func (v *Vault) Seal(column, id string, plain []byte) []byte {
	if len(plain) == 0 {
		return nil
	}
	return v.aead.Seal(nil, nil, plain, []byte(column+"|"+id))
}

// Open decrypts a box of Seal.
func (v *Vault) Open(column, id string, box []byte) ([]byte, error) {
	if len(box) == 0 {
		return nil, nil
	}
	plain, err := v.aead.Open(nil, nil, box, []byte(column+"|"+id))
	if err != nil {
		return nil, fmt.Errorf("decrypt %s of %s: %w", column, id, err)
	}
	return plain, nil
}

// OpenText is Open for texts.
func (v *Vault) OpenText(column, id string, box []byte) (string, error) {
	plain, err := v.Open(column, id, box)
	return string(plain), err
}

// Blind gives the blind index of a value: equal values of one purpose have equal indexes, and nothing else shows.
func (v *Vault) Blind(purpose, value string) []byte {
	mac := hmac.New(sha256.New, v.index)
	mac.Write([]byte(purpose + "|" + strings.ToUpper(strings.TrimSpace(value))))
	return mac.Sum(nil)[:16]
}

// LoadKey reads a file with a master key, or makes one that only its owner can read.
func LoadKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeyBytes {
		return nil, fmt.Errorf("%s does not hold %d bytes in hex", path, KeyBytes)
	}
	return key, nil
}

// makeKey writes a fresh key durably: data encrypted with a key that a power cut loses would be lost with it.
func makeKey(path string) (key []byte, err error) {
	key = make([]byte, KeyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	_, werr := f.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("write the master key: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("sync the key folder: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return nil, fmt.Errorf("sync the key folder: %w", err)
	}
	return key, nil
}
