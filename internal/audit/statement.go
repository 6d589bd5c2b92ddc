package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"reflect"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Statement is what a log says, with its signature, that an export of it holds: a row that was left out since then is found.
type Statement struct {
	Events      int64
	First, Last int64 // numbers of the first and the last event; of no meaning without events
	// All says that every number from From on and below To is there. Otherwise Filter chose them, and only the log knows what passes it.
	All      bool
	From, To int64
	Filter   string // JSON

	digest string // of the leaves' hashes
}

// statementOf begins the statement of an export of what q chooses.
func statementOf(q query) (Statement, error) {
	s := Statement{From: q.from, To: q.to}
	fields := q.f
	fields.From, fields.To = time.Time{}, time.Time{}
	s.All = !q.timed && reflect.DeepEqual(fields, Filter{})
	set := map[string]any{}
	v := reflect.ValueOf(q.f)
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() && !v.Field(i).IsZero() {
			set[field.Name] = v.Field(i).Interface()
		}
	}
	text, err := json.Marshal(set)
	s.Filter = string(text)
	return s, err
}

// text is the statement without its signature. Its second line is no number, so that nobody takes it for a checkpoint.
func (s *Statement) text(origin string) string {
	kind := fmt.Sprintf("chosen by %s", s.Filter)
	if s.All {
		kind = fmt.Sprintf("all from %d below %d", s.From, s.To)
	}
	return fmt.Sprintf("%s\nexport of %d events\nnumbers %d to %d\n%s\ndigest %s\n", origin, s.Events, s.First, s.Last, kind, s.digest)
}

// parseStatement reads a signed statement.
func parseStatement(text, publicKey string) (s Statement, err error) {
	verifier, err := note.NewVerifier(publicKey)
	if err != nil {
		return s, err
	}
	n, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return s, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 6 {
		return s, fmt.Errorf("the statement has %d lines", len(lines))
	}
	if _, err := fmt.Sscanf(lines[1], "export of %d events", &s.Events); err != nil {
		return s, err
	}
	if _, err := fmt.Sscanf(lines[2], "numbers %d to %d", &s.First, &s.Last); err != nil {
		return s, err
	}
	if s.Filter, s.All = strings.CutPrefix(lines[3], "chosen by "); s.All {
		s.All = false
	} else if _, err := fmt.Sscanf(lines[3], "all from %d below %d", &s.From, &s.To); err != nil {
		return s, err
	} else {
		s.All, s.Filter = true, ""
	}
	s.digest = strings.TrimPrefix(lines[4], "digest ")
	return s, nil
}

// tally counts the events of an export as they are written or read.
type tally struct {
	sum         hash.Hash
	events      int64
	first, last int64
	gaps        []int64 // the first numbers that were passed over
}

func newTally() *tally { return &tally{sum: sha256.New()} }

func (t *tally) add(e *Event) {
	leaf := tlog.RecordHash(e.Leaf())
	t.sum.Write(leaf[:]) // a hash takes everything
	if t.events == 0 {
		t.first = e.Seq
	} else {
		for n := t.last + 1; n < e.Seq && len(t.gaps) < maxProblems; n++ {
			t.gaps = append(t.gaps, n)
		}
	}
	t.events, t.last = t.events+1, e.Seq
}

func (t *tally) digest() string { return base64.StdEncoding.EncodeToString(t.sum.Sum(nil)) }

// sign fills in what was written.
func (t *tally) sign(s Statement, l *Log) (string, error) {
	s.Events, s.First, s.Last, s.digest = t.events, t.first, t.last, t.digest()
	text, err := note.Sign(&note.Note{Text: s.text(l.opts.Origin)}, l.opts.Key.signer)
	return string(text), err
}

// missing lists the numbers that a statement promises and that were not read.
func (t *tally) missing(s *Statement) []int64 {
	if !s.All {
		return nil
	}
	all := t.gaps
	from, to := t.first, t.last+1
	if t.events == 0 {
		from, to = s.To, s.To
	}
	for n := s.From; n < from && len(all) < maxProblems; n++ {
		all = append(all, n)
	}
	for n := to; n < s.To && len(all) < maxProblems; n++ {
		all = append(all, n)
	}
	return all
}
