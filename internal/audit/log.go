// Package audit is a tamper-evident log: an append-only table whose rows are the leaves of an RFC 6962 Merkle tree, with checkpoints of
// the tree signed in the same transaction as the events, which is the transaction of the change that they record.
//
// Editing, removing or inserting a row is found by Verify; cutting the newest rows together with the checkpoint is found by verifying
// against a checkpoint that was kept elsewhere. docs/audit.md describes the format for whoever checks it without this program.
package audit

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationTable is where goose notes the log's own migrations, apart from those of the database that the log lives in.
const migrationTable = "audit_migrations"

// Options say how a log signs and where its checkpoints go.
type Options struct {
	// Origin names the log in its checkpoints. Default: the key's name.
	Origin string
	// Key signs the checkpoints.
	Key Key
	// Clock is the time; default time.Now.
	Clock func() time.Time
	// Checkpoints, if set, receives signed checkpoints as text, to be kept where whoever can change the database cannot: the newest one
	// within Every after an event, and at Close.
	Checkpoints io.Writer
	// Every is the shortest time between two of them. Default one minute.
	Every time.Duration
}

// Log is an open audit log, safe for concurrent use.
type Log struct {
	db     *store.DB
	opts   Options
	size   atomic.Int64 // committed events
	search searcher
	out    publisher

	// What follows belongs to whoever holds the database's write turn.
	tree     tree
	lastTime int64
	tx       *store.Tx // whose rollback is taken care of
	buf      []byte
}

// Open opens the log in db, making its tables when missing.
func Open(ctx context.Context, db *store.DB, o Options) (*Log, error) {
	if o.Key.signer == nil {
		return nil, errors.New("open the audit log: no key")
	}
	if o.Origin == "" {
		o.Origin = o.Key.signer.Name()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	if strings.ContainsAny(o.Origin, "\n\r") {
		return nil, errors.New("open the audit log: the origin has more than one line")
	}
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	if err := db.Migrate(ctx, root, migrationTable); err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	l := &Log{db: db, opts: o, search: searcher{done: make(chan struct{})}}
	l.out = publisher{to: o.Checkpoints, every: o.Every, clock: o.Clock}
	err = db.Read(ctx, func(tx *store.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT indexed FROM audit_search_state").Scan(&l.search.indexed); err != nil {
			return err
		}
		return l.load(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	l.size.Store(l.tree.size)
	return l, nil
}

// load reads the right edge of the tree from the table.
func (l *Log) load(ctx context.Context, tx *store.Tx) error {
	var last, at int64 = -1, 0
	err := tx.QueryRow(ctx, "SELECT seq, time FROM audit_events ORDER BY seq DESC LIMIT 1").Scan(&last, &at)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read the newest event: %w", err)
	}
	t := tree{size: last + 1}
	levels, ks := edgePlaces(t.size)
	for i, level := range levels {
		h, err := readNode(ctx, tx, level, ks[i])
		if err != nil {
			return err
		}
		t.edge = append(t.edge, h)
	}
	l.tree, l.lastTime = t, at
	return nil
}

func readNode(ctx context.Context, tx *store.Tx, level int, k int64) (h tlog.Hash, err error) {
	var hashes []byte
	row := place(level, k)
	if err := tx.QueryRow(ctx, "SELECT hashes FROM audit_events WHERE seq = $1", row).Scan(&hashes); err != nil {
		return h, fmt.Errorf("read the hashes of event %d: %w", row, err)
	}
	if len(hashes) != tlog.HashSize*bornWith(row) {
		return h, fmt.Errorf("the hashes of event %d have %d bytes", row, len(hashes))
	}
	copy(h[:], hashes[tlog.HashSize*level:])
	return h, nil
}

const insert = "INSERT INTO audit_events (" + columns + ", hashes) VALUES " +
	"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"

// Append adds an event in the caller's transaction and returns its number. The event is in the log exactly if the transaction is kept.
func (l *Log) Append(ctx context.Context, tx *store.Tx, e Event) (int64, error) {
	if err := l.begin(ctx, tx); err != nil {
		return 0, fmt.Errorf("append to the audit log: %w", err)
	}
	now := max(l.opts.Clock().UnixMicro(), l.lastTime)
	if err := e.prepare(l.tree.size, store.Time(now)); err != nil {
		return 0, fmt.Errorf("append to the audit log: %w", err)
	}
	f := e.fields()
	l.buf = appendLeaf(l.buf[:0], f[:])
	var nodes [64]tlog.Hash
	next := l.tree.clone()
	born := next.push(tlog.RecordHash(l.buf), nodes[:0])
	hashes := make([]byte, 0, tlog.HashSize*len(born))
	for i := range born {
		hashes = append(hashes, born[i][:]...)
	}
	a := &e.Actor
	_, err := tx.Exec(ctx, insert, e.Seq, now, a.Name, a.Role, a.Session, a.IP, a.UserAgent, e.Action, e.ObjectType, e.ObjectID, e.Outcome,
		e.ErrorCode, a.RequestID, e.PlatformRequestID, e.Duration.Microseconds(), e.DetailText, hashes)
	if err != nil {
		return 0, fmt.Errorf("append to the audit log: %w", err)
	}
	l.tree, l.lastTime = next, now
	return e.Seq, nil
}

// begin takes care, once for each callback, that the tree goes back with its transaction, and once for each shared transaction that the
// checkpoint is signed before it commits and that the tree is the database's: another process may have appended.
func (l *Log) begin(ctx context.Context, tx *store.Tx) error {
	if l.tx != tx {
		was, at := l.tree, l.lastTime
		tx.OnRollback(func() { l.tree, l.lastTime, l.tx = was, at, nil })
		l.tx = tx
	}
	if !tx.BeforeCommit(l, func(tx *store.Tx) error { return l.sign(ctx, tx) }) {
		return nil
	}
	var next int64
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(seq) + 1, 0) FROM audit_events").Scan(&next); err != nil {
		return err
	}
	if next == l.tree.size {
		return nil
	}
	return l.load(ctx, tx)
}

// sign stores the checkpoint of what the shared transaction appended.
func (l *Log) sign(ctx context.Context, tx *store.Tx) error {
	ctx = context.WithoutCancel(ctx) // the transaction belongs to others too
	c, err := signCheckpoint(l.opts.Key, l.opts.Origin, l.tree.size, l.tree.root(), store.Time(l.lastTime))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO audit_checkpoint (id, size, text) VALUES (1, $1, $2) "+
		"ON CONFLICT (id) DO UPDATE SET size = excluded.size, text = excluded.text", c.Size, string(c.Text))
	if err != nil {
		return fmt.Errorf("store the checkpoint: %w", err)
	}
	tx.OnCommit(func() {
		l.size.Store(c.Size)
		l.out.offer(c)
		l.search.wake(l)
	})
	return nil
}

// Record appends an event in a transaction of its own.
func (l *Log) Record(ctx context.Context, e Event) error {
	return l.db.Write(ctx, func(tx *store.Tx) error {
		_, err := l.Append(ctx, tx, e)
		return err
	})
}

// Count is the number of events.
func (l *Log) Count() int64 { return l.size.Load() }

// PublicKey is the line of text that verifies the log's checkpoints.
func (l *Log) PublicKey() string { return l.opts.Key.public }

// Checkpoint is the newest signed checkpoint. It is also given to Options.Checkpoints.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	var c Checkpoint
	err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
		c, err = l.readCheckpoint(ctx, tx)
		return err
	})
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	l.out.offer(c)
	return c, l.out.flush()
}

// readCheckpoint reads the stored checkpoint; of a log without events it signs one.
func (l *Log) readCheckpoint(ctx context.Context, tx *store.Tx) (Checkpoint, error) {
	var text []byte
	err := tx.QueryRow(ctx, "SELECT text FROM audit_checkpoint").Scan(&text)
	if errors.Is(err, store.ErrNotFound) {
		return signCheckpoint(l.opts.Key, l.opts.Origin, 0, (&tree{}).root(), l.opts.Clock())
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(text, l.opts.Key.public)
}

// Close gives the newest checkpoint out and waits for work in the background. Call it before closing the database.
func (l *Log) Close() error {
	l.search.close()
	return l.out.close()
}

// publisher writes checkpoints out, not more often than allowed. A failure is kept and told by flush and close.
type publisher struct {
	to    io.Writer
	every time.Duration
	clock func() time.Time

	mu      sync.Mutex
	waiting *Checkpoint
	size    int64 // of the last one written
	at      time.Time
	timer   *time.Timer
	closed  bool
	err     error
}

func (p *publisher) offer(c Checkpoint) {
	if p.to == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Size <= p.size && !p.at.IsZero() {
		return
	}
	p.waiting = &c
	if wait := p.every - p.clock().Sub(p.at); p.at.IsZero() || wait <= 0 {
		p.write()
	} else if p.timer == nil && !p.closed {
		p.timer = time.AfterFunc(wait, func() { _ = p.flush() }) // flush keeps its error for the next caller
	}
}

func (p *publisher) write() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	c := p.waiting
	if c == nil {
		return
	}
	if _, err := p.to.Write(append(c.Text[:len(c.Text):len(c.Text)], '\n')); err != nil {
		p.err = fmt.Errorf("write the checkpoint out: %w", err)
		return
	}
	p.waiting, p.size, p.at, p.err = nil, c.Size, p.clock(), nil
}

func (p *publisher) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to != nil {
		p.write()
	}
	return p.err
}

func (p *publisher) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	return p.flush()
}
