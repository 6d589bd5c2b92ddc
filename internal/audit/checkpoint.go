package audit

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says that the first Size events of a log, or of its segment, have the root hash Root. Its Text is a signed note
// (C2SP tlog-checkpoint with extension lines: the time, and from the second segment on what stands before it).
type Checkpoint struct {
	Origin string // of the log; from the second segment on with "#" and the segment's number, since each is a tree of its own
	Size   int64
	Root   tlog.Hash
	Time   time.Time
	Segment
	Text []byte
	// Sealed says that the log keeps a seal beside this text in its database, see Log: the text alone is then no state of the log.
	Sealed bool
}

// sealedLine is the last line of a checkpoint that was stored with a seal.
const sealedLine = "sealed"

// Segment is a part of a log that has a tree of its own. A log has one; each break begins another.
type Segment struct {
	// Number counts from 1.
	Number int
	// First is the number of the segment's first event.
	First int64
	// Limit is above the numbers of the segment's events: math.MaxInt64, or that of a row that somebody had put there before.
	Limit int64
	// Closed are the segments before, oldest first, as they were last signed.
	Closed []Closed
}

// Closed is what had been signed of a segment when it was found that the table does not go on from there.
type Closed struct {
	First, Size int64
	Root        tlog.Hash
	Reason      string // one of the reasons of a Break
}

// firstSegment is that of a log that was never broken.
func firstSegment() Segment { return Segment{Number: 1, Limit: math.MaxInt64} }

// End is the number after the last event that the checkpoint covers.
func (c *Checkpoint) End() int64 { return c.First + c.Size }

// log is the origin without the segment.
func (c *Checkpoint) log() string {
	name, _, _ := strings.Cut(c.Origin, "#")
	return name
}

// of gives what the checkpoint says of the segment that the event of a number belongs to; false when the event stands under no signature.
func (c *Checkpoint) of(seq int64) (first, size int64, root tlog.Hash, ok bool) {
	first, size, root = c.First, c.Size, c.Root
	for i := len(c.Closed) - 1; i >= 0 && seq < first; i-- {
		first, size, root = c.Closed[i].First, c.Closed[i].Size, c.Closed[i].Root
	}
	return first, size, root, seq >= first && seq-first < size
}

// breaks are the numbers of the first events of the segments after the first: each tells of a break.
func (s *Segment) breaks() []int64 {
	var all []int64
	for i := 1; i < len(s.Closed); i++ {
		all = append(all, s.Closed[i].First)
	}
	if s.Number > 1 {
		all = append(all, s.First)
	}
	return all
}

// after tells whether the checkpoint was signed later than another of the same log.
func (c *Checkpoint) after(other *Checkpoint) bool {
	if c.Number != other.Number {
		return c.Number > other.Number
	}
	return c.Size > other.Size
}

func signCheckpoint(key Key, origin string, s Segment, size int64, root tlog.Hash, now time.Time) (Checkpoint, error) {
	now = now.UTC().Truncate(time.Microsecond)
	if s.Number > 1 {
		origin += "#" + strconv.Itoa(s.Number)
	}
	body := fmt.Sprintf("%s\n%d\n%s\ntime %s\n%s%s\n", origin, size, root, now.Format(time.RFC3339Nano), s.lines(), sealedLine)
	text, err := note.Sign(&note.Note{Text: body}, key.signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return Checkpoint{origin, size, root, now, s, text, true}, nil
}

// lines are what a checkpoint says of its segment and those before; of the first segment nothing.
func (s *Segment) lines() string {
	if s.Number == 1 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "segment %d from %d below %d\n", s.Number, s.First, s.Limit)
	for _, c := range s.Closed {
		fmt.Fprintf(&b, "after %d %d %s %s\n", c.First, c.Size, c.Root, c.Reason)
	}
	return b.String()
}

// parseSegment is the inverse of lines.
func parseSegment(lines []string) (Segment, error) {
	s := firstSegment()
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "segment ") {
		return s, nil
	}
	if _, err := fmt.Sscanf(lines[0], "segment %d from %d below %d", &s.Number, &s.First, &s.Limit); err != nil {
		return s, fmt.Errorf("the line %q: %w", lines[0], err)
	}
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "after ") {
			break
		}
		var c Closed
		var root string
		if _, err := fmt.Sscanf(line, "after %d %d %s %s", &c.First, &c.Size, &root, &c.Reason); err != nil {
			return s, fmt.Errorf("the line %q: %w", line, err)
		}
		var err error
		if c.Root, err = tlog.ParseHash(root); err != nil {
			return s, fmt.Errorf("the line %q: %w", line, err)
		}
		s.Closed = append(s.Closed, c)
	}
	if len(s.Closed) != s.Number-1 {
		return s, fmt.Errorf("segment %d names %d before it", s.Number, len(s.Closed))
	}
	return s, nil
}

// ParseCheckpoint reads one checkpoint and checks its signature against a public key.
func ParseCheckpoint(text []byte, publicKey string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(publicKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the public key: %w", err)
	}
	n, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("check the checkpoint's signature: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return Checkpoint{}, errors.New("read the checkpoint: too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("read the checkpoint: the size %q is no number", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root, Segment: firstSegment(), Text: slices.Clone(text),
		Sealed: slices.Contains(lines[3:], sealedLine)}
	if at, ok := strings.CutPrefix(lines[3], "time "); ok {
		if c.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
		}
		if c.Segment, err = parseSegment(lines[4:]); err != nil {
			return Checkpoint{}, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	return c, nil
}

// parseKnown reads checkpoints that were kept, each as its text.
func parseKnown(texts []string, publicKey string) ([]Checkpoint, error) {
	var all []Checkpoint
	for _, text := range texts {
		c, err := ParseCheckpoint([]byte(text), publicKey)
		if err != nil {
			return nil, fmt.Errorf("a checkpoint kept outside of the database: %w", err)
		}
		all = append(all, c)
	}
	return all, nil
}

// blocks takes a file of checkpoints apart, which stand in it one after the other with a blank line between.
func blocks(data []byte) (all [][]byte) {
	var text []byte
	signed := false
	flush := func() {
		if len(bytes.TrimSpace(text)) > 0 {
			all = append(all, text)
		}
		text, signed = nil, false
	}
	for line := range bytes.Lines(data) {
		isSignature := bytes.HasPrefix(line, []byte("— "))
		if signed && !isSignature { // the blank line between two
			flush()
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
		}
		text = append(text, line...)
		signed = signed || isSignature
	}
	flush()
	return all
}

// ParseCheckpoints reads one or more checkpoints that stand in a file one after the other, as Options.Checkpoints receives them.
func ParseCheckpoints(data []byte, publicKey string) ([]Checkpoint, error) {
	var all []Checkpoint
	for _, text := range blocks(data) {
		c, err := ParseCheckpoint(text, publicKey)
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no checkpoint in it")
	}
	return all, nil
}

// FindCheckpoints picks out of a file the checkpoints of the log of an origin that a key signed. What else stands there, such as those of
// another log or one that a power cut has torn, is passed over.
func FindCheckpoints(data []byte, origin, publicKey string) []Checkpoint {
	var all []Checkpoint
	for _, text := range blocks(data) {
		if c, err := ParseCheckpoint(text, publicKey); err == nil && c.log() == origin {
			all = append(all, c)
		}
	}
	return all
}
