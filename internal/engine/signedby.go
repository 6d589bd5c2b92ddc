package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// SignedBy is what the evidence tells of one signature in a file.
type SignedBy struct {
	FlowID   string
	FlowName string
	Person   string // who signed, for themselves or for an organisation; empty where nobody of that id is left
}

// SignedBy finds who made a signature, see FindSignedBy.
func (e *Engine) SignedBy(ctx context.Context, field, serial string) (SignedBy, bool, error) {
	return FindSignedBy(ctx, e.log, e.db, field, serial)
}

// FindSignedBy finds, in an engine's evidence and database, the act that a signature belongs to: by the name of its field, which begins with
// the signer's task, and the serial number (hexadecimal) of its certificate, which the evidence of that act must name too. Ask only for
// signatures whose certificate is trusted: a serial number alone can be copied. ok is false where the evidence knows no such act.
func FindSignedBy(ctx context.Context, log *audit.Log, db *store.DB, field, serial string) (by SignedBy, ok bool, err error) {
	end := strings.LastIndexByte(field, '-') // see component.markID
	if end < 1 || serial == "" {
		return by, false, nil
	}
	acts, err := log.Query(ctx, audit.Filter{Action: "flow.sign", About: []string{field[:end]}}, 0, audit.MaxPage)
	if err != nil {
		return by, false, err
	}
	for _, act := range acts {
		var told struct{ SignID, UserID, Certificate string }
		if json.Unmarshal([]byte(act.DetailText), &told) != nil || told.SignID != field[:end] || told.Certificate != serial {
			continue
		}
		by.FlowID = act.ObjectID
		err = db.Read(ctx, func(tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT f.name, COALESCE(u.name, '') FROM engine_flows f LEFT JOIN engine_users u ON u.id = $1 WHERE f.id = $2`,
				told.UserID, by.FlowID).Scan(&by.FlowName, &by.Person)
		})
		if err != nil {
			return by, false, fmt.Errorf("find who signed: %w", err)
		}
		return by, true, nil
	}
	return by, false, nil
}
