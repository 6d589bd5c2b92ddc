package db

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// mobileColumn binds a registered mobile in the vault to its person.
const mobileColumn = "users.mobile"

// Register keeps where codes reach a person, as the platform was told it: mobile and e-mail in clear, either empty where it stays as it
// was. Only whoever may change people may do it, and a change is an event that tells the ends of both.
func (d *DB) Register(ctx context.Context, userID, mobile, email string) error {
	if mobile == "" && email == "" {
		return nil
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		u, err := findUser(ctx, tx, Everything(), userID)
		if err != nil {
			return err
		}
		detail := map[string]any{}
		if mobile != "" {
			box := d.vault.Seal(mobileColumn, userID, []byte(mobile))
			if err := oneRow(tx.Exec(ctx, `UPDATE users SET mobile_box = $1, mobile = $2 WHERE id = $3`, box, api.Mask("mobile", mobile), userID)); err != nil {
				return fmt.Errorf("register a mobile: %w", err)
			}
			detail["mobile"] = map[string]any{"before": u.Mobile, "after": api.Mask("mobile", mobile)}
		}
		if email != "" {
			if err := oneRow(tx.Exec(ctx, `UPDATE users SET email = $1 WHERE id = $2`, api.Mask("email", email), userID)); err != nil {
				return fmt.Errorf("register an e-mail: %w", err)
			}
			detail["email"] = map[string]any{"before": u.Email, "after": api.Mask("email", email)}
		}
		return d.note(ctx, tx, "user.register", "user", userID, detail)
	})
}

// RegisteredMobile gives the mobile that is registered of a person in clear; empty where the portal does not know it, or where the
// platform has had another since.
func (d *DB) RegisteredMobile(ctx context.Context, userID string) (string, error) {
	var box []byte
	var shown string
	err := d.store.Read(ctx, func(tx *store.Tx) error {
		return missing(tx.QueryRow(ctx, `SELECT mobile_box, mobile FROM users WHERE id = $1`, userID).Scan(&box, &shown))
	})
	if errors.Is(err, ErrNotFound) || err == nil && len(box) == 0 {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read a registered mobile: %w", err)
	}
	mobile, err := d.vault.OpenText(mobileColumn, userID, box)
	if err != nil {
		return "", fmt.Errorf("read a registered mobile: %w", err)
	}
	if api.Mask("mobile", mobile) != shown {
		return "", nil
	}
	return mobile, nil
}
