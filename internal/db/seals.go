package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// Where a seal of the index comes from.
const (
	SealGenerated = "generated" // drawn by the platform from the registered name
	SealDrawn     = "drawn"     // drawn in the portal's studio and sent as a picture
	SealUploaded  = "uploaded"  // a picture of a seal that exists
)

// Seal is a seal in the portal's index. Exactly one of OrganizationID and UserID is not empty.
type Seal struct {
	ID             string // SealId
	OrganizationID string
	UserID         string
	OwnerName      string
	Name           string
	Kind           string // SealType
	Source         string
	WidthMM        float64 // 0 where only the platform knows
	HeightMM       float64
	Default        bool
	State          string // SealActive, SealDisabled or SealDestroyed
	Reason         string // of the state
	Picture        string // where the file store keeps a copy of the platform's picture; empty until it was fetched
	CreatedBy      string
	Created        time.Time
}

// SealFilter narrows a list of seals.
type SealFilter struct {
	Text           string
	Kind           string
	OrganizationID string
	UserID         string
	Default        *bool
}

const sealColumns = `id, organization_id, user_id, owner_name, name, kind, source, width_mm, height_mm, is_default, state, reason, picture, created_by, created_at`

func scanSeal(row interface{ Scan(...any) error }) (Seal, error) {
	var s Seal
	var created int64
	err := row.Scan(&s.ID, &s.OrganizationID, &s.UserID, &s.OwnerName, &s.Name, &s.Kind, &s.Source, &s.WidthMM, &s.HeightMM, &s.Default, &s.State, &s.Reason,
		&s.Picture, &s.CreatedBy, &created)
	if err != nil {
		return s, missing(err)
	}
	s.Created = store.Time(created)
	return s, nil
}

// sealScope is an SQL condition for seals within the scope: those of its organisations and of the people who sign for them.
func sealScope(scope Scope, n int) (string, []any) {
	if scope.All {
		return "", nil
	}
	organizations, args := scope.clause("organization_id", n)
	people, more := userScope(scope, "seals.user_id", n+len(args))
	return " AND ((1 = 1" + organizations + ") OR (1 = 1" + people + "))", append(args, more...)
}

// AddSeal puts a seal, which the platform has made, into the index. The first seal of an owner becomes its default, and a new default takes
// the place of the one before, as on the platform.
// Keepers are who may use it from the beginning, people who sign for the organisation; where none is named they follow from the register.
func (d *DB) AddSeal(ctx context.Context, s Seal, keepers ...string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		var others bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM seals WHERE organization_id = $1 AND user_id = $2)`, s.OrganizationID, s.UserID).Scan(&others)
		if err != nil {
			return fmt.Errorf("add seal: %w", err)
		}
		s.Default = s.Default || !others
		previous := ""
		if s.Default {
			if previous, err = clearDefault(ctx, tx, s); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO seals (id, organization_id, user_id, owner_name, name, kind, source, width_mm, height_mm, is_default, created_by, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, s.ID, s.OrganizationID, s.UserID, s.OwnerName, s.Name, s.Kind, s.Source,
			s.WidthMM, s.HeightMM, flag(s.Default), actorName(ctx), store.Micros(d.now()))
		if err != nil {
			return fmt.Errorf("add seal: %w", err)
		}
		if err := bump(ctx, tx, "seals", s.OrganizationID, 1); err != nil {
			return err
		}
		if err := index(ctx, tx, "seals", s.ID, s.Name, s.OwnerName); err != nil {
			return err
		}
		if err := d.note(ctx, tx, "seal.create", "seal", s.ID, map[string]any{
			"name": s.Name, "kind": s.Kind, "source": s.Source, "organization": s.OrganizationID, "user": s.UserID, "default": s.Default, "previous": previous,
		}); err != nil {
			return err
		}
		for _, k := range keepers {
			if err := d.grant(ctx, tx, s.ID, Keeper{UserID: k}); err != nil {
				return err
			}
		}
		return d.keepFirst(ctx, tx, s.OrganizationID)
	})
}

// clearDefault takes the default away from the seal of the same owner that has it, and gives its id; empty for none.
func clearDefault(ctx context.Context, tx *store.Tx, s Seal) (previous string, err error) {
	err = tx.QueryRow(ctx, `UPDATE seals SET is_default = 0 WHERE organization_id = $1 AND user_id = $2 AND is_default = 1 RETURNING id`,
		s.OrganizationID, s.UserID).Scan(&previous)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("move the default seal: %w", err)
	}
	return previous, nil
}

// SetDefaultSeal makes a seal of the scope the default of its owner, after the platform has done so.
func (d *DB) SetDefaultSeal(ctx context.Context, scope Scope, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		s, err := findSeal(ctx, tx, scope, id)
		if err != nil || s.Default {
			return err
		}
		previous, err := clearDefault(ctx, tx, s)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE seals SET is_default = 1 WHERE id = $1`, id); err != nil {
			return fmt.Errorf("move the default seal: %w", err)
		}
		return d.note(ctx, tx, "seal.default", "seal", id, map[string]any{"organization": s.OrganizationID, "user": s.UserID, "previous": previous})
	})
}

// ChangeSeal takes over a new name of a seal of the scope, and of a new picture where the portal had it from and how large it is (0 where
// only the platform knows), after the platform has done so.
func (d *DB) ChangeSeal(ctx context.Context, scope Scope, now Seal) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		s, err := findSeal(ctx, tx, scope, now.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE seals SET name = $1, source = $2, width_mm = $3, height_mm = $4, picture = $5 WHERE id = $6`,
			now.Name, now.Source, now.WidthMM, now.HeightMM, now.Picture, now.ID); err != nil {
			return fmt.Errorf("change seal: %w", err)
		}
		if err := index(ctx, tx, "seals", now.ID, now.Name, s.OwnerName); err != nil {
			return err
		}
		return d.note(ctx, tx, "seal.update", "seal", now.ID, map[string]any{
			"before": map[string]any{"name": s.Name, "source": s.Source}, "after": map[string]any{"name": now.Name, "source": now.Source},
			"kind": s.Kind, "picture": now.Picture != s.Picture,
		})
	})
}

// DeleteSeal takes a seal of the scope out of the index, after the platform has deleted it.
func (d *DB) DeleteSeal(ctx context.Context, scope Scope, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		s, err := findSeal(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM seals WHERE id = $1`, id); err != nil {
			return fmt.Errorf("delete seal: %w", err)
		}
		if err := bump(ctx, tx, "seals", s.OrganizationID, -1); err != nil {
			return err
		}
		if err := unindex(ctx, tx, "seals", id); err != nil {
			return err
		}
		return d.note(ctx, tx, "seal.delete", "seal", id, map[string]any{"name": s.Name, "kind": s.Kind, "organization": s.OrganizationID, "user": s.UserID})
	})
}

// KeepSealPicture notes where the file store keeps a copy of the platform's picture.
func (d *DB) KeepSealPicture(ctx context.Context, id, ref string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE seals SET picture = $1 WHERE id = $2`, ref, id); err != nil {
			return fmt.Errorf("keep the picture of a seal: %w", err)
		}
		return nil
	})
}

// Seal returns a seal within the scope.
func (d *DB) Seal(ctx context.Context, scope Scope, id string) (s Seal, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		s, err = findSeal(ctx, tx, scope, id)
		return err
	})
	return s, err
}

func findSeal(ctx context.Context, tx *store.Tx, scope Scope, id string) (Seal, error) {
	within, args := sealScope(scope, 1)
	s, err := scanSeal(tx.QueryRow(ctx, `SELECT `+sealColumns+` FROM seals WHERE id = $1`+within, append([]any{id}, args...)...))
	if err != nil {
		return Seal{}, fmt.Errorf("seal: %w", err)
	}
	return s, nil
}

// Seals lists the seals of a scope, newest first; next is where the following page starts, empty at the end.
func (d *DB) Seals(ctx context.Context, scope Scope, f SealFilter, page Page) (all []Seal, next string, err error) {
	where, args := sealScope(scope, 0)
	found, more := matching("id", "seals", f.Text, len(args))
	where, args = where+found, append(args, more...)
	for _, c := range []struct{ column, value string }{{"kind", f.Kind}, {"organization_id", f.OrganizationID}, {"user_id", f.UserID}} {
		if c.value != "" {
			args = append(args, c.value)
			where += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
		}
	}
	if f.Default != nil {
		where += fmt.Sprintf(" AND is_default = %d", flag(*f.Default))
	}
	after, more := page.clause("created_at", "id", len(args))
	where, args = where+after, append(args, more...)
	query := fmt.Sprintf(`SELECT %s FROM seals WHERE 1 = 1%s ORDER BY created_at DESC, id DESC LIMIT %d`, sealColumns, where, page.limit())
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("list seals: %w", err)
		}
		all, err = collect(rows, scanSeal)
		return err
	})
	all, next = cut(page, all, func(s Seal) (time.Time, string) { return s.Created, s.ID })
	return all, next, err
}
