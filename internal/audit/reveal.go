package audit

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"sealdesk/internal/store"
)

type erasedKey struct{}

// WithErasedText returns a context in which erased values of events read as f writes them, given their pseudonym. Names of actors stay tokens,
// by which their other events are found; see Pseudonym.
func WithErasedText(ctx context.Context, f func(pseudonym string) string) context.Context {
	return context.WithValue(ctx, erasedKey{}, f)
}

// erasedText is what stands for an erased value.
func erasedText(ctx context.Context, token string) string {
	pseudonym, _ := Pseudonym(token)
	if f, ok := ctx.Value(erasedKey{}).(func(string) string); ok {
		return f(pseudonym)
	}
	return token
}

// tokensAtOnce is how many values one statement reads.
const tokensAtOnce = 500

// values reads what tokens stand for. Erased ones, also where somebody put their rows back, and those whose box cannot be opened, have no entry:
// Verify tells which is which.
func (l *Log) values(ctx context.Context, tx *store.Tx, tokens []string) (map[string]Salted, error) {
	all := make(map[string]Salted, len(tokens))
	keys := make(map[int64]*store.Vault)
	erased, err := l.erased.read(ctx, tx)
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(tokens, tokensAtOnce) {
		list, args := marks(some)
		if err := l.eachValue(ctx, tx, keys, func(token string, s Salted, err error) {
			if err == nil && !erased(token) {
				all[token] = s
			}
		}, "WHERE v.token IN ("+list+")", args...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// eachValue opens the boxes that a condition on audit_values v and audit_people p chooses. What f is told as an error is that a box does not
// open or holds something else than its token says.
func (l *Log) eachValue(ctx context.Context, tx *store.Tx, keys map[int64]*store.Vault, f func(string, Salted, error), condition string, args ...any) (err error) {
	rows, err := tx.Query(ctx, "SELECT v.token, v.person, v.box, coalesce(p.label, ''), p.key FROM audit_values v LEFT JOIN audit_people p ON p.id = v.person "+
		condition, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var token, label string
		var person int64
		var box, wrapped []byte
		if err := rows.Scan(&token, &person, &box, &label, &wrapped); err != nil {
			return err
		}
		key := keys[person]
		var bad error
		if key == nil {
			if key, bad = l.openKey(label, wrapped); bad == nil {
				keys[person] = key
			}
		}
		s := Salted{}
		if bad == nil {
			s, bad = openValue(key, token, box)
		}
		f(token, s, bad)
	}
	return rows.Err()
}

var errValue = errors.New("the value is not what its token says")

// openValue opens the box of a value and holds it against its token.
func openValue(key *store.Vault, token string, box []byte) (s Salted, err error) {
	plain, err := key.Open(valueColumn, token, box)
	if err != nil {
		return s, err
	}
	if len(plain) < saltBytes {
		return s, errValue
	}
	s = Salted{plain[:saltBytes], string(plain[saltBytes:])}
	if s.Token() != token {
		return s, errValue
	}
	return s, nil
}

// reveal puts the values in the place of the tokens of some events, as far as they are not erased.
func (l *Log) reveal(ctx context.Context, tx *store.Tx, events []Event) error {
	wanted := make(map[string]bool)
	for i := range events {
		events[i].eachToken(func(token string) { wanted[token] = true })
	}
	if len(wanted) == 0 {
		return nil
	}
	values, err := l.values(ctx, tx, slices.Sorted(maps.Keys(wanted)))
	if err != nil {
		return err
	}
	for i := range events {
		events[i].reveal(ctx, values)
	}
	return nil
}

// eachToken calls f with each token of a stored event.
func (e *Event) eachToken(f func(token string)) {
	for _, text := range []string{e.Actor.Name, e.Actor.IP, e.Actor.UserAgent} {
		if isToken(text) {
			f(text)
		}
	}
	eachToken(e.DetailText, f)
}

func (e *Event) reveal(ctx context.Context, values map[string]Salted) {
	a := &e.Actor
	h := &hashedTexts{a.Name, a.IP, a.UserAgent, e.DetailText, map[string]Salted{}}
	e.eachToken(func(token string) { h.values[token] = values[token] })
	if len(h.values) == 0 {
		return
	}
	e.hashed = h
	read := func(token string) string {
		if s := h.values[token]; s.Salt != nil {
			return s.Value
		}
		return erasedText(ctx, token)
	}
	for _, text := range []*string{&a.IP, &a.UserAgent} {
		if isToken(*text) {
			*text = read(*text)
		}
	}
	if s := h.values[a.Name]; s.Salt != nil {
		a.Name = s.Value
	}
	var pairs []string
	eachToken(h.detail, func(token string) {
		if text, err := json.Marshal(read(token)); err == nil { // a text has a form in JSON
			pairs = append(pairs, `"`+token+`"`, string(text))
		}
	})
	if len(pairs) > 0 {
		e.DetailText = strings.NewReplacer(pairs...).Replace(h.detail)
		e.decodeDetail()
	}
}

// Reveal reads what the tokens among some texts of stored events stand for. Erased ones are written as WithErasedText says.
func (l *Log) Reveal(ctx context.Context, tx *store.Tx, texts []string) (map[string]string, error) {
	var tokens []string
	for _, text := range texts {
		if isToken(text) {
			tokens = append(tokens, text)
		}
	}
	if len(tokens) == 0 {
		return nil, nil
	}
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	values, err := l.values(ctx, tx, tokens)
	if err != nil {
		return nil, err
	}
	read := make(map[string]string, len(tokens))
	for _, token := range tokens {
		read[token] = erasedText(ctx, token)
		if s, ok := values[token]; ok {
			read[token] = s.Value
		}
	}
	return read, nil
}

// people finds what stands in the events for the persons that the filter asks for: the token of the actor beside the name, and for each phrase
// the tokens of the values that it occurs in.
func (q *query) people(ctx context.Context, tx *store.Tx, wanted, about []phrase) error {
	q.wanted, q.about, q.actors = wanted, about, nil
	if name := q.f.Actor; name != "" {
		q.actors = []string{name}
		var token string
		err := tx.QueryRow(ctx, "SELECT token FROM audit_values WHERE label = $1", q.l.valueLabel(name, name)).Scan(&token)
		if err == nil {
			q.actors = append(q.actors, token)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if len(wanted)+len(about) == 0 {
		return nil
	}
	erased, err := q.l.erased.read(ctx, tx)
	if err != nil {
		return err
	}
	return q.l.eachValue(ctx, tx, make(map[int64]*store.Vault), func(token string, s Salted, err error) {
		if err != nil || erased(token) {
			return // Verify names it
		}
		text := tokens(s.Value)
		for _, some := range [][]phrase{q.wanted, q.about} {
			for i := range some {
				if some[i].in(text) {
					some[i].instead = append(some[i].instead, token[1:])
				}
			}
		}
	}, "")
}
