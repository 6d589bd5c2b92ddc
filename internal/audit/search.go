package audit

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"sealdesk/internal/store"
)

// indexChunk is how many events enter the search index in one transaction: a few milliseconds of the writer. Fewer than that stay
// unindexed; a search reads them one by one.
const indexChunk = 256

// maxTail is how many unindexed events a search reads before it indexes them first.
const maxTail = 8 * indexChunk

// The index waits until no event has come for so long, unless so many wait for it: it shall not take turns with a burst of requests.
const (
	quiet     = 2 * time.Second
	maxBehind = 64 * indexChunk
)

// searcher brings the search index up to date behind the writers.
type searcher struct {
	mu      sync.Mutex
	indexed int64
	running bool
	closed  bool
	done    chan struct{} // closed by close
	work    sync.WaitGroup
}

// wake starts indexing when enough events wait for it.
func (s *searcher) wake(l *Log) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running || s.closed || l.size.Load()-s.indexed < indexChunk {
		return
	}
	s.running = true
	s.work.Go(func() {
		// An error is not lost: the next search indexes by itself and tells.
		for more, seen := true, int64(0); more; {
			seen = s.calm(l, seen)
			var err error
			if more, err = l.indexSome(context.Background()); err != nil {
				more = false
			}
			s.mu.Lock()
			more = more && !s.closed
			s.running = more
			s.mu.Unlock()
		}
	})
}

// calm waits for quiet, given the number of events at the last look, and gives the number of events now.
func (s *searcher) calm(l *Log, seen int64) int64 {
	for {
		size := l.size.Load()
		s.mu.Lock()
		behind := size - s.indexed
		s.mu.Unlock()
		if size == seen || behind >= maxBehind {
			return size
		}
		seen = size
		select {
		case <-s.done:
			return size
		case <-time.After(quiet):
		}
	}
}

func (s *searcher) close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.work.Wait()
}

// indexSome indexes one chunk and tells whether another whole one waits.
func (l *Log) indexSome(ctx context.Context) (more bool, err error) {
	var from, to int64
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		size := l.size.Load()
		err := tx.QueryRow(ctx, "SELECT indexed FROM audit_search_state").Scan(&from)
		if err != nil {
			return err
		}
		to = max(from, min(from+indexChunk, size))
		more = size-to >= indexChunk
		events, err := readEvents(ctx, tx, "SELECT "+columns+" FROM audit_events WHERE seq >= $1 AND seq < $2 ORDER BY seq", from, to)
		if err != nil {
			return err
		}
		for i := range events {
			words := append(tokens(events[i].searchText()), events[i].tags()...)
			if _, err := tx.Exec(ctx, "INSERT INTO audit_search (rowid, words) VALUES ($1, $2)", events[i].Seq, strings.Join(words, " ")); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "UPDATE audit_search_state SET indexed = $1", to)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("index the audit log: %w", err)
	}
	l.search.mu.Lock()
	l.search.indexed = max(l.search.indexed, to)
	l.search.mu.Unlock()
	return more, nil
}

// searchText is everything of an event that a search looks into.
func (e *Event) searchText() string {
	a := &e.Actor
	return strings.Join([]string{a.Name, a.IP, e.Action, e.ObjectID, e.ErrorCode, a.RequestID, e.PlatformRequestID, e.DetailText}, "\n")
}

// tag is a word of the search index that stands for the value of a column, so that a search within a filter meets only events that pass
// it. Two values may share one: the columns themselves are compared as well.
func tag(column byte, value string) string {
	sum := sha256.Sum256([]byte(value))
	return "zz" + string(column) + hex.EncodeToString(sum[:8])
}

func (e *Event) tags() []string {
	return []string{tag('a', e.Actor.Name), tag('b', e.Action), tag('c', e.ObjectID), tag('d', e.Outcome)}
}

// tags are the words of what the filter wants.
func (q *query) tags() []phrase {
	var all []phrase
	for i, values := range [][]string{q.actors, {q.f.Action}, {q.f.ObjectID}, {q.f.Outcome}} {
		if len(values) == 0 || values[0] == "" {
			continue
		}
		p := phrase{tokens: []string{tag("abcd"[i], values[0])}}
		for _, other := range values[1:] {
			p.instead = append(p.instead, tag("abcd"[i], other))
		}
		all = append(all, p)
	}
	return all
}

// tokens cuts a text into lower-case words, and runs of Chinese, Japanese or Korean characters into pairs. The last character of a run
// stands alone, so that a single character is the beginning of some token wherever it stands.
func tokens(text string) []string {
	var all []string
	var run []rune
	dense := false
	flush := func() {
		if !dense {
			if len(run) > 0 {
				all = append(all, string(run))
			}
		} else {
			for i := range run {
				all = append(all, string(run[i:min(i+2, len(run))]))
			}
		}
		run = run[:0]
	}
	for _, r := range text {
		switch isDense := unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul); {
		case !unicode.IsLetter(r) && !unicode.IsNumber(r):
			flush()
		default:
			if isDense != dense {
				flush()
				dense = isDense
			}
			run = append(run, unicode.ToLower(r))
		}
	}
	flush()
	return all
}

// phrase is tokens that follow each other; the last may be only the beginning of one.
type phrase struct {
	tokens []string
	prefix bool
	// instead are single words of the index any of which will do as well: what stands in the place of persons' values that the phrase is found in.
	instead []string
}

// phrases reads what somebody typed: parts between spaces must all occur, each as it stands; a part that ends in * may go on.
func phrases(text string) []phrase {
	var all []phrase
	for _, part := range strings.Fields(text) {
		p := phrase{tokens: tokens(part), prefix: strings.HasSuffix(part, "*")}
		n := len(p.tokens)
		if n == 0 {
			continue
		}
		last := []rune(p.tokens[n-1])
		if dense := unicode.In(last[0], unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul); dense && len(last) == 1 {
			// The lone last character of a run is part of the pair before; alone it may begin any pair.
			if n > 1 && strings.HasSuffix(p.tokens[n-2], p.tokens[n-1]) {
				p.tokens = p.tokens[:n-1]
			} else {
				p.prefix = true
			}
		}
		all = append(all, p)
	}
	return all
}

// exact are the phrases of texts as they stand.
func exact(texts []string) []phrase {
	var all []phrase
	for _, text := range texts {
		if p := (phrase{tokens: tokens(text)}); len(p.tokens) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// match writes phrases in the language of FTS5: all of some, and any of some more unless there are none. Tokens are letters and digits only, so that nothing needs escaping.
func match(all, some []phrase) string {
	parts := written(all)
	if len(some) > 0 {
		parts = append(parts, "("+strings.Join(written(some), " OR ")+")")
	}
	return strings.Join(parts, " AND ")
}

func written(all []phrase) []string {
	var parts []string
	for _, p := range all {
		part := `"` + strings.Join(p.tokens, " ") + `"`
		if p.prefix {
			part += " *"
		}
		if len(p.instead) > 0 {
			part = "(" + part + ` OR "` + strings.Join(p.instead, `" OR "`) + `")`
		}
		parts = append(parts, part)
	}
	return parts
}

// in tells whether the phrase occurs among the tokens of a text.
func (p phrase) in(text []string) bool {
	for i := 0; i+len(p.tokens) <= len(text); i++ {
		ok := true
		for j, want := range p.tokens {
			got := text[i+j]
			ok = ok && (got == want || p.prefix && j == len(p.tokens)-1 && strings.HasPrefix(got, want))
		}
		if ok {
			return true
		}
	}
	return false
}

// matches tells whether all of some phrases occur in the event, and any of some more unless there are none.
func (e *Event) matches(all, some []phrase) bool {
	if len(all)+len(some) == 0 {
		return true
	}
	text := tokens(e.searchText())
	for _, p := range all {
		if !p.in(text) {
			return false
		}
	}
	return len(some) == 0 || slices.ContainsFunc(some, func(p phrase) bool { return p.in(text) })
}

// scanner is a row to read from.
type scanner interface{ Scan(dest ...any) error }

func readEvents(ctx context.Context, tx *store.Tx, query string, args ...any) (events []Event, err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

func scanEvent(row scanner) (e Event, err error) {
	var at, micros int64
	a := &e.Actor
	var detail sql.RawBytes
	dest := []any{&e.Seq, &at, &a.Name, &a.Role, &a.Session, &a.IP, &a.UserAgent, &e.Action, &e.ObjectType, &e.ObjectID, &e.Outcome,
		&e.ErrorCode, &a.RequestID, &e.PlatformRequestID, &micros, &detail}
	if _, single := row.(*store.Row); single { // a single row owns nothing after Scan, so that raw bytes are refused
		dest[columnDetail] = &e.DetailText
	}
	if err := row.Scan(dest...); err != nil {
		return e, fmt.Errorf("read an event: %w", err)
	}
	if detail != nil {
		e.DetailText = string(detail)
	}
	e.setStored(at, micros)
	return e, nil
}
