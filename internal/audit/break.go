package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// Reasons of a break beside ProblemSignature, ProblemSeal, ProblemCheckpoint, ProblemCut, ProblemUnsigned, ProblemNodes, ProblemRoot, ProblemOrigin and
// ProblemAgainst. Each is a key for a text to people.
const (
	ReasonBehind     = "behind"     // what is stored was genuine once, but more has been signed since
	ReasonUnreadable = "unreadable" // the tables cannot be read
)

// actionBreak is the first event of every segment but the first.
const actionBreak = "audit.break"

// Head is how far a log goes: so many events, with this root. A root that cannot be computed is zero.
type Head struct {
	Size int64
	Root tlog.Hash
}

// Break says that what stands in the database does not go on from what was signed. The log signs none of it: from then on events go into a
// segment of their own.
type Break struct {
	Reason string
	// Segment is the number of the one that begins with the break; 0 as long as nothing has been recorded since.
	Segment int
	// Found is what stood in the database, Signed what had last been signed as far as this process knows. Both count from the log's start.
	Found, Signed Head
	// Time is when it was found.
	Time time.Time
}

// ErrEmptied says that there are no events although there were some. Open refuses: there is nothing to go on from.
var ErrEmptied = errors.New("the audit log is empty, although events were signed")

// Broken tells whether the log was ever broken, and how for the last time. That stays so: nothing makes a broken log whole again.
func (l *Log) Broken() (Break, bool) {
	if b := l.broken.Load(); b != nil {
		return *b, true
	}
	return Break{}, false
}

// tell remembers a break and tells the operator once.
func (l *Log) tell(b Break) {
	was := l.broken.Swap(&b)
	same := was != nil && was.Reason == b.Reason && was.Signed.Size == b.Signed.Size && was.Found.Size == b.Found.Size
	if !same && l.opts.OnBreak != nil {
		l.opts.OnBreak(b)
	}
}

// continues tells whether the database stands where this process left it: the checkpoint is the one that it signed last, there is no event
// after the tree's last leaf, and the stored edge is the tree's. It is asked before each signature: two looks, each by key.
func (l *Log) continues(ctx context.Context, tx *store.Tx) (bool, error) {
	var text []byte
	var seal string
	var size, top int64
	err := tx.QueryRow(ctx, "SELECT text, size, seal, (SELECT coalesce(max(seq), -1) FROM audit_events WHERE seq < $1) FROM audit_checkpoint",
		l.state.Limit).Scan(&text, &size, &seal, &top)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	n := l.state.next()
	if err != nil || l.state.text == nil || !bytes.Equal(text, l.state.text) || seal != l.state.seal || size != n || top != n-1 {
		return false, err
	}
	return l.state.edgeStands(ctx, tx)
}

// inspect reads the state of the log out of the database and holds it against the signed checkpoint there and against those that are known.
// A break comes with what was found; the state is then of no use.
func (l *Log) inspect(ctx context.Context, tx *store.Tx) (state, *Break, error) {
	s := state{Segment: firstSegment()}
	var size int64
	err := tx.QueryRow(ctx, "SELECT text, size, seal FROM audit_checkpoint").Scan(&s.text, &size, &s.seal)
	bare := errors.Is(err, store.ErrNotFound)
	if err != nil && !bare {
		return s, nil, fmt.Errorf("read the checkpoint: %w", err)
	}
	var c Checkpoint
	reason := ""
	if bare {
		s.text, reason = nil, ProblemCheckpoint
	} else if c, err = ParseCheckpoint(s.text, l.opts.Key.public); err != nil {
		reason = ProblemSignature
	} else if c.log() != l.opts.Origin {
		reason = ProblemOrigin
	} else {
		s.Segment = c.Segment
		if !l.opts.Key.stored(&c, s.seal) {
			reason = ProblemSeal
		}
	}
	top, err := s.readTop(ctx, tx)
	if err != nil {
		return s, nil, err
	}
	if bare && top < 0 && len(l.known) == 0 {
		return s, nil, nil // the first event is still to come
	}
	if reason == "" {
		if reason, err = l.compare(ctx, tx, &s, &c, size, top); err != nil {
			return s, nil, err
		}
	}
	if reason == "" {
		l.known = []Checkpoint{c}
		return s, nil, nil
	}
	if c.log() == l.opts.Origin { // it is genuine, whatever stands around it
		l.known = append(slices.Clone(l.known), c)
	}
	last := l.lastSigned()
	b := &Break{Reason: reason, Found: Head{Size: top + 1}, Signed: Head{last.End(), last.Root}, Time: l.opts.Clock().UTC()}
	if t, err := readTree(ctx, tx, s.First, top+1-s.First); err == nil {
		b.Found.Root = t.root()
	}
	return s, b, nil
}

// compare gives the reason why a genuine checkpoint, its row's size and the newest event's number do not fit together, or not with what is
// known; empty when all do. It fills the state's tree.
func (l *Log) compare(ctx context.Context, tx *store.Tx, s *state, c *Checkpoint, size, top int64) (string, error) {
	switch end := c.End(); {
	case size != end:
		return ProblemSignature, nil
	case top+1 < end:
		return ProblemCut, nil
	case top+1 > end:
		return ProblemUnsigned, nil
	}
	var err error
	if s.tree, err = readTree(ctx, tx, c.First, c.Size); err != nil {
		return ProblemNodes, ignoreDamage(err)
	}
	if s.tree.root() != c.Root {
		return ProblemRoot, nil
	}
	for i := range l.known {
		k := &l.known[i]
		if k.after(c) || k.Number < c.Number && c.Closed[k.Number-1].Size < k.Size {
			return ReasonBehind, nil
		}
		if k.Number < c.Number {
			continue // a closed segment is verify's matter
		}
		t, err := readTree(ctx, tx, c.First, k.Size)
		if err != nil {
			return ProblemNodes, ignoreDamage(err)
		}
		if k.First != c.First || t.root() != k.Root {
			return ProblemAgainst, nil
		}
	}
	return "", nil
}

// lastSigned is the newest checkpoint that is known; one of nothing when there is none.
func (l *Log) lastSigned() Checkpoint {
	last := Checkpoint{Segment: firstSegment(), Root: (&tree{}).root()}
	for i := range l.known {
		if l.known[i].after(&last) {
			last = l.known[i]
		}
	}
	return last
}

// farAway is how far from the last signed event a row may lie so that the next segment begins after it. What lies farther away was put there
// to use the numbers up, and is left aside.
const farAway = 1 << 32

// startSegment begins a tree of its own after everything that stands in the table, with an event that names the break. The events before
// stay as they are: nothing of what is wrong with them comes under a signature.
func (l *Log) startSegment(ctx context.Context, tx *store.Tx, b *Break) error {
	last := l.lastSigned()
	s := state{Segment: Segment{Number: last.Number + 1, First: last.End(), Limit: math.MaxInt64}, time: store.Micros(last.Time)}
	s.Closed = append(slices.Clone(last.Closed), Closed{last.First, last.Size, last.Root, b.Reason})
	var top int64
	if err := tx.QueryRow(ctx, "SELECT coalesce(max(seq) + 1, 0) FROM audit_events WHERE seq < $1", last.End()+farAway).Scan(&top); err != nil {
		return err
	}
	s.First = max(s.First, top)
	err := tx.QueryRow(ctx, "SELECT coalesce(min(seq), $2) FROM audit_events WHERE seq >= $1", s.First, int64(math.MaxInt64)).Scan(&s.Limit)
	if err != nil {
		return err
	}
	guards, err := migrations.ReadFile("migrations/00003_guards.sql")
	if err != nil {
		return err
	}
	triggers, err := dropTriggers(ctx, tx)
	if err != nil {
		return fmt.Errorf("begin a segment: %w", err)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM audit_checkpoint"); err != nil {
		return fmt.Errorf("begin a segment: %w", err)
	}
	b.Segment = s.Number
	l.state = s
	_, err = l.append(ctx, tx, Event{Action: actionBreak, ObjectType: "audit", Outcome: Failed, ErrorCode: b.Reason, Detail: map[string]any{
		"segment": s.Number, "triggers": triggers,
		"found":  map[string]any{"events": b.Found.Size, "root": b.Found.Root.String()},
		"signed": map[string]any{"events": b.Signed.Size, "root": b.Signed.Root.String(), "checkpoint": string(last.Text)},
	}})
	if err != nil {
		return fmt.Errorf("begin a segment: %w", err)
	}
	if _, err := tx.Exec(ctx, string(guards)); err != nil {
		return fmt.Errorf("begin a segment: %w", err)
	}
	l.tell(*b)
	return nil
}

// dropTriggers takes the triggers off the log's tables, which may be others than ours by now, and gives their names.
func dropTriggers(ctx context.Context, tx *store.Tx) (names []string, err error) {
	rows, err := tx.Query(ctx, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_checkpoint') ORDER BY name")
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := tx.Exec(ctx, `DROP TRIGGER "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// past is the break that a checkpoint tells of; false for a log that was never broken.
func (l *Log) past(ctx context.Context, tx *store.Tx, s *Segment) (Break, bool) {
	if s.Number == 1 {
		return Break{}, false
	}
	c := s.Closed[len(s.Closed)-1]
	b := Break{Reason: c.Reason, Segment: s.Number, Found: Head{Size: s.First}, Signed: Head{c.First + c.Size, c.Root}}
	// Without its first event the break is told all the same.
	e, err := scanEvent(tx.QueryRow(ctx, "SELECT "+columns+" FROM audit_events WHERE seq = $1", s.First))
	var detail struct{ Found struct{ Events int64 } }
	if err == nil && json.Unmarshal([]byte(e.DetailText), &detail) == nil {
		b.Time, b.Found.Size = e.Time, detail.Found.Events
	}
	return b, true
}
