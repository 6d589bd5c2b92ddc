package audit

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// batchEvents is how many events are hashed at a time.
const batchEvents = 256

// row is an event on its way through a verification: what of it is looked at besides its leaf.
type row struct {
	seq, time int64
	seqOK     bool // the number can be read
	timeOK    bool
	stated    int64 // the time of the event before, where the event says that the clock was set back
	statesIt  bool
	forged    bool      // it tells of a forged row of what was counted
	leaf      tlog.Hash // of the columns as they stand
	hashes    []byte    // as stored
}

// batch is some rows in their order. The texts of all share a buffer.
type batch struct {
	rows   []row
	leaves []byte // texts of the leaves, one after the other
	ends   []int  // of each of them
	stored []byte // hashes of all rows, one after the other
	cuts   []int  // of each of them
	hashed chan struct{}
}

func newBatch() any { return &batch{hashed: make(chan struct{}, 1)} }

// add takes a row as the database gives it. The fields are no longer needed then.
func (b *batch) add(fields [][]byte, hashes []byte) {
	var r row
	var err error
	r.seq, err = strconv.ParseInt(string(fields[0]), 10, 64)
	r.seqOK = err == nil && r.seq >= 0 // nothing numbers events otherwise
	r.time, err = strconv.ParseInt(string(fields[columnTime]), 10, 64)
	r.timeOK = err == nil
	r.stated, r.statesIt = statedTime(fields)
	r.forged = string(fields[columnAction]) == actionForged
	b.leaves = appendLeaf(b.leaves, fields)
	b.stored = append(b.stored, hashes...)
	b.rows, b.ends, b.cuts = append(b.rows, r), append(b.ends, len(b.leaves)), append(b.cuts, len(b.stored))
}

// hash computes the leaves' hashes and tells whoever waits.
func (b *batch) hash() {
	leaf, cut := 0, 0
	for i := range b.rows {
		b.rows[i].leaf = tlog.RecordHash(b.leaves[leaf:b.ends[i]])
		b.rows[i].hashes = b.stored[cut:b.cuts[i]]
		leaf, cut = b.ends[i], b.cuts[i]
	}
	b.hashed <- struct{}{}
}

func (b *batch) reset() {
	b.rows, b.leaves, b.ends, b.stored, b.cuts = b.rows[:0], b.leaves[:0], b.ends[:0], b.stored[:0], b.cuts[:0]
}

// pipeline reads every event once, in the order of the numbers, lets all processors hash their leaves, and gives them to fold one after
// the other: reading, hashing and folding go on at the same time. look sees the columns of each on the way.
func pipeline(ctx context.Context, tx *store.Tx, look func(seq int64, fields [][]byte), fold func(*row)) error {
	free := sync.Pool{New: newBatch}
	workers := runtime.GOMAXPROCS(0)
	work, ordered := make(chan *batch, workers), make(chan *batch, 2*workers)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for b := range work {
				b.hash()
			}
		})
	}
	running.Go(func() {
		for b := range ordered {
			<-b.hashed
			for i := range b.rows {
				fold(&b.rows[i])
			}
			b.reset()
			free.Put(b)
		}
	})
	b := free.Get().(*batch)
	send := func() {
		work <- b
		ordered <- b
		b = free.Get().(*batch)
	}
	err := eachRow(ctx, tx, func(fields [][]byte, hashes []byte) {
		b.add(fields, hashes)
		look(b.rows[len(b.rows)-1].seq, fields)
		if len(b.rows) == batchEvents {
			send()
		}
	})
	send()
	close(work)
	close(ordered)
	running.Wait()
	return err
}

// eachRow reads the events in the order of their numbers. What f gets is only good until it returns.
func eachRow(ctx context.Context, tx *store.Tx, f func(fields [][]byte, hashes []byte)) (err error) {
	rows, err := tx.Query(ctx, "SELECT "+columns+", hashes FROM audit_events ORDER BY seq")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	raw := make([]sql.RawBytes, columnCount+1)
	dest := make([]any, len(raw))
	fields := make([][]byte, columnCount)
	for i := range raw {
		dest[i] = &raw[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i := range fields {
			fields[i] = raw[i]
		}
		f(fields, raw[columnCount])
	}
	return rows.Err()
}
