package db

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

const factorColumn = "second_factors.secret"

// factor is the second factor of an account.
type factor struct {
	secret    string
	confirmed bool
	lastStep  int64
}

func (d *DB) findFactor(ctx context.Context, tx *store.Tx, accountID string) (f factor, err error) {
	var box []byte
	var confirmed int64
	err = tx.QueryRow(ctx, "SELECT secret, confirmed_at, last_step FROM second_factors WHERE account_id = $1", accountID).Scan(&box, &confirmed, &f.lastStep)
	if err != nil {
		return f, fmt.Errorf("read second factor: %w", err)
	}
	f.confirmed = confirmed > 0
	f.secret, err = d.vault.OpenText(factorColumn, accountID, box)
	return f, err
}

// PendingFactor is the secret that an account is about to take over into an app: the one given, or the one that was shown before and is
// not confirmed. ErrConflict where the account has a second factor.
func (d *DB) PendingFactor(ctx context.Context, accountID, secret string) (pending string, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := d.findFactor(ctx, tx, accountID)
		switch {
		case err == nil && f.confirmed:
			return ErrConflict
		case err == nil:
			pending = f.secret
			return nil
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		pending = secret
		_, err = tx.Exec(ctx, "INSERT INTO second_factors (account_id, secret) VALUES ($1, $2)", accountID, d.vault.Seal(factorColumn, accountID, []byte(secret)))
		if err != nil {
			return fmt.Errorf("begin second factor: %w", err)
		}
		return nil
	})
	return pending, err
}

// ConfirmFactor makes the pending second factor hold when a code shows that the app has it, and gives the recovery codes. auth.ErrCode for
// a wrong code.
func (d *DB) ConfirmFactor(ctx context.Context, accountID, code string) (recovery []string, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := d.findFactor(ctx, tx, accountID)
		if err != nil {
			return err
		}
		if f.confirmed {
			return ErrConflict
		}
		step, err := auth.CheckTOTP(f.secret, code, d.now(), f.lastStep)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE second_factors SET confirmed_at = $1, last_step = $2 WHERE account_id = $3", store.Micros(d.now()), step, accountID)
		if err != nil {
			return fmt.Errorf("confirm second factor: %w", err)
		}
		if recovery, err = d.replaceRecoveryCodes(ctx, tx, accountID); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: actionFactorOn, ObjectType: "account", ObjectID: accountID})
	})
	return recovery, err
}

// CheckFactor takes a code of the app or a recovery code, each once. auth.ErrCode for anything else.
func (d *DB) CheckFactor(ctx context.Context, accountID, code string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		f, err := d.findFactor(ctx, tx, accountID)
		if err != nil {
			return err
		}
		if !f.confirmed {
			return auth.ErrCode
		}
		step, err := auth.CheckTOTP(f.secret, code, d.now(), f.lastStep)
		if errors.Is(err, auth.ErrCode) {
			return d.takeRecoveryCode(ctx, tx, accountID, code)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE second_factors SET last_step = $1 WHERE account_id = $2", step, accountID); err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		return nil
	})
}

func (d *DB) recoveryIndex(accountID, code string) []byte {
	return d.vault.Blind("recovery_codes.code|"+accountID, auth.PlainRecoveryCode(code))
}

func (d *DB) takeRecoveryCode(ctx context.Context, tx *store.Tx, accountID, code string) error {
	result, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE account_id = $1 AND code = $2", accountID, d.recoveryIndex(accountID, code))
	err = oneRow(result, err)
	if errors.Is(err, store.ErrNotFound) {
		return auth.ErrCode
	}
	if err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	return d.record(ctx, tx, audit.Event{Action: "account.factor.recovery", ObjectType: "account", ObjectID: accountID})
}

// NewRecoveryCodes takes the place of all recovery codes of an account.
func (d *DB) NewRecoveryCodes(ctx context.Context, accountID string) (codes []string, err error) {
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if codes, err = d.replaceRecoveryCodes(ctx, tx, accountID); err != nil {
			return err
		}
		return d.record(ctx, tx, audit.Event{Action: "account.factor.codes", ObjectType: "account", ObjectID: accountID})
	})
	return codes, err
}

func (d *DB) replaceRecoveryCodes(ctx context.Context, tx *store.Tx, accountID string) ([]string, error) {
	if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE account_id = $1", accountID); err != nil {
		return nil, fmt.Errorf("replace recovery codes: %w", err)
	}
	codes := auth.NewRecoveryCodes()
	for _, code := range codes {
		_, err := tx.Exec(ctx, "INSERT INTO recovery_codes (account_id, code) VALUES ($1, $2)", accountID, d.recoveryIndex(accountID, code))
		if err != nil {
			return nil, fmt.Errorf("replace recovery codes: %w", err)
		}
	}
	return codes, nil
}

// RecoveryCodesLeft counts the recovery codes of an account that were not used.
func (d *DB) RecoveryCodesLeft(ctx context.Context, accountID string) (left int, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE account_id = $1", accountID).Scan(&left)
	})
	if err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return left, nil
}

// RemoveFactor takes the second factor and its recovery codes from an account, by its owner or an administrator: the actor says who.
func (d *DB) RemoveFactor(ctx context.Context, accountID string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "DELETE FROM second_factors WHERE account_id = $1", accountID)
		if err := oneRow(result, err); err != nil {
			return fmt.Errorf("remove second factor: %w", err)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM recovery_codes WHERE account_id = $1", accountID); err != nil {
			return fmt.Errorf("remove second factor: %w", err)
		}
		return d.record(ctx, tx, audit.Event{Action: actionFactorOff, ObjectType: "account", ObjectID: accountID})
	})
}
