package audit

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"sealdesk/internal/store"
)

// valueCheck holds the tables of persons against the tokens of the events. A token must have a value that fits it, or an event of the log must
// tell that it was erased.
type valueCheck struct {
	good   map[string]bool  // tokens with a value that fits
	lacked map[string]int64 // the others that events have, with the first such event
	erased map[string]int64 // with the event that tells of it
	last   [3][]byte        // what the columns of the event before had, which needs no second look
}

// checkValues opens every value there is.
func (l *Log) checkValues(ctx context.Context, tx *store.Tx) (*valueCheck, error) {
	c := &valueCheck{good: map[string]bool{}, lacked: map[string]int64{}, erased: map[string]int64{}}
	err := l.eachValue(ctx, tx, make(map[int64]*store.Vault), func(token string, _ Salted, err error) {
		if err == nil {
			c.good[token] = true
		}
	}, "")
	return c, err
}

// look notes the tokens of an event of which no value is known, and those that it tells the erasure of.
func (c *valueCheck) look(seq int64, fields [][]byte) {
	for i, column := range [...]int{columnName, columnIP, columnAgent} {
		text := fields[column]
		if len(text) != tokenLength || text[0] != tokenMark || bytes.Equal(text, c.last[i]) {
			continue
		}
		c.last[i] = append(c.last[i][:0], text...)
		c.note(seq, text)
	}
	if string(fields[columnAction]) == actionErase {
		eachToken(fields[columnDetail], func(token []byte) { c.erased[string(token)] = seq })
		return
	}
	eachToken(fields[columnDetail], func(token []byte) { c.note(seq, token) })
}

func (c *valueCheck) note(seq int64, token []byte) {
	if c.good[string(token)] || !isToken(token) {
		return
	}
	if _, known := c.lacked[string(token)]; !known {
		c.lacked[string(token)] = seq
	}
}

// tell names the first event of each value that is missing or does not fit, and was not erased, and each erasure of one that is there again.
func (c *valueCheck) tell(r *Report) {
	back := map[int64]bool{}
	for token, seq := range c.erased {
		if c.good[token] {
			back[seq] = true
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(back)) {
		r.add(ProblemErased, seq)
	}
	named := map[int64]bool{}
	for _, token := range slices.SortedFunc(maps.Keys(c.lacked), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.lacked[a], c.lacked[b]), strings.Compare(a, b))
	}) {
		if _, erased := c.erased[token]; erased {
			continue
		}
		if seq := c.lacked[token]; !named[seq] {
			named[seq] = true
			r.add(ProblemValue, seq)
		}
	}
}
