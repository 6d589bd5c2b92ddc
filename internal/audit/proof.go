package audit

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"sealdesk/internal/store"
)

// ErrUnsigned says that the event stands in the table but under no signature, or that the hashes which would prove it are damaged.
var ErrUnsigned = errors.New("the event is not proven by any checkpoint")

// Proof shows that an event is in the log that a checkpoint describes (RFC 6962 audit path). The tree is that of the event's segment, which
// the checkpoint describes or names as closed.
type Proof struct {
	Seq        int64
	First      int64     // number of the first event of the tree: the leaf's index is Seq - First
	Size       int64     // of the tree
	Root       tlog.Hash // of the tree
	Leaf       tlog.Hash // hash of the event's leaf
	Path       []tlog.Hash
	Checkpoint Checkpoint
}

// Check tells whether the event belongs to the checkpoint's log at this place. The checkpoint's signature was checked when it was read.
func (p *Proof) Check(e *Event) error {
	if e.Seq != p.Seq {
		return fmt.Errorf("the proof is of event %d, not %d", p.Seq, e.Seq)
	}
	first, size, root, ok := p.Checkpoint.of(p.Seq)
	if !ok || first != p.First || size != p.Size || root != p.Root {
		return fmt.Errorf("event %d: %w", e.Seq, ErrUnsigned)
	}
	if err := tlog.CheckRecord(p.Path, size, root, p.Seq-first, tlog.RecordHash(e.Leaf())); err != nil {
		return fmt.Errorf("event %d: %w", e.Seq, err)
	}
	return nil
}

// Proof makes the proof of one event against the newest checkpoint; ErrNotFound when there is no such event, ErrUnsigned when nothing proves it.
func (l *Log) Proof(ctx context.Context, seq int64) (Proof, error) {
	var p Proof
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		c, err := l.readCheckpoint(ctx, tx)
		if err != nil {
			return err
		}
		if seq < 0 || seq >= c.End() {
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

// nodeCache keeps nodes that neighbouring proofs share, by the first event of their tree and their index there.
type nodeCache map[[2]int64]tlog.Hash

// maxNodes bounds a nodeCache: 2 MB.
const maxNodes = 1 << 15

// nodes reads the stored nodes of the tree of the segment that begins with first, for what package tlog proves; the cache may be nil.
func nodes(ctx context.Context, tx *store.Tx, first int64, cache nodeCache) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			h, ok := cache[[2]int64{first, index}]
			if !ok {
				level, k := tlog.SplitStoredHashIndex(index)
				var err error
				if h, err = readNode(ctx, tx, first, level, k); err != nil {
					return nil, err
				}
				if cache != nil {
					if len(cache) >= maxNodes {
						clear(cache)
					}
					cache[[2]int64{first, index}] = h
				}
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

func prove(ctx context.Context, tx *store.Tx, seq int64, c Checkpoint, cache nodeCache) (Proof, error) {
	first, size, root, ok := c.of(seq)
	if !ok {
		return Proof{}, ErrUnsigned
	}
	path, err := tlog.ProveRecord(size, seq-first, nodes(ctx, tx, first, cache))
	var leaf tlog.Hash
	if err == nil {
		leaf, err = readNode(ctx, tx, first, 0, seq-first)
	}
	if errors.Is(err, errDamaged) {
		err = fmt.Errorf("%w: %w", ErrUnsigned, err)
	}
	if err != nil {
		return Proof{}, err
	}
	return Proof{Seq: seq, First: first, Size: size, Root: root, Leaf: leaf, Path: path, Checkpoint: c}, nil
}

// Step is one step on the way from a leaf to the root: the node so far and Sibling, which stands on the left or on the right, make Node.
type Step struct {
	Sibling tlog.Hash
	Left    bool
	Node    tlog.Hash
}

// Steps are the nodes on the way from the leaf to the root, by the rules of RFC 9162, 2.1.3.2.
func (p *Proof) Steps() []Step {
	var steps []Step
	node, index, last := p.Leaf, p.Seq-p.First, p.Size-1
	for _, sibling := range p.Path {
		left := index&1 == 1 || index == last
		if left {
			node = tlog.NodeHash(sibling, node)
			for index&1 == 0 && index > 0 {
				index, last = index>>1, last>>1
			}
		} else {
			node = tlog.NodeHash(node, sibling)
		}
		steps = append(steps, Step{sibling, left, node})
		index, last = index>>1, last>>1
	}
	return steps
}
