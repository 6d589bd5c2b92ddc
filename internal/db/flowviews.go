package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"sealdesk/internal/store"
)

// The lists that have saved views.
const (
	ListFlows = "flows"
	ListAudit = "audit"
)

// FlowView is a saved filter of the list of flows, or of another one: the query of its address. A shared one shows to everybody whose scope has the
// organisation, or to everybody where that is empty.
type FlowView struct {
	ID, AccountID, Name, Query string
	List                       string // ListFlows or ListAudit
	Shared                     bool
	OrganizationID             string
	Created                    time.Time
}

// maxFlowViews is how many views an account can have, and how many shared ones are shown.
const maxFlowViews = 50

// ErrTooMany says that an account has as many of something as it can have.
var ErrTooMany = errors.New("too many")

const flowViewColumns = `id, account_id, name, query, shared, organization_id, created, list`

func scanFlowView(row interface{ Scan(...any) error }) (FlowView, error) {
	var v FlowView
	var created int64
	err := row.Scan(&v.ID, &v.AccountID, &v.Name, &v.Query, &v.Shared, &v.OrganizationID, &created, &v.List)
	v.Created = store.Time(created)
	return v, missing(err)
}

// FlowViews lists an account's own views of a list and those that are shared with it; standard is the id of the one that the list opens with, empty
// for none.
func (d *DB) FlowViews(ctx context.Context, a Account, list string) (views []FlowView, standard string, err error) {
	within, args := a.Scope.clause("organization_id", 2)
	if within != "" {
		within = " AND (organization_id = '' OR 1 = 1" + within + ")"
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		// Own ones first, and never pushed out by what others share.
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT %s FROM flow_views WHERE list = $2 AND (account_id = $1 OR (shared = 1%s)) ORDER BY account_id <> $1, created LIMIT %d`,
			flowViewColumns, within, 2*maxFlowViews), append([]any{a.ID, list}, args...)...)
		if err != nil {
			return err
		}
		if views, err = collect(rows, scanFlowView); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `SELECT view_id FROM flow_view_defaults WHERE account_id = $1`, a.ID).Scan(&standard)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list views: %w", err)
	}
	return views, standard, nil
}

// SaveFlowView adds a view and returns its id. It is ErrTooMany where the account has enough of them.
func (d *DB) SaveFlowView(ctx context.Context, v FlowView) (id string, err error) {
	id = newID("view_")
	err = d.store.Write(ctx, func(tx *store.Tx) error {
		var have int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM flow_views WHERE account_id = $1`, v.AccountID).Scan(&have); err != nil {
			return fmt.Errorf("save view: %w", err)
		}
		if have >= maxFlowViews {
			return ErrTooMany
		}
		if _, err := tx.Exec(ctx, `INSERT INTO flow_views (`+flowViewColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, id, v.AccountID, v.Name, v.Query,
			flag(v.Shared), v.OrganizationID, store.Micros(d.now()), cmp.Or(v.List, ListFlows)); err != nil {
			return fmt.Errorf("save view: %w", err)
		}
		return d.note(ctx, tx, "view.save", "view", id, map[string]any{"name": v.Name, "shared": v.Shared, "organization": v.OrganizationID})
	})
	return id, err
}

// DeleteFlowView removes a view of the account.
func (d *DB) DeleteFlowView(ctx context.Context, accountID, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if err := oneRow(tx.Exec(ctx, `DELETE FROM flow_views WHERE id = $1 AND account_id = $2`, id, accountID)); err != nil {
			return fmt.Errorf("delete view: %w", err)
		}
		return d.note(ctx, tx, "view.delete", "view", id, nil)
	})
}

// OpenWithFlowView makes a view the one that the account's list opens with; an empty id takes that back. The caller has seen the view.
func (d *DB) OpenWithFlowView(ctx context.Context, accountID, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM flow_view_defaults WHERE account_id = $1`, accountID)
		if err == nil && id != "" {
			_, err = tx.Exec(ctx, `INSERT INTO flow_view_defaults (account_id, view_id) VALUES ($1, $2)`, accountID, id)
		}
		if err != nil {
			return fmt.Errorf("choose view: %w", err)
		}
		return d.note(ctx, tx, "view.standard", "view", id, nil)
	})
}
