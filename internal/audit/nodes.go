package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// errDamaged says that hashes which should be in the table are missing or have a wrong length.
var errDamaged = errors.New("the stored hashes are damaged")

// ignoreDamage is for callers that have said already what is wrong.
func ignoreDamage(err error) error {
	if errors.Is(err, errDamaged) {
		return nil
	}
	return err
}

// readTop gives the number of the segment's newest event, -1 when there is none in the table, and keeps its time.
func (s *state) readTop(ctx context.Context, tx *store.Tx) (int64, error) {
	var top int64
	err := tx.QueryRow(ctx, "SELECT seq, time FROM audit_events WHERE seq < $1 AND seq >= 0 ORDER BY seq DESC LIMIT 1", s.Limit).Scan(&top, &s.time)
	if errors.Is(err, store.ErrNotFound) {
		return -1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the newest event: %w", err)
	}
	return top, nil
}

// readTree reads the right edge of the tree of the size events from first on.
func readTree(ctx context.Context, tx *store.Tx, first, size int64) (tree, error) {
	if size < 0 {
		return tree{}, errDamaged
	}
	t := tree{size: size}
	levels, ks := edgePlaces(size)
	for i, level := range levels {
		h, err := readNode(ctx, tx, first, level, ks[i])
		if err != nil {
			return tree{}, err
		}
		t.edge = append(t.edge, h)
	}
	return t, nil
}

// edgeStands tells whether the right edge of the tree is what stands in the table. A node of the edge is the last that its row holds: were
// there a higher one, that would be the edge's.
func (s *state) edgeStands(ctx context.Context, tx *store.Tx) (ok bool, err error) {
	levels, ks := edgePlaces(s.tree.size)
	marks, args := make([]string, len(levels)), make([]any, len(levels))
	for i, level := range levels {
		marks[i], args[i] = "$"+strconv.Itoa(i+1), s.First+place(level, ks[i])
	}
	rows, err := tx.Query(ctx, "SELECT hashes FROM audit_events WHERE seq IN ("+strings.Join(marks, ", ")+") ORDER BY seq", args...)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var hashes sql.RawBytes
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(&hashes); err != nil {
			return false, err
		}
		if len(hashes) != tlog.HashSize*(levels[n]+1) || tlog.Hash(hashes[len(hashes)-tlog.HashSize:]) != s.tree.edge[n] {
			return false, nil
		}
	}
	return n == len(levels), rows.Err()
}

// readNode reads a node of the tree of the segment that begins with first.
func readNode(ctx context.Context, tx *store.Tx, first int64, level int, k int64) (h tlog.Hash, err error) {
	var hashes []byte
	leaf := place(level, k)
	err = tx.QueryRow(ctx, "SELECT hashes FROM audit_events WHERE seq = $1", first+leaf).Scan(&hashes)
	if errors.Is(err, store.ErrNotFound) {
		return h, fmt.Errorf("%w: event %d is missing", errDamaged, first+leaf)
	}
	if err != nil {
		return h, fmt.Errorf("read the hashes of event %d: %w", first+leaf, err)
	}
	if len(hashes) != tlog.HashSize*bornWith(leaf) {
		return h, fmt.Errorf("%w: event %d has %d bytes of them", errDamaged, first+leaf, len(hashes))
	}
	copy(h[:], hashes[tlog.HashSize*level:])
	return h, nil
}
