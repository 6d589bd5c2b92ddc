package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// Consistency proves that the log of old events is the beginning of the one that c describes (RFC 6962, 2.1.2). There is nothing to prove,
// and no proof, of an empty or an equal tree. old must be within 0 and c.Size.
func (l *Log) Consistency(ctx context.Context, old int64, c Checkpoint) (tlog.TreeProof, error) {
	if old < 0 || old > c.Size {
		return nil, fmt.Errorf("prove consistency: %d events are not the beginning of %d", old, c.Size)
	}
	if old == 0 || old == c.Size {
		return nil, nil
	}
	var proof tlog.TreeProof
	err := l.db.Read(ctx, func(tx *store.Tx) (err error) {
		proof, err = tlog.ProveTree(c.Size, old, nodes(ctx, tx, c.First, nil))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prove consistency of %d and %d events: %w", old, c.Size, err)
	}
	return proof, nil
}

// Log is the name of the log that the checkpoint is of, without the number of its segment.
func (c *Checkpoint) Log() string { return c.log() }
