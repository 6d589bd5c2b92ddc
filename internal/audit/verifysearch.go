package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"sealdesk/internal/store"
)

// What VerifySearch can find wrong. Neither touches the events and their proofs: a search that is asked for what is named misleads.
const (
	ProblemUnindexed = "unindexed" // a text search does not find the event
	ProblemIndexed   = "indexed"   // the search index says something else than the event, or there is no such event
)

// searchPage is how many events are held against the index at a time.
const searchPage = 4096

// VerifySearch holds the search index against the events: an event that a text search would not find, and an entry of the index that says
// something else than its event. What is wrong is added to the report, apart from events that it names already; the error is about not being
// able to look. The index of a database that an older program made, and that is only read, is not judged.
func (l *Log) VerifySearch(ctx context.Context, r *Report) error {
	c := &searchCheck{report: r, seed: maphash.MakeSeed(), named: make(map[int64]bool)}
	for _, p := range r.Problems {
		c.named[p.Seq] = true
	}
	err := l.db.Read(ctx, func(tx *store.Tx) error { return c.run(ctx, tx) })
	if c.own != nil {
		err = errors.Join(err, c.own.Close())
	}
	if err != nil {
		return fmt.Errorf("verify the search index: %w", err)
	}
	return nil
}

// searchCheck compares by sums: each word of an event, with its place, is a number, and the index must add up to the same. The numbers
// follow a secret seed, so that nobody can make up other words of the same sum.
type searchCheck struct {
	report *Report
	seed   maphash.Seed
	named  map[int64]bool // events that something was said of
	sums   []uint64       // of the index, by event
	own    *store.DB      // for events whose words the index cuts in another way than we do; made when needed
}

func (c *searchCheck) number(word string, place int64) uint64 {
	x := maphash.String(c.seed, word) + uint64(place)*0x9e3779b97f4a7c15 // #nosec G115 -- a number like any other
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// add names an event, once.
func (c *searchCheck) add(kind string, seq int64) {
	if !c.named[seq] && len(c.named) < 2*maxProblems {
		c.named[seq] = true
		c.report.add(kind, seq)
	}
}

func (c *searchCheck) run(ctx context.Context, tx *store.Tx) error {
	var old bool
	err := tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT 1 FROM "+SchemaTable+" WHERE version_id = 6)").Scan(&old)
	if err != nil || old {
		return err
	}
	var indexed, next int64
	err = tx.QueryRow(ctx, "SELECT (SELECT indexed FROM audit_search_state), (SELECT coalesce(min(max(seq), 9223372036854775806) + 1, 0) FROM audit_events)").Scan(&indexed, &next)
	if err != nil {
		return err
	}
	if indexed > next {
		c.add(ProblemIndexed, next)
	}
	c.sums = make([]uint64, max(0, min(indexed, next)))
	if err := c.sum(ctx, tx); err != nil {
		return err
	}
	for from, end := int64(0), int64(len(c.sums)); from < end; from += searchPage {
		to := min(from+searchPage, end)
		events, err := readEvents(ctx, tx, "SELECT "+columns+" FROM audit_events WHERE seq >= $1 AND seq < $2 ORDER BY seq", from, to)
		if err != nil {
			return err
		}
		if err := c.compare(ctx, events, from, to); err != nil {
			return err
		}
	}
	return nil
}

// sum adds up what the index says. SQLite gathers the places of a word, so that there is one row for each word and not for each place.
func (c *searchCheck) sum(ctx context.Context, tx *store.Tx) (err error) {
	rows, err := tx.Query(ctx, "SELECT term, group_concat(doc), group_concat(offset) FROM audit_search_terms GROUP BY term")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var word string
		var docs, places sql.RawBytes
		if err := rows.Scan(&word, &docs, &places); err != nil {
			return err
		}
		for len(docs) > 0 {
			doc, place := cutNumber(&docs), cutNumber(&places)
			if doc < 0 || doc >= int64(len(c.sums)) {
				c.add(ProblemIndexed, doc)
				continue
			}
			c.sums[doc] += c.number(word, place)
		}
	}
	return rows.Err()
}

// cutNumber takes the first of some numbers with commas between; -1 for what is none.
func cutNumber(list *sql.RawBytes) int64 {
	var n int64
	for i, b := range *list {
		if b == ',' {
			*list = (*list)[i+1:]
			return n
		}
		if b < '0' || b > '9' {
			*list = nil
			return -1
		}
		n = n*10 + int64(b-'0')
	}
	*list = nil
	return n
}

// compare holds the events of the numbers from..to-1 against their sums, on all processors.
func (c *searchCheck) compare(ctx context.Context, events []Event, from, to int64) error {
	wanted := make([]uint64, to-from)
	there := make([]*Event, to-from)
	part := max(1, (len(events)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var working sync.WaitGroup
	for start := 0; start < len(events); start += part {
		working.Go(func() {
			for i := start; i < min(start+part, len(events)); i++ {
				e := &events[i]
				at := e.Seq - from
				there[at] = e
				for place, word := range append(tokens(e.searchText()), e.tags()...) {
					wanted[at] += c.number(word, int64(place))
				}
			}
		})
	}
	working.Wait()
	for i := range wanted {
		seq := from + int64(i)
		switch {
		case wanted[i] == c.sums[seq]:
		case there[i] == nil: // that the event is missing says Verify
			c.add(ProblemIndexed, seq)
		case c.sums[seq] == 0:
			c.add(ProblemUnindexed, seq)
		default:
			same, err := c.ask(ctx, there[i], c.sums[seq])
			if err != nil {
				return err
			}
			if !same {
				c.add(ProblemIndexed, seq)
			}
		}
	}
	return nil
}

// ask lets SQLite itself index an event, in a database of its own: its idea of a letter is that of an older Unicode than ours.
func (c *searchCheck) ask(ctx context.Context, e *Event, sum uint64) (same bool, err error) {
	if c.own == nil {
		if c.own, err = store.Open(ctx, store.Options{}); err != nil {
			return false, err
		}
		err := c.own.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `CREATE VIRTUAL TABLE audit_search USING fts5 (words, content = '', columnsize = 0, prefix = '1', tokenize = "unicode61 remove_diacritics 0")`)
			if err == nil {
				_, err = tx.Exec(ctx, "CREATE VIRTUAL TABLE audit_search_terms USING fts5vocab(audit_search, instance)")
			}
			return err
		})
		if err != nil {
			return false, err
		}
	}
	other := &searchCheck{report: new(Report), seed: c.seed, named: map[int64]bool{}, sums: make([]uint64, 1)}
	err = c.own.Write(ctx, func(tx *store.Tx) error {
		words := strings.Join(append(tokens(e.searchText()), e.tags()...), " ")
		if _, err := tx.Exec(ctx, "INSERT INTO audit_search (audit_search) VALUES ('delete-all')"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO audit_search (rowid, words) VALUES (0, $1)", words); err != nil {
			return err
		}
		return other.sum(ctx, tx)
	})
	if err != nil {
		return false, fmt.Errorf("index event %s anew: %w", strconv.FormatInt(e.Seq, 10), err)
	}
	return other.sums[0] == sum, nil
}
