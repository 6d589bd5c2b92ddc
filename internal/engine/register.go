package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	numbers "sealdesk/internal/identity"
	"sealdesk/internal/store"
)

// maxIdentities bounds the register: it is a table to edit by hand.
const maxIdentities = 10_000

// resultError is a wanted result that makes the call itself fail, as when the platform cannot reach a register.
const resultError = "error"

// Identity is one row of the register: a person with what belongs to them. A row without a name is a mobile or card behind which
// nobody is known. A result that is set is what the Check… actions answer for the row, whatever they find (see docs/identity-tests.md):
// a number, or "error" for InternalError.Api; empty lets them compare.
type Identity struct {
	ID             string
	Name           string
	IDCard         string
	Mobile         string
	BankCard       string
	IDCardResult   string
	MobileResult   string
	BankCardResult string
	FaceResult     string // 1: the face is never the person's
	Created        time.Time
	Updated        time.Time
}

// IdentityError says what is wrong with a row for the register. Field is one of name, id_card, mobile, bank_card, id_card_result,
// mobile_result, bank_card_result, face_result, or empty for the row or file as a whole. Rule is one of form, region, birth, range,
// check, result, empty, full, header.
type IdentityError struct {
	Line        int // of a file, from 1; 0 for a single row
	Field, Rule string
}

func (e *IdentityError) Error() string {
	return fmt.Sprintf("engine: identity, line %d, %s: %s", e.Line, firstOf(e.Field, "row"), e.Rule)
}

// ErrIdentityUnknown says that the register has no such row.
var ErrIdentityUnknown = errors.New("engine: no such identity")

// normalize brings a row into the form in which it is compared.
func (i *Identity) normalize() {
	for _, f := range []*string{&i.Name, &i.IDCard, &i.Mobile, &i.BankCard, &i.IDCardResult, &i.MobileResult, &i.BankCardResult, &i.FaceResult} {
		*f = strings.TrimSpace(*f)
	}
	i.IDCard, i.Mobile = strings.ToUpper(i.IDCard), numbers.PlainMobile(i.Mobile)
	i.BankCard = strings.ReplaceAll(i.BankCard, " ", "")
}

// check finds what is wrong with a row. A number that cannot exist would never be looked up.
func (i *Identity) check(now time.Time) error {
	if i.IDCard == "" && i.Mobile == "" && i.BankCard == "" {
		return &IdentityError{Rule: "empty"}
	}
	_, cardErr := numbers.ParseIDCard(i.IDCard, now)
	for _, f := range []struct {
		field, value string
		err          error
	}{
		{"name", i.Name, numbers.CheckName(i.Name)}, {"id_card", i.IDCard, cardErr},
		{"mobile", i.Mobile, numbers.CheckMobile(i.Mobile)}, {"bank_card", i.BankCard, numbers.CheckBankCard(i.BankCard)},
	} {
		if f.value != "" && f.err != nil {
			return &IdentityError{Field: f.field, Rule: numberRule(f.err)}
		}
	}
	for _, f := range []struct {
		field, value string
		known        results
	}{
		{"id_card_result", i.IDCardResult, idCardResults}, {"mobile_result", i.MobileResult, mobileResults},
		{"bank_card_result", i.BankCardResult, bankCardResults}, {"face_result", i.FaceResult, faceResults},
	} {
		if f.value != "" && f.value != resultError && !f.known.has(f.value) {
			return &IdentityError{Field: f.field, Rule: "result"}
		}
	}
	return nil
}

// numberRule names what the package identity found.
func numberRule(err error) string {
	switch {
	case errors.Is(err, numbers.ErrRegion):
		return "region"
	case errors.Is(err, numbers.ErrBirth):
		return "birth"
	case errors.Is(err, numbers.ErrRange):
		return "range"
	case errors.Is(err, numbers.ErrCheck):
		return "check"
	default:
		return "form"
	}
}

// PutIdentity adds a row, or replaces the one with the same ID, and gives its ID. What is wrong with it is an *IdentityError.
func (e *Engine) PutIdentity(ctx context.Context, i Identity) (id string, err error) {
	if !e.simulate {
		return "", ErrNotSimulated
	}
	i.normalize()
	if err := i.check(e.now()); err != nil {
		return "", err
	}
	err = e.db.Write(ctx, func(tx *store.Tx) error {
		if id, err = e.putIdentity(ctx, tx, i); err != nil {
			return err
		}
		return e.record(ctx, tx, event{Action: "identity.put", ObjectType: "identity", ObjectID: id})
	})
	return id, err
}

func (e *Engine) putIdentity(ctx context.Context, tx *store.Tx, i Identity) (string, error) {
	fresh := i.ID == ""
	if fresh {
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM engine_identities`).Scan(&n); err != nil {
			return "", fmt.Errorf("count the identities: %w", err)
		}
		if n >= maxIdentities {
			return "", &IdentityError{Rule: "full"}
		}
		i.ID = newID(e.wall())
	}
	now := store.Micros(e.now())
	sealed := func(column, value string) []byte {
		return e.vault.Seal("engine_identities."+column, i.ID, []byte(value))
	}
	values := []any{i.ID, sealed("name", i.Name), sealed("id_card", i.IDCard), e.identityIndex("id_card", i.IDCard), sealed("mobile", i.Mobile),
		e.identityIndex("mobile", i.Mobile), sealed("bank_card", i.BankCard), e.identityIndex("bank_card", i.BankCard), i.IDCardResult, i.MobileResult,
		i.BankCardResult, i.FaceResult, now}
	if fresh {
		_, err := tx.Exec(ctx, `INSERT INTO engine_identities (id, name_sealed, id_card_sealed, id_card_index, mobile_sealed, mobile_index, bank_card_sealed,
			bank_card_index, id_card_result, mobile_result, bank_card_result, face_result, updated, created)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)`, values...)
		if err != nil {
			return "", fmt.Errorf("store an identity: %w", err)
		}
		return i.ID, nil
	}
	res, err := tx.Exec(ctx, `UPDATE engine_identities SET name_sealed = $2, id_card_sealed = $3, id_card_index = $4, mobile_sealed = $5, mobile_index = $6,
		bank_card_sealed = $7, bank_card_index = $8, id_card_result = $9, mobile_result = $10, bank_card_result = $11, face_result = $12, updated = $13
		WHERE id = $1`, values...)
	if err != nil {
		return "", fmt.Errorf("change an identity: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return "", errors.Join(ErrIdentityUnknown, err)
	}
	return i.ID, nil
}

// identityIndex is the blind index of a value of the register, nil for none.
func (e *Engine) identityIndex(column, value string) []byte {
	if value == "" {
		return nil
	}
	return e.vault.Blind("identity."+column, value)
}

// DeleteIdentity takes a row out of the register.
func (e *Engine) DeleteIdentity(ctx context.Context, id string) error {
	if !e.simulate {
		return ErrNotSimulated
	}
	return e.db.Write(ctx, func(tx *store.Tx) error {
		res, err := tx.Exec(ctx, `DELETE FROM engine_identities WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("delete an identity: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return errors.Join(ErrIdentityUnknown, err)
		}
		return e.record(ctx, tx, event{Action: "identity.delete", ObjectType: "identity", ObjectID: id})
	})
}

// FindIdentity reads one row, or gives ErrIdentityUnknown.
func (e *Engine) FindIdentity(ctx context.Context, id string) (Identity, error) {
	found, err := e.identities(ctx, `WHERE id = $1`, id)
	if err == nil && len(found) == 0 {
		err = ErrIdentityUnknown
	}
	if err != nil {
		return Identity{}, err
	}
	return found[0], nil
}

// ListIdentities gives the rows that contain a text, in the order in which they came. After is the ID of the last row of the page before,
// empty for the first page; next is empty on the last one.
func (e *Engine) ListIdentities(ctx context.Context, query, after string, limit int) (page []Identity, next string, err error) {
	// What is sealed cannot be searched by the store. The register is small.
	all, err := e.identities(ctx, `WHERE seq > coalesce((SELECT seq FROM engine_identities WHERE id = $1), 0) ORDER BY seq`, after)
	if err != nil {
		return nil, "", err
	}
	query = strings.ToUpper(strings.TrimSpace(query))
	all = slices.DeleteFunc(all, func(i Identity) bool {
		return !strings.Contains(strings.ToUpper(i.Name+"\n"+i.IDCard+"\n"+i.Mobile+"\n"+i.BankCard), query)
	})
	if limit > 0 && len(all) > limit {
		return all[:limit], all[limit-1].ID, nil
	}
	return all, "", nil
}

// identities reads rows of the register.
func (e *Engine) identities(ctx context.Context, where string, args ...any) (out []Identity, err error) {
	err = e.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, name_sealed, id_card_sealed, mobile_sealed, bank_card_sealed, id_card_result, mobile_result,
			bank_card_result, face_result, created, updated FROM engine_identities `+where, args...)
		if err != nil {
			return fmt.Errorf("read the identities: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			i := Identity{}
			var name, card, mobile, bank []byte
			var created, updated int64
			err := rows.Scan(&i.ID, &name, &card, &mobile, &bank, &i.IDCardResult, &i.MobileResult, &i.BankCardResult, &i.FaceResult, &created, &updated)
			if err != nil {
				return fmt.Errorf("read an identity: %w", err)
			}
			i.Created, i.Updated = store.Time(created), store.Time(updated)
			for _, f := range []struct {
				to     *string
				column string
				box    []byte
			}{{&i.Name, "name", name}, {&i.IDCard, "id_card", card}, {&i.Mobile, "mobile", mobile}, {&i.BankCard, "bank_card", bank}} {
				if *f.to, err = e.vault.OpenText("engine_identities."+f.column, i.ID, f.box); err != nil {
					return err
				}
			}
			out = append(out, i)
		}
		return rows.Err()
	})
	return out, err
}
