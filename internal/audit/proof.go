package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// Proof shows that an event is in the log that a checkpoint describes (RFC 6962 audit path).
type Proof struct {
	Seq        int64
	Leaf       tlog.Hash // hash of the event's leaf
	Path       []tlog.Hash
	Checkpoint Checkpoint
}

// Check tells whether the event belongs to the checkpoint's log at this place. The checkpoint's signature was checked when it was read.
func (p *Proof) Check(e *Event) error {
	if e.Seq != p.Seq {
		return fmt.Errorf("the proof is of event %d, not %d", p.Seq, e.Seq)
	}
	if err := tlog.CheckRecord(p.Path, p.Checkpoint.Size, p.Checkpoint.Root, p.Seq, tlog.RecordHash(e.Leaf())); err != nil {
		return fmt.Errorf("event %d: %w", e.Seq, err)
	}
	return nil
}

// Proof makes the proof of one event against the newest checkpoint; ErrNotFound when there is no such event.
func (l *Log) Proof(ctx context.Context, seq int64) (Proof, error) {
	var p Proof
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		c, err := l.readCheckpoint(ctx, tx)
		if err != nil {
			return err
		}
		if seq < 0 || seq >= c.Size {
			return ErrNotFound
		}
		p, err = prove(ctx, tx, seq, c, nil)
		return err
	})
	if err != nil {
		return Proof{}, fmt.Errorf("prove audit event %d: %w", seq, err)
	}
	return p, nil
}

// nodeCache keeps nodes that neighbouring proofs share.
type nodeCache map[int64]tlog.Hash

// maxNodes bounds a nodeCache: 2 MB.
const maxNodes = 1 << 15

// nodes reads the tree's stored nodes, for what package tlog proves; the cache may be nil.
func nodes(ctx context.Context, tx *store.Tx, cache nodeCache) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, ok := cache[index]
			if !ok {
				level, k := tlog.SplitStoredHashIndex(index)
				var err error
				if h, err = readNode(ctx, tx, level, k); err != nil {
					return nil, err
				}
				if cache != nil {
					if len(cache) >= maxNodes {
						clear(cache)
					}
					cache[index] = h
				}
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

func prove(ctx context.Context, tx *store.Tx, seq int64, c Checkpoint, cache nodeCache) (Proof, error) {
	path, err := tlog.ProveRecord(c.Size, seq, nodes(ctx, tx, cache))
	if err != nil {
		return Proof{}, err
	}
	leaf, err := readNode(ctx, tx, 0, seq)
	if err != nil {
		return Proof{}, err
	}
	return Proof{Seq: seq, Leaf: leaf, Path: path, Checkpoint: c}, nil
}
