package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// markerFormat names the layout of the marker.
const markerFormat = "sealdesk-data-1"

// marker is the file in a data folder that says what belongs there, so that what is missing, foreign or older is known for it. It holds no
// secret.
type marker struct {
	Format string               `json:"format"`
	ID     string               `json:"id"` // of the instance
	Made   time.Time            `json:"made"`
	Halves map[string]*halfMark `json:"halves"` // by the name of the half
}

// halfMark is what the marker says of one half of a data folder.
type halfMark struct {
	Making     bool              `json:"making,omitempty"` // its first start has not ended yet: files may be missing
	Keys       map[string]string `json:"keys"`             // fingerprints by file
	Schema     map[string]int64  `json:"schema"`           // newest migration by table
	Checkpoint string            `json:"checkpoint"`       // the last of its log that was kept here
	Seal       string            `json:"seal,omitempty"`   // of the checkpoint, which another that was given out does not have
}

func newMarker() *marker {
	return &marker{Format: markerFormat, ID: strings.ToLower(rand.Text()), Made: time.Now().UTC().Truncate(time.Second), Halves: map[string]*halfMark{}}
}

// readMarker gives nil for a folder without one.
func (f folders) readMarker() (*marker, error) {
	text, err := os.ReadFile(f.marker())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var m marker
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil && m.Format != markerFormat {
		err = fmt.Errorf("the format %q is unknown", m.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("read the marker: %w", err)
	}
	if m.Halves == nil {
		m.Halves = map[string]*halfMark{}
	}
	return &m, nil
}

// writeMarker replaces the marker in one step that a power cut does not leave half done.
func (f folders) writeMarker(m *marker) (err error) {
	if err := os.MkdirAll(f.root, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(f.root, ".sealdesk-*")
	if err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	_, err = part.Write(append(text, '\n'))
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the marker: %w", err), os.Remove(part.Name()))
	}
	if err := os.Rename(part.Name(), f.marker()); err != nil {
		return fmt.Errorf("write the marker: %w", err)
	}
	folder, err := os.Open(f.root)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// fingerprints are what tells the keys of a half from others: of the key that signs its log the public one, of a secret one a hash.
func (h half) fingerprints() (map[string]string, error) {
	key, err := audit.ReadKey(h.path(h.logKey))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.path(h.logKey), err)
	}
	secret, err := os.ReadFile(h.path(h.masterKey))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte("sealdesk fingerprint\n" + strings.TrimSpace(string(secret))))
	return map[string]string{h.logKey: key.Public(), h.masterKey: "sha256:" + hex.EncodeToString(sum[:16])}, nil
}

// remember keeps a checkpoint of a half's log with its seal.
func (m *marker) remember(h half, checkpoint string) error {
	key, err := audit.ReadKey(h.path(h.logKey))
	if err == nil {
		m.Halves[h.name].Checkpoint, m.Halves[h.name].Seal = checkpoint, key.Seal(checkpoint)
	}
	return err
}

// genuine tells whether the checkpoint in a mark is what the program kept there; that of a foreign key is told by its fingerprint.
func (h half) genuine(mark *halfMark) bool {
	if mark.Checkpoint == "" {
		return true
	}
	if len(audit.FindCheckpoints([]byte(mark.Checkpoint), h.origin, mark.Keys[h.logKey])) == 0 {
		return false
	}
	key, err := audit.ReadKey(h.path(h.logKey))
	return err == nil && (key.Public() != mark.Keys[h.logKey] || key.Sealed(mark.Checkpoint, mark.Seal))
}

// half is the portal's or the engine's part of a data folder: a database with a log, and the keys of both.
type half struct {
	name      string // as commands and texts call it
	dir       string
	database  string // files, relative to dir
	masterKey string
	logKey    string
	origin    string    // of the log
	set       store.Set // of migrations, beside those of the log
	sealed    func(master []byte) *store.Sealed
}

func (h half) path(file string) string { return filepath.Join(h.dir, filepath.FromSlash(file)) }

// sealedRows are the tables of the half's database whose rows carry MACs.
func (h half) sealedRows() (*store.Sealed, error) {
	master, err := store.LoadKey(h.path(h.masterKey))
	if err != nil {
		return nil, err
	}
	return h.sealed(master), nil
}

// checkpoints is the file of the half's checkpoints beside its database.
func (h half) checkpoints() string { return h.path("checkpoints.txt") }

// files are what a half cannot be without.
func (h half) files() []string { return []string{h.database, h.logKey, h.masterKey} }

// there tells whether anything of the half is there.
func (h half) there() bool {
	for _, file := range h.files() {
		if _, err := os.Lstat(h.path(file)); err == nil {
			return true
		}
	}
	return false
}
