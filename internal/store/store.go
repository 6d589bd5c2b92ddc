// Package store opens an SQLite database for a server: one writer whose callers share commits, a few read-only connections,
// migrations, and PostgreSQL-style placeholders.
//
// A Write that returned nil is on the disk: the log is synchronised before the commit answers. A callback must use its Tx only until it
// returns, and must not call Write again (it would wait for itself). Times are integers, see Micros.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound says that no row matched; Row.Scan returns it.
	ErrNotFound = errors.New("not found")
	// ErrClosed says that the database was closed.
	ErrClosed = errors.New("the database is closed")
	// ErrTxDone says that a Tx was used after its callback returned.
	ErrTxDone = errors.New("the transaction has ended")
	// ErrBusy says that others use the database, so that its write-ahead log could not be emptied.
	ErrBusy = errors.New("others use the database")
	// ErrReadOnly says that Exec was called in a Read.
	ErrReadOnly = errors.New("the transaction is read-only")
)

// Options say which database to open.
type Options struct {
	// Path is the file; its folder is made when missing. Empty or ":memory:" keeps the database in a private temporary folder that Close
	// removes, without waiting for the disk: everything else behaves as in a file, which SQLite's own memory mode does not.
	Path string
	// Migrations holds .sql files in its root, as Migrate takes them; nil applies none.
	Migrations fs.FS
	// Table is where goose notes what it applied. Default "goose_db_version".
	Table string
	// Beside are the other sets of migrations that live in the database, whoever applies them. With any, a structure that no set made is refused:
	// at opening, and by each Write, see SchemaError.
	Beside []Set
	// Readers is the number of read-only connections. Default 4.
	Readers int
	// ReadOnly opens a database that exists, and changes neither it nor its folder; Migrations are then not applied.
	ReadOnly bool
	// Sealed names the tables whose rows carry a MAC; nil for none.
	Sealed *Sealed
}

// DB is an open database, safe for concurrent use.
type DB struct {
	path string
	dsn  string
	temp string // folder to remove on Close

	readOnly  bool
	immutable bool // read as a file that nobody changes
	writer    *sql.DB
	conn      *sql.Conn // the writer's only connection
	changed   *changedRow
	readers   *sql.DB
	idle      chan *reader // read-only connections that nobody uses; nil ones are opened on first use
	texts     statementTexts
	group     group

	sets         []Set // all that live in the database; none where its structure is not looked at
	structure    int64 // SQLite's count of its changes when it was found good; belongs to the writer's turn
	structureErr atomic.Pointer[error]
	sealing      sealing
}

// reader is a read-only connection.
type reader struct {
	*sql.Conn
	changed *changedRow
}

// statements is how many prepared statements a connection keeps.
const statements = 128

// Open opens the database, makes it when missing, and applies the migrations.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Readers <= 0 {
		o.Readers = 4
	}
	d := &DB{path: o.Path, idle: make(chan *reader, o.Readers), readOnly: o.ReadOnly}
	if len(o.Beside) > 0 {
		d.sets = append([]Set{{Files: o.Migrations, Table: o.Table}}, o.Beside...)
	}
	synchronous := "FULL"
	if o.Path == "" || o.Path == ":memory:" {
		folder, err := os.MkdirTemp("", "sealdesk-memory-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary database: %w", err)
		}
		d.temp, d.path, synchronous = folder, filepath.Join(folder, "memory.db"), "OFF"
	}
	d.dsn = dsn(d.path, url.Values{"_synchronous": {synchronous}, "_txlock": {"immediate"}, "_journal_mode": {"WAL"}})
	d.group.init()
	for range o.Readers {
		d.idle <- nil
	}
	opening := d.open
	if o.ReadOnly {
		opening = d.openReadOnly
	}
	if err := opening(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", d.path, err), d.Close())
	}
	return d, nil
}

func (d *DB) open(ctx context.Context, o Options) (err error) {
	if err := create(d.path); err != nil {
		return err
	}
	if d.writer, err = sql.Open("sqlite3", d.dsn); err != nil {
		return err
	}
	d.writer.SetMaxOpenConns(1)
	if d.conn, err = d.writer.Conn(ctx); err != nil {
		return err
	}
	var searchable bool
	if err := d.conn.QueryRowContext(ctx, "SELECT sqlite_compileoption_used('ENABLE_FTS5')").Scan(&searchable); err != nil {
		return err
	}
	if !searchable {
		return errors.New("this program was built without full-text search; build it with `make build`, or with -tags sqlite_fts5")
	}
	var mode string
	if err := d.conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system refuses write-ahead logging (journal mode is %q)", mode)
	}
	// The names of the database and its log must survive a power cut before anything in them is promised.
	if err := syncDir(filepath.Dir(d.path)); err != nil {
		return err
	}
	if err := d.holdSchema(ctx); err != nil {
		return err
	}
	if o.Migrations != nil {
		if err := d.Migrate(ctx, o.Migrations, o.Table); err != nil {
			return err
		}
	}
	err = d.openReaders(ctx, o, url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_txlock": {"deferred"}, "_synchronous": {"FULL"}})
	if err == nil {
		d.changed, err = d.connectSealed(ctx, d.conn, true)
	}
	return err
}

func (d *DB) openReaders(ctx context.Context, o Options, settings url.Values) (err error) {
	if d.readers, err = sql.Open("sqlite3", dsn(d.path, settings)); err != nil {
		return err
	}
	// Reads keep their connections: one more is for what is asked without a Read, such as Version.
	d.readers.SetMaxOpenConns(o.Readers + 1)
	d.readers.SetMaxIdleConns(o.Readers + 1)
	return d.openSealed(ctx, d.readers, o.Sealed)
}

// create makes the folder and an empty file that only this user may read; SQLite gives its log the same rights.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator's own setting
	if err != nil {
		return err
	}
	return f.Close()
}

func dsn(path string, settings url.Values) string {
	settings.Set("_busy_timeout", "5000")
	settings.Set("_foreign_keys", "on")
	settings.Set("_stmt_cache_size", strconv.Itoa(statements))
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

func syncDir(path string) error {
	f, err := os.Open(path) // #nosec G304 -- the operator's own setting
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Path is the database's file, also of one in memory.
func (d *DB) Path() string { return d.path }

// Close waits for the running callbacks, then closes every connection. What comes later gets ErrClosed.
func (d *DB) Close() error {
	if !d.group.close() {
		return nil
	}
	var errs []error
	for range cap(d.idle) {
		if conn := <-d.idle; conn != nil {
			errs = append(errs, conn.Close())
		}
	}
	for range cap(d.idle) {
		d.idle <- nil
	}
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.Close())
	}
	if d.temp != "" {
		errs = append(errs, os.RemoveAll(d.temp))
	}
	return errors.Join(errs...)
}

// Read runs f over one consistent state of the database. It sees every Write that returned before it began, waits for no writer, and ends
// with ctx.
func (d *DB) Read(ctx context.Context, f func(*Tx) error) (err error) {
	var conn *reader
	select {
	case conn = <-d.idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { d.idle <- conn }()
	if d.group.closed() {
		return ErrClosed
	}
	if conn == nil {
		if conn, err = d.openReader(ctx); err != nil {
			return fmt.Errorf("open a reading connection: %w", err)
		}
	}
	if _, err := conn.ExecContext(background, "BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	tx := &Tx{db: d, conn: conn.Conn, readOnly: true, changed: conn.changed}
	defer func() {
		tx.end()
		if changed := conn.changed.take(); changed != nil {
			err = changed
		}
		if errors.Is(err, ErrRowChanged) {
			err = d.tellChanged(err)
		}
		if _, e := conn.ExecContext(background, "ROLLBACK"); e != nil && err == nil {
			err = fmt.Errorf("end reading: %w", e)
		}
	}()
	return f(tx)
}

func (d *DB) openReader(ctx context.Context) (*reader, error) {
	conn, err := d.readers.Conn(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := d.connectSealed(context.WithoutCancel(ctx), conn, false)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &reader{conn, changed}, nil
}

// background has no end, so that SQLite is never interrupted in the middle: an interrupted INSERT would take the whole shared
// transaction with it.
var background = context.Background()

// Micros is t as the database keeps it: microseconds since 1970 UTC. The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the inverse of Micros, in UTC.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// IsUnique tells whether err is a broken UNIQUE or PRIMARY KEY rule.
func IsUnique(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey ||
		e.ExtendedCode == sqlite3.ErrConstraintRowID
}
