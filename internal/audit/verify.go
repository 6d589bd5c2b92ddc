package audit

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// What Verify can find wrong. Each is a key for a text to people.
const (
	ProblemContent    = "content"    // a column of the event was changed
	ProblemNodes      = "nodes"      // the hashes stored with the event are not the tree's
	ProblemMissing    = "missing"    // there is no event of this number
	ProblemTime       = "time"       // the event is earlier than the one before
	ProblemSignature  = "signature"  // the stored checkpoint is not signed by the log's key
	ProblemUnsigned   = "unsigned"   // events after this number stand under no checkpoint
	ProblemCut        = "cut"        // a checkpoint covers more events than there are; Seq is their number
	ProblemRoot       = "root"       // the stored checkpoint has another root hash than the events
	ProblemAgainst    = "against"    // a checkpoint kept elsewhere has another root hash; Seq is its size
	ProblemOrigin     = "origin"     // a checkpoint is of another log
	ProblemCheckpoint = "checkpoint" // there are events but no checkpoint
)

// Problem is one thing that is wrong with the log, or with an export.
type Problem struct {
	Kind string
	Seq  int64
}

func (p Problem) String() string { return p.Kind + " " + strconv.FormatInt(p.Seq, 10) }

// maxProblems is how many problems a report lists.
const maxProblems = 100

// Report is what Verify found.
type Report struct {
	Events     int64
	Root       tlog.Hash  // computed from the events; zero when one is missing
	Checkpoint Checkpoint // the stored one; zero when there is none or its signature is wrong
	Against    int        // how many other checkpoints were compared
	Took       time.Duration
	Problems   []Problem // the first of them
	Found      int       // how many there are
}

// OK tells that nothing is wrong.
func (r *Report) OK() bool { return r.Found == 0 }

// Complete tells that no event is missing, so that Root was computed.
func (r *Report) Complete() bool { return r.Root != tlog.Hash{} }

func (r *Report) add(kind string, seq int64) {
	r.Found++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, Problem{kind, seq})
	}
}

// Verify recomputes every leaf from the stored columns and the whole tree from the leaves, and compares with the stored hashes, the
// stored checkpoint and others that were kept elsewhere. What is wrong stands in the report; the error is about not being able to look.
func (l *Log) Verify(ctx context.Context, against ...Checkpoint) (Report, error) {
	began := time.Now()
	v := verifier{origin: l.opts.Origin, against: against}
	err := l.db.Read(ctx, func(tx *store.Tx) error { return v.run(ctx, tx, l.opts.Key.public) })
	if err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	v.report.Took = time.Since(began)
	return v.report, nil
}

type verifier struct {
	origin  string
	against []Checkpoint
	report  Report
	stored  *Checkpoint
	tree    tree
	next    int64 // number of the next event
	broken  bool  // an event is missing: the tree cannot be computed from there on
	time    int64
	buf     []byte
	born    []tlog.Hash
}

func (v *verifier) run(ctx context.Context, tx *store.Tx, publicKey string) error {
	r := &v.report
	var text []byte
	err := tx.QueryRow(ctx, "SELECT text FROM audit_checkpoint").Scan(&text)
	switch {
	case err == nil:
		c, err := ParseCheckpoint(text, publicKey)
		if err != nil {
			r.add(ProblemSignature, 0)
			break
		}
		v.stored, r.Checkpoint = &c, c
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	v.compare()
	if err := v.events(ctx, tx); err != nil {
		return err
	}
	if !v.broken {
		r.Root = v.tree.root()
	}
	r.Against = len(v.against)
	last := v.next
	if v.stored == nil && text == nil && r.Events > 0 {
		r.add(ProblemCheckpoint, 0)
	}
	if v.stored != nil && v.stored.Size < last {
		r.add(ProblemUnsigned, v.stored.Size)
	}
	if v.stored != nil && v.stored.Size > last {
		r.add(ProblemCut, v.stored.Size)
	}
	for _, c := range v.against {
		if c.Size > last {
			r.add(ProblemCut, c.Size)
		}
		if c.Origin != v.origin {
			r.add(ProblemOrigin, c.Size)
		}
	}
	return nil
}

func (v *verifier) events(ctx context.Context, tx *store.Tx) (err error) {
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
		if err := v.event(fields, raw[columnCount]); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (v *verifier) event(fields [][]byte, hashes []byte) error {
	r := &v.report
	r.Events++
	seq, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return fmt.Errorf("read an event's number: %w", err)
	}
	at, err := strconv.ParseInt(string(fields[columnTime]), 10, 64)
	if err != nil {
		return fmt.Errorf("read the time of event %d: %w", seq, err)
	}
	for ; v.next < seq; v.next++ {
		v.broken = true
		r.add(ProblemMissing, v.next)
		if r.Found > maxProblems {
			v.next = seq // a log with so many holes needs no longer list
			break
		}
	}
	v.next++
	if at < v.time {
		r.add(ProblemTime, seq)
	}
	v.time = at
	v.buf = appendLeaf(v.buf[:0], fields)
	leaf := tlog.RecordHash(v.buf)
	if len(hashes) < tlog.HashSize || !bytes.Equal(leaf[:], hashes[:tlog.HashSize]) {
		r.add(ProblemContent, seq)
		// Going on with the stored hash keeps one changed event from spoiling all that follow.
		if len(hashes) >= tlog.HashSize {
			copy(leaf[:], hashes)
		}
	}
	if seq < 0 { // nothing numbers events so
		v.next = 0
		r.add(ProblemContent, seq)
		return nil
	}
	if v.broken {
		return nil
	}
	v.born = v.tree.push(leaf, v.born[:0])
	ok := len(hashes) == tlog.HashSize*len(v.born)
	for i := 0; ok && i < len(v.born); i++ {
		ok = bytes.Equal(v.born[i][:], hashes[tlog.HashSize*i:tlog.HashSize*(i+1)])
	}
	if !ok {
		r.add(ProblemNodes, seq)
	}
	v.compare()
	return nil
}

// compare checks the checkpoints of the size that the tree has just reached.
func (v *verifier) compare() {
	if v.broken {
		return
	}
	if v.stored != nil && v.stored.Size == v.tree.size && v.stored.Root != v.tree.root() {
		v.report.add(ProblemRoot, v.tree.size)
	}
	for i := range v.against {
		if c := &v.against[i]; c.Size == v.tree.size && c.Root != v.tree.root() {
			v.report.add(ProblemAgainst, c.Size)
		}
	}
}
