package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// A shared transaction ends at the latest after so many callbacks or so long, so that the first of them is not kept waiting.
const (
	maxBatch     = 256
	maxBatchTime = 10 * time.Millisecond
)

// group lets writers take turns. Each runs its callback in its own goroutine inside the transaction that is open; the last one, when
// nobody waits behind it, commits for all.
type group struct {
	turn    chan struct{} // holds one token
	waiting atomic.Int64
	open    *batch        // guarded by the token
	longest time.Duration // maxBatchTime

	mu       sync.Mutex
	isClosed bool
}

// batch is one shared transaction.
type batch struct {
	began  time.Time
	count  int   // callbacks begun
	kept   []*Tx // callbacks that succeeded, in order
	before map[any]func(*Tx) error
	done   chan struct{}
	err    error // valid after done is closed
}

func (g *group) init() {
	g.longest = maxBatchTime
	g.turn = make(chan struct{}, 1)
	g.turn <- struct{}{}
}

func (g *group) closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.isClosed
}

// close lets the open transaction end and refuses further ones; false means that it was closed before.
func (g *group) close() bool {
	g.mu.Lock()
	was := g.isClosed
	g.isClosed = true
	g.mu.Unlock()
	if was {
		return false
	}
	for {
		<-g.turn
		ended := g.open == nil
		g.turn <- struct{}{} // a turn that left a transaction open did so for somebody who waits: that one ends it
		if ended {
			return true
		}
	}
}

// Write runs f in a transaction and returns after the commit reached the disk. Concurrent callers share a transaction and its commit;
// an error (or panic) of f undoes f's own changes only. A cancelled ctx stops f at its next statement; once f returned nil, Write
// waits for the commit and tells how it went.
func (d *DB) Write(ctx context.Context, f func(*Tx) error) error {
	if d.readOnly {
		return ErrReadOnly
	}
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	b, tx, err := d.runTurn(f)
	if errors.Is(err, ErrRowChanged) {
		err = d.tellChanged(err)
	}
	if err != nil {
		return err
	}
	<-b.done
	if b.err != nil {
		return b.err
	}
	for _, hook := range tx.onCommit {
		hook()
	}
	return nil
}

func (d *DB) takeTurn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g := &d.group
	g.waiting.Add(1)
	select {
	case <-g.turn:
		g.waiting.Add(-1)
	case <-ctx.Done():
		g.waiting.Add(-1)
		// The one before may have left the commit to this caller.
		go func() {
			<-g.turn
			d.endTurn()
		}()
		return ctx.Err()
	}
	if g.closed() && g.open == nil {
		g.turn <- struct{}{}
		return ErrClosed
	}
	return nil
}

// endTurn commits when nobody waits or the batch is full, and passes the token on.
func (d *DB) endTurn() {
	g := &d.group
	if b := g.open; b != nil {
		if g.waiting.Load() == 0 {
			runtime.Gosched() // whoever is just about to write may still come along: a commit costs more than the wait
		}
		if g.waiting.Load() == 0 || b.count >= maxBatch || time.Since(b.began) > g.longest {
			d.finish(b)
		}
	}
	g.turn <- struct{}{}
}

func (d *DB) runTurn(f func(*Tx) error) (*batch, *Tx, error) {
	defer d.endTurn()
	b, err := d.joinBatch()
	if err != nil {
		return nil, nil, err
	}
	b.count++
	tx := &Tx{db: d, conn: d.conn, batch: b, changed: d.changed}
	// The first callback needs no savepoint: when it fails, the whole transaction is its own.
	first := len(b.kept) == 0
	if !first {
		if err := d.exec("SAVEPOINT one"); err != nil {
			return nil, nil, fmt.Errorf("begin writing: %w", err)
		}
	}
	ok := false
	defer func() {
		if !ok { // an error, a panic or runtime.Goexit
			tx.end()
			_ = d.changed.take() // the error is on its way, or a panic
			d.undo(b, tx, first)
		}
	}()
	err = f(tx)
	tx.end() // what is left open is read no further
	if changed := d.changed.take(); changed != nil {
		return nil, nil, changed
	}
	if err != nil {
		return nil, nil, err
	}
	if d.lost() {
		return nil, nil, errors.New("the database undid the transaction after an error")
	}
	if !first {
		if err := d.exec("RELEASE one"); err != nil {
			return nil, nil, fmt.Errorf("keep the changes: %w", err)
		}
	}
	ok = true
	b.kept = append(b.kept, tx)
	if b.before == nil {
		b.before = tx.before
	} else {
		maps.Copy(b.before, tx.before)
	}
	return b, tx, nil
}

func (d *DB) joinBatch() (*batch, error) {
	if d.group.open != nil {
		return d.group.open, nil
	}
	if err := d.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("begin writing: %w", err)
	}
	if err := d.sameSchema(); err != nil {
		return nil, errors.Join(err, d.exec("ROLLBACK"))
	}
	d.group.open = &batch{began: time.Now(), done: make(chan struct{})}
	return d.group.open, nil
}

// undo takes back one callback's changes, or fails the batch when SQLite has already thrown everything away (disk full, I/O error).
func (d *DB) undo(b *batch, tx *Tx, first bool) {
	tx.undo()
	switch {
	case d.lost():
		d.fail(b, errors.New("the database undid the shared transaction after another writer's error"))
	case first:
		d.fail(b, nil)
	default:
		if err := errors.Join(d.exec("ROLLBACK TO one"), d.exec("RELEASE one")); err != nil {
			d.fail(b, fmt.Errorf("undo another writer's changes: %w", err))
		}
	}
}

// finish commits the batch and wakes its callers.
func (d *DB) finish(b *batch) {
	tx := &Tx{db: d, conn: d.conn, batch: b}
	for _, f := range b.before {
		if err := errors.Join(f(tx), d.changed.take()); err != nil {
			tx.end()
			tx.undo()
			d.fail(b, fmt.Errorf("before the commit: %w", err))
			return
		}
	}
	tx.end()
	if err := d.exec("COMMIT"); err != nil {
		tx.undo()
		d.fail(b, fmt.Errorf("commit: %w", err))
		return
	}
	b.kept = append(b.kept, tx)
	d.group.open = nil
	close(b.done)
	for _, hook := range tx.onCommit {
		hook()
	}
}

// fail ends the batch without keeping anything.
func (d *DB) fail(b *batch, err error) {
	if !d.lost() {
		err = errors.Join(err, d.exec("ROLLBACK"))
	}
	for i := len(b.kept) - 1; i >= 0; i-- {
		b.kept[i].undo()
	}
	b.err = err
	d.group.open = nil
	close(b.done)
}

func (d *DB) exec(query string) error {
	_, err := d.conn.ExecContext(background, query)
	return err
}

// lost tells that no transaction is open on the writer.
func (d *DB) lost() bool {
	lost := true
	err := d.conn.Raw(func(c any) error {
		lost = c.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	return lost || err != nil
}

// Flush brings everything that was written into the database's own file and empties the write-ahead log, so that what was removed is in neither.
// It waits for others who use the database for some seconds; ErrBusy says that they kept it from doing so.
func (d *DB) Flush(ctx context.Context) error {
	if err := d.takeTurn(ctx); err != nil {
		return err
	}
	defer d.endTurn()
	if b := d.group.open; b != nil {
		d.finish(b)
	}
	var busy, frames, moved int
	for range flushTries {
		if err := d.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
			return fmt.Errorf("empty the write-ahead log: %w", err)
		}
		if busy == 0 {
			return nil
		}
	}
	return ErrBusy
}

// flushTries is how often Flush waits for others, each time as long as a statement waits for a lock: five seconds.
const flushTries = 4
