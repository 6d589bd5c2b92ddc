package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// GivenCheckpoints reads the checkpoints of a log that stand in a file which somebody names. Those that only other keys signed are passed
// over. It is an error when one cannot be read, when one is not what the key signed, and when none is left.
func GivenCheckpoints(data []byte, publicKey string) ([]Checkpoint, error) {
	var all []Checkpoint
	for i, text := range blocks(data) {
		c, err := ParseCheckpoint(text, publicKey)
		var foreign *note.UnverifiedNoteError
		if errors.As(err, &foreign) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, ErrNoCheckpoint
	}
	return all, nil
}

// ErrNoCheckpoint says that the key in question signed nothing of what was given.
var ErrNoCheckpoint = errors.New("none of the checkpoints is signed by the log's key")

// comparison holds an export against checkpoints that were kept elsewhere. It grows the tree of each segment as far as the export holds its
// events from the first on.
type comparison struct {
	kept   []Checkpoint
	done   []bool
	number int // of the segment at hand
	first  int64
	tree   tree
}

// compareHead reads the kept checkpoints and compares what the export's own checkpoint says of the same tree: its segment, and those that it closes.
func (x *exportCheck) compareHead(texts [][]byte) error {
	for _, text := range texts {
		kept, err := GivenCheckpoints(text, x.key)
		if err != nil {
			return fmt.Errorf("the checkpoints to compare with: %w", err)
		}
		x.against.kept = append(x.against.kept, kept...)
	}
	x.against.done = make([]bool, len(x.against.kept))
	own := &x.report.Checkpoint
	segments := append(append([]Closed{}, own.Closed...), Closed{First: own.First, Size: own.Size, Root: own.Root})
	for i := range x.against.kept {
		k := &x.against.kept[i]
		if k.log() != own.log() {
			x.add(ProblemOrigin, k.End())
			x.against.done[i] = true
			continue
		}
		for n, closed := range k.Closed {
			if n < len(own.Closed) && closed != own.Closed[n] {
				x.differs(i)
			}
		}
		if k.Number > len(segments) {
			continue
		}
		s := &segments[k.Number-1]
		switch {
		case s.First != k.First, k.Size == s.Size && k.Root != s.Root, k.Size > s.Size && k.Number < own.Number:
			x.differs(i)
		case k.Size == s.Size:
			x.against.done[i] = true
		}
	}
	return nil
}

func (x *exportCheck) differs(i int) {
	if !x.against.done[i] {
		x.add(ProblemAgainst, x.against.kept[i].End())
	}
	x.against.done[i] = true
}

// compareEvent adds an event to the tree and compares the checkpoints of the size that the tree has then.
func (x *exportCheck) compareEvent(e *Event, first int64) {
	a := &x.against
	if a.number == 0 || first != a.first {
		a.number, a.first, a.tree = 1, first, tree{}
		for _, closed := range x.report.Checkpoint.Closed {
			if closed.First < first {
				a.number++
			}
		}
	}
	if e.Seq != first+a.tree.size {
		return // with an event left out there is no tree from here on
	}
	a.tree.push(tlog.RecordHash(e.Leaf()), nil)
	for i := range a.kept {
		k := &a.kept[i]
		if k.Number != a.number || k.Size != a.tree.size || a.done[i] {
			continue
		}
		if k.Root != a.tree.root() {
			x.differs(i)
		}
		a.done[i] = true
	}
}

// apart are the checkpoints that the export could not be compared with.
func (a *comparison) apart() (all []Checkpoint) {
	for i, done := range a.done {
		if !done {
			all = append(all, a.kept[i])
		}
	}
	return all
}

// Newest is the checkpoint that was signed last; nil of none.
func Newest(all []Checkpoint) (last *Checkpoint) {
	for i := range all {
		if last == nil || all[i].after(last) {
			last = &all[i]
		}
	}
	return last
}

// covers tells whether an older checkpoint is of this log's past: the stored hashes of its events make its root. now is the newest one.
func (l *Log) covers(ctx context.Context, tx *store.Tx, old, now *Checkpoint) error {
	if old.log() != l.opts.Origin || old.after(now) || len(old.Closed) > len(now.Closed) {
		return ErrAnotherHistory
	}
	size, first := now.Size, now.First
	if old.Number < now.Number {
		size, first = now.Closed[old.Number-1].Size, now.Closed[old.Number-1].First
	}
	if first != old.First || old.Size > size || !slices.Equal(old.Closed, now.Closed[:len(old.Closed)]) {
		return ErrAnotherHistory
	}
	t, err := readTree(ctx, tx, old.First, old.Size)
	if errors.Is(err, errDamaged) || err == nil && t.root() != old.Root {
		return ErrAnotherHistory
	}
	return err
}
