package db

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the portal's database. It is safe for concurrent use.
type DB struct {
	store    *store.DB
	audit    *audit.Log
	readings *audit.Folder
	vault    *store.Vault // for what may not rest in clear
	now      func() time.Time

	policy        atomic.Pointer[auth.Policy]
	mail, webhook bool                  // notices go out, see Deliver
	onDelivery    func()                // may be nil
	onAccount     func(context.Context) // may be nil
}

// ErrNotFound is what reading an unknown object gives, and an object outside of the scope. It is store's, so that whoever may not import
// store can tell it too.
var ErrNotFound = store.ErrNotFound

// ErrSchema says that the structure of the database was changed outside of Sealdesk; nothing is written any more. It is store's.
var ErrSchema = store.ErrSchema

// ErrRowChanged says that a row which was needed was changed outside of Sealdesk: nothing followed from it. It is store's.
var ErrRowChanged = store.ErrRowChanged

// ErrConflict says that the object is no longer as the caller saw it, or that a rule between objects forbids the change.
var ErrConflict = errors.New("conflict")

// Scope is what an account may reach: everything, or the objects of some sub-organisations.
type Scope struct {
	All           bool
	Organizations []string
}

// Everything is the scope without a bound.
func Everything() Scope { return Scope{All: true} }

// Allows tells whether objects of the organisation are within the scope.
func (s Scope) Allows(organizationID string) bool {
	return s.All || slices.Contains(s.Organizations, organizationID)
}

// clause is an SQL condition on column that holds within the scope, with its arguments numbered after the n that stand before. It is empty
// for Everything, false for nothing at all; it starts with AND.
func (s Scope) clause(column string, n int) (string, []any) {
	if s.All {
		return "", nil
	}
	if len(s.Organizations) == 0 {
		return " AND 1 = 0", nil
	}
	args := make([]any, len(s.Organizations))
	marks := make([]string, len(s.Organizations))
	for i, id := range s.Organizations {
		args[i] = id
		marks[i] = "$" + strconv.Itoa(n+i+1)
	}
	return " AND " + column + " IN (" + strings.Join(marks, ", ") + ")", args
}

// Page asks for a part of a list: the Limit rows after the position After, which is empty for the newest.
type Page struct {
	After string
	Limit int
}

// The bounds of Page.Limit.
const (
	DefaultLimit = 25
	MaxLimit     = 200
)

// limit is the number of rows to ask for, one more than shown, so that the last one tells whether there are more.
func (p Page) limit() int { return p.size() + 1 }

func (p Page) size() int {
	switch {
	case p.Limit <= 0:
		return DefaultLimit
	default:
		return min(p.Limit, MaxLimit)
	}
}

// clause is an SQL condition for rows after the position, by (created, id) descending, numbered after the n arguments before. It starts
// with AND; it is empty at the start. A position that cannot be read counts as the start.
func (p Page) clause(created, id string, n int) (string, []any) {
	micros, key, ok := parsePosition(p.After)
	if !ok {
		return "", nil
	}
	return fmt.Sprintf(" AND (%s, %s) < ($%d, $%d)", created, id, n+1, n+2), []any{micros, key}
}

// cut takes the extra row off a page and returns where the next page starts, empty for no more.
func cut[T any](p Page, rows []T, position func(T) (time.Time, string)) ([]T, string) {
	if len(rows) <= p.size() {
		return rows, ""
	}
	rows = rows[:p.size()]
	at, id := position(rows[len(rows)-1])
	return rows, base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(store.Micros(at), 36) + "." + id))
}

func parsePosition(after string) (int64, string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil || after == "" {
		return 0, "", false
	}
	at, id, ok := strings.Cut(string(raw), ".")
	micros, err := strconv.ParseInt(at, 36, 64)
	return micros, id, ok && err == nil
}

// Options say where the database lies and how its audit log is named.
type Options struct {
	Dir         string // data folder; empty keeps everything in memory
	Clock       func() time.Time
	Origin      string    // name of the audit log in its checkpoints; fixed by the first start
	Checkpoints io.Writer // where signed checkpoints go besides the database; may be nil
	// Known, OnBreak and OnRow are those of the audit log, see audit.Options.
	Known   []string
	OnBreak func(audit.Break)
	OnRow   func(audit.ChangedRow)
}

// What lies in the data folder.
const (
	FileName   = "portal.db"
	KeyName    = "audit.key"
	MasterName = "master.key" // of the vault
)

// SchemaTable is where goose notes the migrations of the portal's tables.
const SchemaTable = "portal_migrations"

// Set are the migrations of the portal's tables; those of the audit log live beside them.
func Set() store.Set {
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return store.Set{Files: root, Table: SchemaTable}
}

// defaultOrigin names an audit log that nobody named.
const defaultOrigin = "sealdesk/portal"

// Open opens the portal's database, brings its tables up to date and the audit log with it.
func Open(ctx context.Context, opts Options) (*DB, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	path, key, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	master, err := masterKey(opts.Dir)
	if err != nil {
		return nil, err
	}
	vault, err := store.NewVault(master, vaultName)
	if err != nil {
		return nil, err
	}
	set := Set()
	s, err := store.Open(ctx, store.Options{Path: path, Migrations: set.Files, Table: set.Table, Sealed: SealedRows(master), Beside: []store.Set{audit.Set()}})
	if err != nil {
		return nil, fmt.Errorf("open the portal's database: %w", err)
	}
	log, err := audit.Open(ctx, s, audit.Options{Key: key, Clock: opts.Clock, Checkpoints: opts.Checkpoints, Known: opts.Known, OnBreak: opts.OnBreak,
		OnRow: opts.OnRow})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the audit log: %w", err), s.Close())
	}
	err = refuseEmptied(ctx, s, log)
	if err == nil {
		err = log.SealRows(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, log.Close(), s.Close())
	}
	d := &DB{store: s, audit: log, readings: audit.NewFolder(s, log), vault: vault, now: opts.Clock}
	if err := d.loadPolicy(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// refuseEmptied refuses a log without a single event in a database that has accounts: adding one leaves an event.
func refuseEmptied(ctx context.Context, s *store.DB, log *audit.Log) error {
	if log.Count() > 0 {
		return nil
	}
	var has bool
	err := s.Read(ctx, func(tx *store.Tx) error { return anyAccount(ctx, tx, &has) })
	if err == nil && has {
		err = audit.ErrEmptied
	}
	return err
}

// prepare makes the data folder and the key of the audit log, at the first start.
func prepare(opts Options) (path string, key audit.Key, err error) {
	if opts.Origin == "" {
		opts.Origin = defaultOrigin
	}
	if opts.Dir == "" {
		key, err = audit.NewKey(opts.Origin)
		return "", key, err
	}
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return "", key, fmt.Errorf("make the data folder: %w", err)
	}
	key, err = audit.OpenKey(filepath.Join(opts.Dir, KeyName), opts.Origin)
	return filepath.Join(opts.Dir, FileName), key, err
}

// masterKey takes the master key from the data folder; in memory there is one for as long as the database lives.
func masterKey(dir string) ([]byte, error) {
	if dir == "" {
		key := make([]byte, store.KeyBytes)
		rand.Read(key) //nolint:errcheck // never fails
		return key, nil
	}
	key, err := store.LoadKey(filepath.Join(dir, MasterName))
	if err != nil {
		return nil, fmt.Errorf("open the portal's vault: %w", err)
	}
	return key, nil
}

// Close writes what was read and not told yet, ends the work of the audit log and closes the database; calls under way end first.
func (d *DB) Close() error {
	return errors.Join(d.readings.Close(), d.audit.Close(), d.store.Close())
}

// Store is the database below, for backups and features of their own.
func (d *DB) Store() *store.DB { return d.store }

// Audit is the audit log in this database.
func (d *DB) Audit() *audit.Log { return d.audit }

// Readings takes what is read and becomes few events of the audit log. The program that serves calls its Recover first.
func (d *DB) Readings() *audit.Folder { return d.readings }

// Refused gives the reason why nothing is written any more, an ErrSchema; nil when all is well.
func (d *DB) Refused() error { return d.store.Refused() }

// Ready tells whether the database answers and takes changes.
func (d *DB) Ready(ctx context.Context) error {
	if err := d.store.Refused(); err != nil {
		return err
	}
	return d.store.Read(ctx, func(tx *store.Tx) error {
		var one int
		return tx.QueryRow(ctx, "SELECT 1").Scan(&one)
	})
}

// record appends an event of a change to the audit log, in its transaction. Outcome is "ok" unless the event says otherwise.
func (d *DB) record(ctx context.Context, tx *store.Tx, e audit.Event) error {
	e.Actor = audit.ActorFrom(ctx)
	if e.Outcome == "" {
		e.Outcome = audit.OK
	}
	if _, err := d.audit.Append(ctx, tx, e); err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}

// newID makes a random identifier of 128 bits with a prefix that tells its kind, such as "acc_".
func newID(prefix string) string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails; it ends the program instead
	return prefix + hex.EncodeToString(b[:])
}

// flag turns a bool into the integer that columns hold.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
