package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/store"
)

// A MAC shows that the program wrote a row, not that the row is as the program left it: whoever kept an earlier state of it, or a row that was
// deleted since, can put that back. What permits something is therefore held against the newest event that tells of it, at the door where it
// would be used: seals with their keepers, members, the own account and the contacts of a person, tickets, codes, and tasks. A row that is not
// what the evidence says is treated as one that was changed outside of the program, as it was.
//
// Events of before they told enough decide nothing. Not held so are the picture of a seal and the data of an organisation.

// The actions that decide whether a row is as it was left.
const (
	actionSealUse    = "seal.use"
	actionSealDelete = "seal.delete"
	actionMembers    = "organization.members"
	actionUserCreate = "user.create"
	actionUserModify = "user.modify"
	actionAccount    = "user.account"
	actionTicket     = "link.account"
	actionWrong      = "code.wrong"
	actionSign       = "flow.sign"
	actionReject     = "flow.reject"
	actionCancel     = "flow.cancel"
	actionArchive    = "flow.archive"
	actionDestroy    = "flow.destroy"
)

// told finds the newest event about an object and reads its detail into one; without such an event it is nil.
func told(ctx context.Context, tx *store.Tx, objectType, objectID, about string, detail any, actions ...string) (*audit.Event, error) {
	ev, err := audit.Told(ctx, tx, objectType, objectID, about, actions...)
	if errors.Is(err, audit.ErrNotFound) {
		return nil, nil
	}
	if err == nil && detail != nil {
		err = json.Unmarshal([]byte(ev.DetailText), detail)
	}
	if err != nil {
		return nil, fmt.Errorf("ask the evidence about %s %s: %w", objectType, objectID, err)
	}
	return &ev, nil
}

// sealAsTold holds state and keepers of a seal against what was last told of them.
func sealAsTold(ctx context.Context, tx *store.Tx, s *sealRow) error {
	var detail struct {
		State   string           `json:"state"`
		Keepers []api.SealKeeper `json:"keepers"`
	}
	ev, err := told(ctx, tx, "seal", s.ID, "", &detail, actionSealUse, actionSealDelete)
	if ev == nil || err != nil {
		return err
	}
	if ev.Action == actionSealDelete || detail.State != s.State || !s.Kept {
		return tx.Changed("engine_seals", s.ID)
	}
	keepers := map[string]api.SealKeeper{}
	for _, k := range detail.Keepers {
		keepers[k.UserId] = k
	}
	rows, err := tx.Query(ctx, `SELECT user_id, valid_from, valid_until FROM engine_seal_keepers WHERE seal_id = $1`, s.ID)
	if err != nil {
		return fmt.Errorf("find the keepers of a seal: %w", err)
	}
	for rows.Next() {
		var k api.SealKeeper
		if err := rows.Scan(&k.UserId, &k.From, &k.Until); err != nil {
			return fmt.Errorf("find the keepers of a seal: %w", err)
		}
		if keepers[k.UserId] != k {
			return tx.Changed("engine_seal_keepers", s.ID+","+k.UserId)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("find the keepers of a seal: %w", err)
	}
	return nil
}

// memberAsTold holds it against what was last told of an organisation's members whether somebody is one. Where these were too many for one
// event to keep, nothing is compared.
func memberAsTold(ctx context.Context, tx *store.Tx, organizationID, userID string, known, member bool) error {
	var detail struct {
		Users []string `json:"users"`
	}
	ev, err := told(ctx, tx, "organization", organizationID, "", &detail, actionMembers)
	if ev == nil || err != nil {
		return err
	}
	if !known {
		return tx.Changed("engine_organizations", organizationID)
	}
	if _, whole := ev.Detail["users"]; !member || !whole || slices.Contains(detail.Users, userID) {
		return nil
	}
	return tx.Changed("engine_members", organizationID+","+userID)
}

// contactState is what events tell of a person's contacts as they are stored: of no use to whoever reads it, and another one after each change.
func contactState(mobile, email []byte) string {
	both := sha256.Sum256(append(append([]byte{}, mobile...), email...))
	return hex.EncodeToString(both[:])
}

// userAsTold holds the contacts of a person against what was last told of them.
func userAsTold(ctx context.Context, tx *store.Tx, id string, mobile, email []byte) error {
	var detail struct {
		State string `json:"state"`
	}
	ev, err := told(ctx, tx, "user", id, "", &detail, actionUserCreate, actionUserModify)
	if ev == nil || err != nil || detail.State == "" || detail.State == contactState(mobile, email) {
		return err
	}
	return tx.Changed("engine_users", id)
}

// accountAsTold holds a person's own account against what was last told of it.
func accountAsTold(ctx context.Context, tx *store.Tx, userID, accountID string) error {
	var detail struct {
		Account string `json:"account"`
	}
	ev, err := told(ctx, tx, "user", userID, "", &detail, actionAccount)
	if ev == nil || err != nil || detail.Account == accountID {
		return err
	}
	return tx.Changed("engine_user_accounts", userID)
}

// ticketAsTold asks whether an act was done with a ticket before, and of one that an account's log-in gave whether it has ended since.
func ticketAsTold(ctx context.Context, tx *store.Tx, p *signing) error {
	table, id := ticketTable(p.codeID)
	about := `"ticket":"` + p.codeID + `"`
	used, err := told(ctx, tx, "flow", p.flow.ID, about, nil, actionSign, actionReject)
	if err != nil {
		return err
	}
	if used != nil {
		return tx.Changed(table, id)
	}
	if p.account.ID == "" {
		return nil
	}
	made, err := told(ctx, tx, "flow", p.flow.ID, about, nil, actionTicket)
	if err != nil {
		return err
	}
	ended, err := told(ctx, tx, "user", p.approver.UserID, "", nil, actionAccount)
	if err != nil {
		return err
	}
	if made == nil || ended != nil && ended.Seq > made.Seq {
		return tx.Changed(table, id)
	}
	return nil
}

// codeAsTold compares how often a code was tried with how often the evidence tells of it.
func codeAsTold(ctx context.Context, tx *store.Tx, c *sentCode, objects ...string) error {
	tries := 0
	for _, id := range objects {
		var n int
		err := tx.QueryRow(ctx, `SELECT count(*) FROM audit_events WHERE object_id = $1 AND object_id <> '' AND +action = $2
			AND instr(CAST(detail AS TEXT), $3)`, id, actionWrong, `"code":"`+c.ID+`"`).Scan(&n)
		if err != nil {
			return fmt.Errorf("count the tries of a code: %w", err)
		}
		tries += n
	}
	if tries > c.attempts {
		return tx.Changed("engine_codes", c.ID)
	}
	return nil
}

// taskAsTold asks whether a task has been signed, or its contract has ended.
func taskAsTold(ctx context.Context, tx *store.Tx, flowID, signID string) error {
	ended, err := told(ctx, tx, "flow", flowID, "", nil, actionReject, actionCancel, actionArchive, actionDestroy)
	if err != nil {
		return err
	}
	if ended != nil {
		return tx.Changed("engine_flows", flowID)
	}
	signed, err := told(ctx, tx, "flow", flowID, `"signId":"`+signID+`"`, nil, actionSign)
	if err != nil {
		return err
	}
	if signed != nil {
		return tx.Changed("engine_approvers", signID)
	}
	return nil
}
