package engine

import (
	"context"
	"errors"
	"fmt"

	"sealdesk/internal/store"
)

// ErrRowChanged says that a row which was needed was changed outside of the program: nothing followed from it.
var ErrRowChanged = store.ErrRowChanged

// vaultName is the name of the engine's database below its master key.
const vaultName = "engine"

// SealedRows are the tables of the engine's database whose rows carry a MAC: all of its own, each with all of its columns.
func SealedRows(master []byte) *store.Sealed {
	s := &store.Sealed{Master: master, Name: vaultName}
	for _, name := range []string{
		"applications", "rights", "authority", "certificates", "organizations", "members", "users", "user_accounts", "identities",
		"seals", "seal_keepers", "files", "flows", "flow_files", "flow_versions", "doomed", "approvers", "components", "reviews", "readings",
		"links", "codes", "account_tickets", "person_checks", "catalogs", "catalog_flows", "outbox", "callbacks", "callback_tries", "console", "settings",
	} {
		s.Tables = append(s.Tables, store.SealedTable{Name: "engine_" + name})
	}
	return s
}

// sealEmail puts an address into the vault, for a column "email_sealed" that is never NULL.
func (e *Engine) sealEmail(table, id, address string) []byte {
	return append([]byte{}, e.vault.Seal(table+".email", id, []byte(address))...)
}

// sealEmails puts the addresses into the vault that an older version left as text. Where a row does not fit, which is told, that is left for
// the next start.
func (e *Engine) sealEmails(ctx context.Context) error {
	for _, table := range []string{"engine_users", "engine_organizations"} {
		err := e.db.Write(ctx, func(tx *store.Tx) error {
			ids, err := texts(ctx, tx, `SELECT id FROM `+table+` WHERE typeof(email_sealed) = 'text'`)
			for _, id := range ids {
				var address string
				if err == nil {
					err = tx.QueryRow(ctx, `SELECT email_sealed FROM `+table+` WHERE id = $1`, id).Scan(&address)
				}
				if err == nil {
					_, err = tx.Exec(ctx, `UPDATE `+table+` SET email_sealed = $1 WHERE id = $2`, e.sealEmail(table, id, address), id)
				}
			}
			return err
		})
		if err != nil && !errors.Is(err, store.ErrRowChanged) {
			return fmt.Errorf("put the addresses of %s into the vault: %w", table, err)
		}
	}
	return nil
}
