package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/store"
)

// actionErase tells that a person was erased from the log: its detail has the tokens that stand for nothing from then on.
const actionErase = "person.erase"

// tokensInEvent is how many tokens one event tells of, so that its detail is kept whole.
const tokensInEvent = 4000

// Person is whom to erase.
type Person struct {
	ID    string   // names them in the event that tells of it
	IDs   []string // that events know them by
	Names []string // names of accounts, and what stands in events without an id beside it: names, masked mobiles and addresses
}

// Erasure is what Erase did.
type Erasure struct {
	Values int   // that stood in events
	Clear  int64 // events of before there were tokens that name the person in clear, as far as the search index goes: they stay
}

// ErrNotFlushed says that a person was erased, but that the write-ahead log of the database may still hold what was there before, since others
// were at work: erasing once more empties it.
var ErrNotFlushed = errors.New("erased, but not yet out of the database's write-ahead log")

// Erase destroys the key of a person and what was encrypted with it, so that their tokens stand for nothing any more, and tells so in an event
// of their id. It takes as long for a long log as for a short one. Nothing happens, and there is no event, where the log knows nothing of them.
func (l *Log) Erase(ctx context.Context, p Person) (done Erasure, err error) {
	for _, name := range p.Names {
		n, err := l.inClear(ctx, name)
		if err != nil {
			return done, fmt.Errorf("erase a person: %w", err)
		}
		done.Clear += n
	}
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		if err := l.begin(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "PRAGMA secure_delete = ON"); err != nil {
			return err
		}
		var tokens []string
		for _, name := range slices.Concat(p.IDs, p.Names) {
			erased, err := l.erase(ctx, tx, name)
			if err != nil {
				return err
			}
			tokens = append(tokens, erased...)
		}
		clear(l.tokens)
		done.Values = len(tokens)
		slices.Sort(tokens)
		for some := range slices.Chunk(tokens, tokensInEvent) {
			e := Event{Actor: ActorFrom(ctx), Action: actionErase, ObjectType: "person", ObjectID: p.ID, concealed: true,
				Detail: map[string]any{"values": len(some), "tokens": some}}
			if _, err := l.append(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		if err = l.db.Flush(ctx); errors.Is(err, store.ErrBusy) {
			err = ErrNotFlushed
		}
	}
	if err != nil {
		return done, fmt.Errorf("erase a person: %w", err)
	}
	return done, nil
}

// erase overwrites the key of a person where it stands and removes the values, and gives their tokens.
func (l *Log) erase(ctx context.Context, tx *store.Tx, name string) (tokens []string, err error) {
	var person int64
	err = tx.QueryRow(ctx, "SELECT id FROM audit_people WHERE label = $1", l.opts.Key.mac(macPerson, name)).Scan(&person)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT token FROM audit_values WHERE person = $1", person)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var token string
		if err := rows.Scan(&token); err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, "DELETE FROM audit_values WHERE person = $1", person)
	if err == nil {
		_, err = tx.Exec(ctx, "UPDATE audit_people SET key = zeroblob(length(key)), label = NULL WHERE id = $1", person)
	}
	return tokens, err
}

// inClear counts the events that name somebody in clear.
func (l *Log) inClear(ctx context.Context, name string) (n int64, err error) {
	p := exact([]string{name})
	if len(p) == 0 || strings.TrimSpace(name) == "" {
		return 0, nil
	}
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM audit_search WHERE words MATCH $1", match(p, nil)).Scan(&n)
	})
	return n, err
}
