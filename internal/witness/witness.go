package witness

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"sealdesk/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// What lies in the folder of a witness.
const (
	KeyName  = "witness.key"
	FileName = "witness.db"
)

// Options say what a witness attests. Dir, Name and Logs must be set.
type Options struct {
	Dir    string   // its key and its memory; made by the first start
	Name   string   // in its signatures; fixed by the first start
	Logs   []string // public keys of the logs, name+hash+base64; the name is the log's origin
	Clock  func() time.Time
	Logger *slog.Logger
}

// Witness is an open witness, safe for concurrent use.
type Witness struct {
	db     *store.DB
	key    *cosigner
	logs   map[string]logKey // by origin
	now    func() time.Time
	logger *slog.Logger
}

// logKey is the key of a log, as text and ready to verify.
type logKey struct {
	key       string
	verifiers note.Verifiers
}

// ErrLost says that a part of a witness is gone. One that has forgotten what it signed would sign another history.
var ErrLost = errors.New("the witness is not whole")

// Open opens a witness, or makes one in a folder that has none. It refuses a folder that has the key without the memory, or the other
// way round, with ErrLost.
func Open(ctx context.Context, o Options) (*Witness, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Witness{logs: make(map[string]logKey), now: o.Clock, logger: o.Logger}
	for _, text := range o.Logs {
		v, err := note.NewVerifier(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("the key %q of a log cannot be read: %w", text, err)
		}
		if _, twice := w.logs[v.Name()]; twice {
			return nil, fmt.Errorf("two keys are given for the log %q", v.Name())
		}
		w.logs[v.Name()] = logKey{strings.TrimSpace(text), note.VerifierList(v)}
	}
	if len(w.logs) == 0 {
		return nil, errors.New("a witness needs the public key of a log at least")
	}
	if err := w.open(ctx, o); err != nil {
		return nil, fmt.Errorf("open the witness: %w", err)
	}
	return w, nil
}

func (w *Witness) open(ctx context.Context, o Options) error {
	keyPath, dbPath := filepath.Join(o.Dir, KeyName), filepath.Join(o.Dir, FileName)
	hasKey, keyErr := exists(keyPath)
	hasDB, dbErr := exists(dbPath)
	if err := errors.Join(keyErr, dbErr); err != nil {
		return err
	}
	switch {
	case hasKey && !hasDB:
		return fmt.Errorf("%w: %s is missing beside the key; put it back, or begin a new witness in an empty folder with another key", ErrLost, dbPath)
	case hasDB && !hasKey:
		return fmt.Errorf("%w: %s is missing; put it back, or begin a new witness in an empty folder", ErrLost, keyPath)
	case !hasKey && !isName(o.Name):
		return fmt.Errorf("the name %q of the witness is empty, or has a space or a plus sign", o.Name)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return err
	}
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if w.db, err = store.Open(ctx, store.Options{Path: dbPath, Migrations: root, Table: "witness_schema"}); err != nil {
		return err
	}
	if w.key, err = openKey(keyPath, hasKey, o); err != nil {
		return errors.Join(err, w.db.Close())
	}
	return nil
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openKey reads the key, or makes it last of all: a folder without it was never a witness.
func openKey(path string, has bool, o Options) (*cosigner, error) {
	if has {
		data, err := os.ReadFile(path) // #nosec G304 -- the operator's own setting
		if err != nil {
			return nil, err
		}
		key, err := parseCosigner(string(data), o.Clock)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return key, nil
	}
	key, err := newCosigner(o.Name, o.Clock)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // #nosec G304 -- the operator's own setting
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(key.secret() + "\n")
	return key, errors.Join(err, f.Sync(), f.Close())
}

// PublicKey verifies the witness's signatures: give it to the logs that ask, and to whoever checks their checkpoints.
func (w *Witness) PublicKey() string { return w.key.verifier().String() }

// Close ends the witness.
func (w *Witness) Close() error { return w.db.Close() }
