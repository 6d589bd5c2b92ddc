package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// StepLife is how long a log-in may stay half done.
const StepLife = 10 * time.Minute

const stepColumn = "login_steps.data"

// LoginStep is a log-in half done. The browser holds its id in a cookie and nothing else of it.
type LoginStep struct {
	ID        string `json:"-"`
	AccountID string `json:"account"` // whose password was right; the code is missing
	Next      string `json:"next"`    // where to go after

	Outside *OutsideStep `json:"outside,omitempty"` // somebody who was sent to the provider; nil for a code that is missing
}

// OutsideStep is what has to come back from an OpenID Connect provider. With an account in its step, that account is to be linked.
type OutsideStep struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of the code, for PKCE
}

// BeginStep keeps a log-in that is half done and gives it its id.
func (d *DB) BeginStep(ctx context.Context, step LoginStep) (LoginStep, error) {
	step.ID = newSecret()
	data, err := json.Marshal(step)
	if err != nil {
		return step, fmt.Errorf("keep a log-in: %w", err)
	}
	now, hash := d.now(), hashSecret(step.ID)
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM login_steps WHERE expires_at <= $1", store.Micros(now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO login_steps (id_hash, data, expires_at) VALUES ($1, $2, $3)",
			hash, d.vault.Seal(stepColumn, hash, data), store.Micros(now.Add(StepLife)))
		return err
	})
	if err != nil {
		return step, fmt.Errorf("keep a log-in: %w", err)
	}
	return step, nil
}

// Step reads a log-in that is half done; ErrNotFound where there is none of that id, or it took too long.
func (d *DB) Step(ctx context.Context, id string) (step LoginStep, err error) {
	var box, data []byte
	hash := hashSecret(id)
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT data FROM login_steps WHERE id_hash = $1 AND expires_at > $2", hash, store.Micros(d.now())).Scan(&box)
	})
	if err == nil {
		data, err = d.vault.Open(stepColumn, hash, box)
	}
	if err == nil {
		err = json.Unmarshal(data, &step)
	}
	if err != nil {
		return step, fmt.Errorf("read a log-in: %w", err)
	}
	step.ID = id
	return step, nil
}

// EndStep forgets a log-in that is done; whoever comes second finds ErrNotFound.
func (d *DB) EndStep(ctx context.Context, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		result, err := tx.Exec(ctx, "DELETE FROM login_steps WHERE id_hash = $1", hashSecret(id))
		if err := oneRow(result, err); err != nil {
			return fmt.Errorf("end a log-in: %w", err)
		}
		return nil
	})
}
