package pdf

import (
	"bytes"
	"maps"
	"slices"
)

// maxCompared bounds the comparison of two revisions, in values.
const maxCompared = 4 << 20

// differ compares values of two revisions with all that they lead to.
type differ struct {
	old, new           *file
	oldIndex, newIndex map[int]int // number of a page object → index of the page
	catalog            int         // number of the catalog, which is compared key by key

	// While forms is set, a field of the form is the same if it is the same object, because fields are compared apart. What
	// a page shows must not be left out like that: the signer of a file may have prepared it for being changed, and called
	// some part of a page a field.
	forms  bool
	fields map[int]bool
	known  map[pair]bool // pairs of objects that are equal
	queue  []pair        // pairs that are still to be compared
	left   int           // values that may still be compared
}

type pair struct {
	a, b  int
	forms bool
}

func indexPages(pages []page) map[int]int {
	out := map[int]int{}
	for i, p := range pages {
		out[p.ref.num] = i
	}
	return out
}

// equalExcept compares dictionaries but for some keys.
func (c *differ) equalExcept(a, b dict, keys ...name) bool {
	a, b = maps.Clone(a), maps.Clone(b)
	for _, key := range keys {
		delete(a, key)
		delete(b, key)
	}
	return c.equal(a, b)
}

// equal compares values with all that they lead to. Pages, the catalog and the form's fields are compared elsewhere and
// only need to be the same object.
func (c *differ) equal(a, b object) bool {
	met := map[pair]bool{}
	c.queue = c.queue[:0]
	same := c.equalValues(a, b, 0)
	for same && len(c.queue) > 0 {
		next := c.queue[len(c.queue)-1]
		c.queue = c.queue[:len(c.queue)-1]
		if next.forms = c.forms; c.known[next] || met[next] {
			continue
		}
		met[next] = true // a loop is equal unless something else in it differs
		same = c.equalValues(c.old.object(next.a), c.new.object(next.b), 0)
	}
	if same {
		maps.Copy(c.known, met)
	}
	return same
}

// equalValues compares what stands in one place; what it refers to waits in the queue, so that long chains need no stack.
func (c *differ) equalValues(a, b object, depth int) bool {
	if c.left--; c.left <= 0 || depth > maxDepth {
		return false
	}
	if a, isA := a.(ref); isA {
		if b, isB := b.(ref); isB {
			return c.equalRefs(a, b)
		}
	}
	a, b = c.old.get(a), c.new.get(b)
	switch a := a.(type) {
	case array:
		b, ok := b.(array)
		return ok && slices.EqualFunc(a, b, func(x, y object) bool { return c.equalValues(x, y, depth+1) })
	case dict:
		b, ok := b.(dict)
		return ok && c.equalDicts(a, b, depth)
	case *stream:
		b, ok := b.(*stream)
		return ok && len(a.data) == len(b.data) && (a.at == b.at || bytes.Equal(a.data, b.data)) && c.equalDicts(a.dict, b.dict, depth)
	}
	switch b.(type) {
	case array, dict, *stream:
		return false
	}
	x, isX := asFloat(a)
	y, isY := asFloat(b)
	return a == b || isX && isY && x == y // numbers are numbers, however they are written
}

func (c *differ) equalRefs(a, b ref) bool {
	i, pageA := c.oldIndex[a.num]
	k, pageB := c.newIndex[b.num]
	if pageA || pageB {
		return pageA && pageB && i == k && a == b
	}
	if a != b || a.num != c.catalog && !(c.forms && c.fields[a.num]) {
		c.queue = append(c.queue, pair{a: a.num, b: b.num})
	}
	return true
}

func (c *differ) equalDicts(a, b dict, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for key, v := range a {
		w, ok := b[key]
		if !ok || !c.equalValues(v, w, depth+1) {
			return false
		}
	}
	return true
}
