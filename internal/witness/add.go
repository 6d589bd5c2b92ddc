package witness

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// maxProof is the longest proof of consistency (C2SP tlog-witness).
const maxProof = 63

// maxRefused is how many contradictions of a log are kept.
const maxRefused = 100

// Why a request is refused; see the statuses of http.go.
var (
	errRequest      = errors.New("the request cannot be read")
	errUnknownLog   = errors.New("this witness does not know the log")
	errSignature    = errors.New("the checkpoint is not signed with the key that this witness knows")
	errInconsistent = errors.New("the checkpoint does not grow from the one that this witness signed")
)

// conflictError says that the log and its witness do not agree on the size, or on the root hash of the same size.
type conflictError struct{ size int64 }

func (e *conflictError) Error() string {
	return fmt.Sprintf("the newest checkpoint has %d events", e.size)
}

// request is what a log asks: to sign a checkpoint that grows from the one of old events.
type request struct {
	old        int64
	proof      tlog.TreeProof
	checkpoint []byte
}

// format writes the request as C2SP tlog-witness has it.
func (r *request) format() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "old %d\n", r.old)
	for _, h := range r.proof {
		out.WriteString(h.String() + "\n")
	}
	out.WriteByte('\n')
	out.Write(r.checkpoint)
	return out.Bytes()
}

func parseRequest(body []byte) (r request, err error) {
	head, checkpoint, ok := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	size, isOld := strings.CutPrefix(lines[0], "old ")
	r.old, err = strconv.ParseInt(size, 10, 64)
	if !ok || !isOld || err != nil || r.old < 0 || strconv.FormatInt(r.old, 10) != size || len(lines)-1 > maxProof {
		return r, errRequest
	}
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return r, errRequest
		}
		r.proof = append(r.proof, h)
	}
	r.checkpoint = checkpoint
	return r, nil
}

// add judges a request and returns the witness's signature line. What it signed is on the disk before it returns.
func (w *Witness) add(ctx context.Context, body []byte) (line string, err error) {
	r, err := parseRequest(body)
	if err != nil {
		return "", err
	}
	c, err := w.read(r.checkpoint)
	if err != nil {
		return "", err
	}
	if r.old > c.Size {
		return "", errRequest
	}
	var refused error
	err = w.db.Write(ctx, func(tx *store.Tx) error {
		known, err := findLog(ctx, tx, c.Origin)
		if err != nil {
			return err
		}
		if refused, err = judgeSegments(ctx, tx, c); err != nil {
			return err
		}
		if refused == nil {
			refused = judge(r, c, known)
		}
		if refused != nil {
			if r.old == known.size { // the log proved nothing although both knew where to start
				return keep(ctx, tx, c, known, store.Micros(w.now()))
			}
			return nil
		}
		if line, err = w.key.cosign(c.Text); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO witness_logs (origin, size, root, checkpoint, cosignature, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint,
			cosignature = excluded.cosignature, at = excluded.at`, c.Origin, c.Size, c.Root.String(), string(c.Text), line, store.Micros(w.now()))
		return err
	})
	if err = errors.Join(err, refused); err != nil {
		return "", err
	}
	return line, nil
}

// read checks the signature of a checkpoint of a log that the witness knows. Lines of other witnesses are left out of what is kept.
func (w *Witness) read(text []byte) (c audit.Checkpoint, err error) {
	origin, _, _ := strings.Cut(string(text[:min(len(text), maxOrigin)]), "\n")
	log, known := w.logs[origin]
	if !known {
		log, known = w.logs[segment.ReplaceAllString(origin, "")]
	}
	if !known {
		return c, errUnknownLog
	}
	c, err = audit.ParseCheckpoint(text, log.key)
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return c, errSignature
	case err != nil:
		return c, errRequest
	}
	n, err := note.Open(text, log.verifiers)
	if err != nil {
		return c, errSignature
	}
	n.UnverifiedSigs = nil
	if c.Text, err = note.Sign(n); err != nil {
		return c, fmt.Errorf("write the checkpoint: %w", err)
	}
	return c, nil
}

// maxOrigin is the longest origin that is looked up, in bytes.
const maxOrigin = 1 << 10

// segment is what a log of ours appends to its origin after a break: each segment is a tree of its own, under the key of the log.
var segment = regexp.MustCompile(`#([2-9]|[1-9][0-9]+)$`)

// judgeSegments tells why the segment of a log is refused: it must not say less of those before it than the witness saw, and none grows any
// more once the witness saw a later one.
func judgeSegments(ctx context.Context, tx *store.Tx, c audit.Checkpoint) (refused, err error) {
	name := func(number int) string {
		if number == 1 {
			return c.Log()
		}
		return c.Log() + "#" + strconv.Itoa(number)
	}
	for i, closed := range c.Closed {
		known, err := findLog(ctx, tx, name(i+1))
		if err != nil {
			return nil, err
		}
		if known.size > closed.Size || known.size > 0 && known.size == closed.Size && known.root != closed.Root {
			return errInconsistent, nil
		}
	}
	later, err := findLog(ctx, tx, name(c.Number+1))
	if err == nil && later.size > 0 {
		refused = errInconsistent
	}
	return refused, err
}

// knownLog is what the witness remembers of a log; of one that it never signed, the empty tree.
type knownLog struct {
	size       int64
	root       tlog.Hash
	checkpoint string
}

func findLog(ctx context.Context, tx *store.Tx, origin string) (known knownLog, err error) {
	var root string
	err = tx.QueryRow(ctx, `SELECT size, root, checkpoint FROM witness_logs WHERE origin = $1`, origin).Scan(&known.size, &root, &known.checkpoint)
	if errors.Is(err, store.ErrNotFound) {
		return knownLog{root: sha256.Sum256(nil)}, nil
	}
	if err == nil {
		known.root, err = tlog.ParseHash(root)
	}
	if err != nil {
		return known, fmt.Errorf("read what is known of %s: %w", origin, err)
	}
	return known, nil
}

// judge tells why a checkpoint is refused.
func judge(r request, c audit.Checkpoint, known knownLog) error {
	switch {
	case r.old != known.size:
		return &conflictError{known.size}
	case c.Size == known.size && c.Root != known.root:
		return &conflictError{known.size}
	case c.Size == known.size || known.size == 0:
		if len(r.proof) > 0 {
			return errInconsistent
		}
	case tlog.CheckTree(r.proof, c.Size, c.Root, known.size, known.root) != nil:
		return errInconsistent
	}
	return nil
}

// keep notes a contradiction, which the log itself has signed.
func keep(ctx context.Context, tx *store.Tx, c audit.Checkpoint, known knownLog, at int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO witness_refused (origin, checkpoint, known, at)
		SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM witness_refused WHERE origin = $1) < $5
		ON CONFLICT DO NOTHING`, c.Origin, string(c.Text), known.checkpoint, at, maxRefused)
	if err != nil {
		return fmt.Errorf("keep the contradiction of %s: %w", c.Origin, err)
	}
	return nil
}
