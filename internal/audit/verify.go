package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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
	ProblemTime       = "time"       // the event is earlier than the one before, and states no step back of the clock
	ProblemSignature  = "signature"  // the stored checkpoint is not signed by the log's key
	ProblemSeal       = "seal"       // the stored checkpoint is one that was given out, not the log's own copy
	ProblemUnsigned   = "unsigned"   // events after this number stand under no checkpoint
	ProblemCut        = "cut"        // a checkpoint covers more events than there are; Seq is their number
	ProblemRoot       = "root"       // the stored checkpoint has another root hash than the events
	ProblemAgainst    = "against"    // a checkpoint kept elsewhere has another root hash; Seq is its size
	ProblemOrigin     = "origin"     // a checkpoint is of another log
	ProblemCheckpoint = "checkpoint" // there are events but no checkpoint
	ProblemFold       = "fold"       // a row of acts that were counted is not the log's; Seq is its number, or that of the event that tells of it
	ProblemErased     = "erased"     // a value that the event says was erased is there again
	ProblemRow        = "row"        // a row outside of the log was changed outside of Sealdesk, or put there; Row names it
	ProblemForeign    = "foreign"    // the database has an object (Row names it) that no migration made
	ProblemAltered    = "altered"    // an object of the database is not as its migration made it
	ProblemLost       = "lost"       // an object of the database is gone
	ProblemEmpty      = "empty"      // there is no event, so that nothing can be judged
	ProblemBreak      = "break"      // what stood before this event did not go on from what was signed: a segment begins here
)

// Problem is one thing that is wrong with the log, or with an export.
type Problem struct {
	Kind string
	Seq  int64
	Row  string // table and key of ProblemRow; the object of ProblemForeign, ProblemAltered and ProblemLost
}

func (p Problem) String() string {
	if p.Row != "" {
		return p.Kind + " " + p.Row
	}
	return p.Kind + " " + strconv.FormatInt(p.Seq, 10)
}

// maxProblems is how many problems a report lists.
const maxProblems = 100

// Report is what Verify found.
type Report struct {
	Events     int64
	Root       tlog.Hash  // computed from the events of the last segment; zero when one is missing
	Checkpoint Checkpoint // the stored one; zero when there is none or its signature is wrong
	Against    int        // how many other checkpoints were compared
	Took       time.Duration
	Problems   []Problem // the first of them
	Found      int       // how many there are
}

// NeedEvents makes a problem of a log without events: whoever asks of one that was in use is not told that it is well.
func (r *Report) NeedEvents() {
	if r.Events == 0 {
		r.add(ProblemEmpty, 0)
	}
}

// OK tells that nothing is wrong.
func (r *Report) OK() bool { return r.Found == 0 }

// RowsAlone tells that the log is whole, but rows outside of it are not.
func (r *Report) RowsAlone() bool {
	return !r.OK() && !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Kind != ProblemRow })
}

// Complete tells that no event is missing, so that Root was computed.
func (r *Report) Complete() bool { return r.Root != tlog.Hash{} }

func (r *Report) add(kind string, seq int64) { r.put(Problem{Kind: kind, Seq: seq}) }

func (r *Report) put(p Problem) {
	r.Found++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, p)
	}
}

// Verify holds what the tables of persons say against the tokens of the events, recomputes every leaf from the stored columns and the tree of
// each segment from its leaves, compares with the stored hashes, the stored checkpoint and others that were kept elsewhere, and looks at the rows
// of the sealed tables. What is wrong stands in the report; the error is about not being able to look.
func (l *Log) Verify(ctx context.Context, against ...Checkpoint) (Report, error) {
	began := time.Now()
	v := verifier{origin: l.opts.Origin, against: against}
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		values, err := l.checkValues(ctx, tx)
		if err != nil {
			return err
		}
		if err := v.run(ctx, tx, l.opts.Key, values); err != nil {
			return err
		}
		return errors.Join(l.verifyFolds(ctx, tx, &v.report), l.verifyRows(ctx, tx, &v.report))
	})
	if err == nil {
		err = l.verifyStructure(ctx, &v.report)
	}
	if err != nil {
		return Report{}, fmt.Errorf("verify the audit log: %w", err)
	}
	v.report.Took = time.Since(began)
	return v.report, nil
}

// verifyStructure names what of the database is not as its migrations made it.
func (l *Log) verifyStructure(ctx context.Context, r *Report) error {
	err := l.db.CheckSchema(ctx)
	var found *store.SchemaError
	if !errors.As(err, &found) {
		return err
	}
	for _, part := range []struct {
		kind string
		list []string
	}{{ProblemForeign, found.Foreign}, {ProblemAltered, found.Altered}, {ProblemLost, found.Missing}} {
		for _, object := range part.list {
			r.put(Problem{Kind: part.kind, Row: object})
		}
	}
	return nil
}

type verifier struct {
	origin  string
	against []Checkpoint
	report  Report
	stored  *Checkpoint
	spans   []span // of the segments that are still to come, the one at hand first
	number  int    // of the segment at hand
	tree    tree
	next    int64 // number of the next event
	broken  bool  // an event is missing: the tree cannot be computed from there on
	time    int64
	born    []tlog.Hash
}

// span is what a signature says of a segment.
type span struct {
	first, end int64 // numbers of its first event and of the one after the last that was signed; no end without a signature
	root       tlog.Hash
	signed     bool
}

// spansOf lists the segments that the stored checkpoint tells of; without one, everything is one segment that nobody signed.
func spansOf(c *Checkpoint) []span {
	if c == nil {
		return []span{{end: math.MaxInt64}}
	}
	var all []span
	for _, closed := range c.Closed {
		all = append(all, span{closed.First, closed.First + closed.Size, closed.Root, true})
	}
	return append(all, span{c.First, c.End(), c.Root, true})
}

func (v *verifier) run(ctx context.Context, tx *store.Tx, key Key, values *valueCheck) error {
	r := &v.report
	var text []byte
	var size int64
	var seal string
	err := tx.QueryRow(ctx, "SELECT text, size, seal FROM audit_checkpoint").Scan(&text, &size, &seal)
	switch {
	case err == nil:
		c, err := ParseCheckpoint(text, key.public)
		if err != nil || size != c.End() {
			r.add(ProblemSignature, 0)
		}
		if err == nil {
			v.stored, r.Checkpoint = &c, c
			if !key.stored(&c, seal) {
				r.add(ProblemSeal, c.End())
			}
			if c.log() != v.origin {
				r.add(ProblemOrigin, c.End())
			}
		}
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	v.spans = spansOf(v.stored)
	v.begin()
	if err := pipeline(ctx, tx, values.look, v.event); err != nil {
		return err
	}
	values.tell(r)
	for len(v.spans) > 1 {
		v.turn()
	}
	if !v.broken {
		r.Root = v.tree.root()
	}
	v.close()
	r.Against = len(v.against)
	if text == nil && r.Events > 0 {
		r.add(ProblemCheckpoint, 0)
	}
	for i := range v.against {
		c := &v.against[i]
		if c.End() > v.next || c.Number > v.number {
			r.add(ProblemCut, c.End())
		}
		if c.log() != v.origin {
			r.add(ProblemOrigin, c.Size)
		}
	}
	return nil
}

// begin starts the segment at hand with an empty tree.
func (v *verifier) begin() {
	v.number++
	v.tree, v.broken, v.time = tree{}, false, 0
	v.next = v.spans[0].first
	v.compare()
}

// close tells whether the segment at hand ends where it was signed.
func (v *verifier) close() {
	switch s := &v.spans[0]; {
	case s.signed && v.next < s.end:
		v.report.add(ProblemCut, s.end)
	case s.signed && v.next > s.end:
		v.report.add(ProblemUnsigned, s.end)
	}
}

// turn goes on to the next segment, whose first event tells of the break.
func (v *verifier) turn() {
	v.close()
	v.spans = v.spans[1:]
	v.report.add(ProblemBreak, v.spans[0].first)
	v.begin()
}

// event holds one event against what stands before it.
func (v *verifier) event(e *row) {
	r, seq := &v.report, e.seq
	r.Events++
	if !e.seqOK {
		r.add(ProblemContent, seq)
		return
	}
	for len(v.spans) > 1 && seq >= v.spans[1].first {
		v.turn()
	}
	v.missing(seq)
	v.next = min(seq, math.MaxInt64-1) + 1
	if !e.timeOK {
		r.add(ProblemContent, seq)
	} else {
		if e.time < v.time && !(e.statesIt && e.stated == v.time) {
			r.add(ProblemTime, seq)
		}
		v.time = e.time
	}
	if e.forged {
		r.add(ProblemFold, seq)
	}
	leaf := e.leaf
	if len(e.hashes) < tlog.HashSize || !bytes.Equal(leaf[:], e.hashes[:tlog.HashSize]) {
		r.add(ProblemContent, seq)
		// Going on with the stored hash keeps one changed event from spoiling all that follow.
		if len(e.hashes) >= tlog.HashSize {
			copy(leaf[:], e.hashes)
		}
	}
	if v.broken || seq != v.spans[0].first+v.tree.size {
		return
	}
	v.born = v.tree.push(leaf, v.born[:0])
	ok := len(e.hashes) == tlog.HashSize*len(v.born)
	for i := 0; ok && i < len(v.born); i++ {
		ok = bytes.Equal(v.born[i][:], e.hashes[tlog.HashSize*i:tlog.HashSize*(i+1)])
	}
	if !ok {
		r.add(ProblemNodes, seq)
	}
	v.compare()
}

// missing names the events between the one before and this one, as far as they were signed.
func (v *verifier) missing(seq int64) {
	for end := min(seq, v.spans[0].end); v.next < end; v.next++ {
		v.broken = true
		v.report.add(ProblemMissing, v.next)
		if v.report.Found > maxProblems {
			return // a log with so many holes needs no longer list
		}
	}
}

// compare checks the checkpoints of the size that the tree has just reached.
func (v *verifier) compare() {
	s := &v.spans[0]
	if s.signed && s.first+v.tree.size == s.end && s.root != v.tree.root() {
		v.report.add(ProblemRoot, s.end)
	}
	for i := range v.against {
		if c := &v.against[i]; c.Number == v.number && c.Size == v.tree.size && c.Root != v.tree.root() {
			v.report.add(ProblemAgainst, c.End())
		}
	}
}
