package audit

import (
	"crypto/sha256"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tree is the right edge of an RFC 6962 Merkle tree: the roots of the complete subtrees that it falls into, largest first. There is one
// for each bit of its size.
type tree struct {
	size int64
	edge []tlog.Hash
}

// push adds a leaf and appends to born the nodes that become complete with it: the leaf, then its parents from below.
func (t *tree) push(leaf tlog.Hash, born []tlog.Hash) []tlog.Hash {
	h := leaf
	born = append(born, h)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		born = append(born, h)
	}
	t.edge = append(t.edge, h)
	t.size++
	return born
}

// root is the hash of the whole tree.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}

// clone is a copy that later pushes do not touch.
func (t *tree) clone() tree { return tree{t.size, append([]tlog.Hash(nil), t.edge...)} }

// bornWith is the number of nodes that become complete with leaf n.
func bornWith(n int64) int { return bits.TrailingZeros64(^uint64(n)) + 1 } // #nosec G115 -- n is never negative

// place is where node k of a level is stored: the row of the leaf that completed it. Its bytes there start at HashSize * level.
func place(level int, k int64) (row int64) { return (k+1)<<level - 1 }

// edgePlaces lists the nodes of the right edge of a tree of n leaves.
func edgePlaces(n int64) (levels []int, ks []int64) {
	for level := 62; level >= 0; level-- {
		if n>>level&1 == 1 {
			levels = append(levels, level)
			ks = append(ks, n>>level-1)
		}
	}
	return levels, ks
}
