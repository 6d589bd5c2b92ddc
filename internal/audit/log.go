// Package audit is a tamper-evident log: an append-only table whose rows are the leaves of an RFC 6962 Merkle tree, with checkpoints of
// the tree signed in the same transaction as the events, which is the transaction of the change that they record.
//
// Before it signs, a log checks that the tree which it signs grows from what it signed before; what does not is never signed, see Break.
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
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// SchemaTable is where goose notes the log's own migrations, apart from those of the database that the log lives in.
const SchemaTable = "audit_migrations"

// Set are the log's migrations, for whoever opens the database that a log lives in.
func Set() store.Set {
	root, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return store.Set{Files: root, Table: SchemaTable,
		Guards: []string{"audit_events_no_update", "audit_events_no_delete", "audit_events_no_gap", "audit_checkpoint_no_delete", "audit_checkpoint_grows"}}
}

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
	// Known are texts of checkpoints of this log that were kept outside of the database: what is stored must go on from all of them.
	Known []string
	// OnBreak, if set, is told once of each break. It must not use the log.
	OnBreak func(Break)
	// OnRow, if set, is told once of each row outside of the log that was changed outside of Sealdesk, see SealRows. It must not use the log.
	OnRow func(ChangedRow)
	// ReadOnly opens a log to be read and verified; its tables must be there, and nothing is changed.
	ReadOnly bool
}

// Log is an open audit log, safe for concurrent use.
type Log struct {
	db     *store.DB
	opts   Options
	vault  *store.Vault // of the keys of persons
	size   atomic.Int64 // number after the last committed event
	broken atomic.Pointer[Break]
	search searcher
	out    publisher

	changed changedRows
	erased  erasures

	// What follows belongs to whoever holds the database's write turn.
	state state
	known []Checkpoint // the last that this process signed or found good; at first Options.Known
	tx    *store.Tx    // whose rollback is taken care of
	buf   []byte
	// tokens are those of values that were concealed lately, by person and value.
	tokens map[[2]string]string
}

// state is where the log stands.
type state struct {
	Segment
	tree tree
	time int64  // of the newest event
	text []byte // the checkpoint in the database; nil before the first event
	seal string // that stands with it; empty for one of before there were seals
}

// next is the number of the next event.
func (s *state) next() int64 { return s.First + s.tree.size }

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
	if err := prepare(ctx, db, o.ReadOnly); err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	known, err := parseKnown(o.Known, o.Key.public)
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	vault, err := store.NewVault(o.Key.derive(derivePeople), "audit")
	if err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	l := &Log{db: db, opts: o, vault: vault, known: known, search: searcher{done: make(chan struct{})}, tokens: map[[2]string]string{}}
	l.out = publisher{to: o.Checkpoints, every: o.Every, clock: o.Clock}
	if err := db.Read(ctx, func(tx *store.Tx) error { return l.load(ctx, tx) }); err != nil {
		return nil, fmt.Errorf("open the audit log: %w", err)
	}
	return l, nil
}

// prepare brings the tables up to date, or finds them all there.
func prepare(ctx context.Context, db *store.DB, readOnly bool) error {
	set := Set()
	if readOnly {
		return db.CheckTables(ctx, set.Files, set.Table)
	}
	return db.Migrate(ctx, set.Files, set.Table)
}

// load reads where the log stands. One that is broken is open all the same; one that was emptied is refused.
func (l *Log) load(ctx context.Context, tx *store.Tx) error {
	if err := tx.QueryRow(ctx, "SELECT indexed FROM audit_search_state").Scan(&l.search.indexed); err != nil {
		return fmt.Errorf("read how far the search index goes: %w", err)
	}
	s, b, err := l.inspect(ctx, tx)
	if err != nil {
		return err
	}
	if b != nil {
		if b.Found.Size == 0 {
			return fmt.Errorf("%w: there were %d", ErrEmptied, b.Signed.Size)
		}
		l.size.Store(b.Found.Size)
		l.tell(*b)
		return nil // the next event begins a segment
	}
	l.state = s
	l.size.Store(s.next())
	if past, ok := l.past(ctx, tx, &s.Segment); ok {
		l.tell(past)
	}
	return nil
}

const insert = "INSERT INTO audit_events (" + columns + ", hashes) VALUES " +
	"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"

// Append adds an event in the caller's transaction and returns its number. The event is in the log exactly if the transaction is kept.
func (l *Log) Append(ctx context.Context, tx *store.Tx, e Event) (int64, error) {
	err := l.begin(ctx, tx)
	if err == nil {
		var seq int64
		if seq, err = l.append(ctx, tx, e); err == nil {
			return seq, nil
		}
	}
	return 0, fmt.Errorf("append to the audit log: %w", err)
}

func (l *Log) append(ctx context.Context, tx *store.Tx, e Event) (int64, error) {
	now := l.opts.Clock().UnixMicro()
	if now < l.state.time && !e.backTo(l.state.time) {
		now = l.state.time
	}
	if err := e.prepare(l.state.next(), store.Time(now)); err != nil {
		return 0, err
	}
	if !e.concealed {
		if err := l.conceal(ctx, tx, &e); err != nil {
			return 0, err
		}
	}
	f := e.fields()
	l.buf = appendLeaf(l.buf[:0], f[:])
	var nodes [64]tlog.Hash
	next := l.state.tree.clone()
	born := next.push(tlog.RecordHash(l.buf), nodes[:0])
	hashes := make([]byte, 0, tlog.HashSize*len(born))
	for i := range born {
		hashes = append(hashes, born[i][:]...)
	}
	a := &e.Actor
	_, err := tx.Exec(ctx, insert, e.Seq, now, a.Name, a.Role, a.Session, a.IP, a.UserAgent, e.Action, e.ObjectType, e.ObjectID, e.Outcome,
		e.ErrorCode, a.RequestID, e.PlatformRequestID, e.Duration.Microseconds(), e.DetailText, hashes)
	if err != nil {
		return 0, err
	}
	l.state.tree, l.state.time = next, now
	return e.Seq, nil
}

// begin takes care, once for each callback, that the state goes back with its transaction, and once for each shared transaction that the
// checkpoint is signed before it commits and that what is signed goes on from what was signed: another process may have appended, or
// somebody may have changed the tables.
func (l *Log) begin(ctx context.Context, tx *store.Tx) error {
	if l.tx != tx {
		was, known := l.state, l.known
		tx.OnRollback(func() {
			l.state, l.known, l.tx = was, known, nil
			clear(l.tokens)
		})
		l.tx = tx
	}
	if !tx.BeforeCommit(l, func(tx *store.Tx) error { return l.sign(ctx, tx) }) {
		return nil
	}
	good, err := l.continues(ctx, tx)
	if err != nil || good {
		return l.unreadable(ctx, err)
	}
	clear(l.tokens) // another process may have erased somebody
	s, b, err := l.inspect(ctx, tx)
	if err != nil {
		return l.unreadable(ctx, err)
	}
	if b != nil {
		return l.startSegment(ctx, tx, b)
	}
	was := l.state.Number
	l.state = s
	if past, ok := l.past(ctx, tx, &s.Segment); ok && s.Number != was {
		l.tell(past)
	}
	return nil
}

// unreadable tells of tables that cannot be read, such as those that somebody dropped; a caller who has gone away is no such thing.
func (l *Log) unreadable(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil {
		last := l.lastSigned()
		l.tell(Break{Reason: ReasonUnreadable, Signed: Head{last.End(), last.Root}, Time: l.opts.Clock().UTC()})
	}
	return err
}

// actionSealed is the event with which a log of before there were seals gets its first.
const actionSealed = "audit.sealed"

// sign stores the checkpoint of what the shared transaction appended, with a seal that never leaves the database: so that a checkpoint that
// was given out, put back with the events that it covers, is not taken for the state of the log.
func (l *Log) sign(ctx context.Context, tx *store.Tx) error {
	ctx = context.WithoutCancel(ctx) // the transaction belongs to others too
	s := &l.state
	was, known := l.state, l.known
	tx.OnRollback(func() { l.state, l.known = was, known })
	if s.text != nil && s.seal == "" {
		if _, err := l.append(ctx, tx, Event{Action: actionSealed, ObjectType: "audit"}); err != nil {
			return fmt.Errorf("record the first seal: %w", err)
		}
	}
	c, err := signCheckpoint(l.opts.Key, l.opts.Origin, s.Segment, s.tree.size, s.tree.root(), store.Time(s.time))
	if err != nil {
		return err
	}
	seal := l.opts.Key.mac(macSeal, string(c.Text))
	_, err = tx.Exec(ctx, "INSERT INTO audit_checkpoint (id, size, text, seal) VALUES (1, $1, $2, $3) "+
		"ON CONFLICT (id) DO UPDATE SET size = excluded.size, text = excluded.text, seal = excluded.seal", c.End(), string(c.Text), seal)
	if err != nil {
		return fmt.Errorf("store the checkpoint: %w", err)
	}
	l.state.text, l.state.seal, l.known = c.Text, seal, []Checkpoint{c}
	tx.OnCommit(func() {
		l.size.Store(c.End())
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
		return signCheckpoint(l.opts.Key, l.opts.Origin, firstSegment(), 0, (&tree{}).root(), l.opts.Clock())
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(text, l.opts.Key.public)
}

// Close gives the newest checkpoint out and waits for work in the background. Call it before closing the database.
func (l *Log) Close() error {
	l.db.OnRowChanged(nil)
	l.changed.events.Wait()
	l.search.close()
	return l.out.close()
}
