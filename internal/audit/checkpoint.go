package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
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

// OpenKey reads the key in a file, or makes one of that name and writes it there, readable by this user only.
func OpenKey(path, name string) (Key, error) {
	data, err := os.ReadFile(path) // #nosec G304 -- the operator's own setting
	if err == nil {
		return ParseKey(strings.TrimSpace(string(data)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return Key{}, fmt.Errorf("read the audit key: %w", err)
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

// Checkpoint says that the first Size events of a log have the root hash Root. Its Text is a signed note
// (C2SP tlog-checkpoint with one extension line, the time).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Time   time.Time
	Text   []byte
}

func signCheckpoint(key Key, origin string, size int64, root tlog.Hash, now time.Time) (Checkpoint, error) {
	now = now.UTC().Truncate(time.Microsecond)
	body := fmt.Sprintf("%s\n%d\n%s\ntime %s\n", origin, size, root, now.Format(time.RFC3339Nano))
	text, err := note.Sign(&note.Note{Text: body}, key.signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return Checkpoint{origin, size, root, now, text}, nil
}

// ParseCheckpoint reads one checkpoint and checks its signature against a public key.
func ParseCheckpoint(text []byte, publicKey string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(publicKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the public key: %w", err)
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("check the checkpoint's signature: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return Checkpoint{}, errors.New("read the checkpoint: too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("read the checkpoint: the size %q is no number", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root, Text: text}
	if at, ok := strings.CutPrefix(lines[3], "time "); ok {
		if c.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	return c, nil
}

// ParseCheckpoints reads one or more checkpoints that stand in a file one after the other, as Options.Checkpoints receives them.
func ParseCheckpoints(data []byte, publicKey string) ([]Checkpoint, error) {
	var all []Checkpoint
	var text []byte
	signed := false
	flush := func() error {
		if len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		c, err := ParseCheckpoint(text, publicKey)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", len(all)+1, err)
		}
		all = append(all, c)
		return nil
	}
	for line := range bytes.Lines(data) {
		isSignature := bytes.HasPrefix(line, []byte("— "))
		if signed && !isSignature { // the blank line between two
			if err := flush(); err != nil {
				return nil, err
			}
			text, signed = nil, false
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
		}
		text = append(text, line...)
		signed = signed || isSignature
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("there is no checkpoint in it")
	}
	return all, nil
}
