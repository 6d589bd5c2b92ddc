package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/store"
)

// approver is one signing task: a person, perhaps for an organisation, in one flow. Status already counts what has passed
// by its deadline.
type approver struct {
	SignID, FlowID string
	UserID         string
	OrganizationID string // empty for a person on their own behalf
	Mobile         string
	Mail           string // registered of the user
	Channels       []string
	Status         ApproverStatus
	Message        string
	Acted          time.Time
	Deadline       time.Time
	IsLast         bool
	IsFullText     bool
	PreReadTime    int64 // seconds
	CanOffline     bool
	JumpURL        string
	CallbackURL    string
	SMSTemplate    *api.SmsTemplate
	Ordinal        int
	Created        time.Time
}

// may tells whether the approver may do a step now.
func (a *approver) may(f *flow, step flowStep) bool {
	return f.allows(step) && slices.Contains(actsIn[step], a.Status)
}

// channels lists the ways in which the approver may show their will. OFFLINE is one where CanOffLine allows it (essbasic,
// SendFlow.CanOffLine).
func (a *approver) channels() []string {
	if !a.CanOffline || slices.Contains(a.Channels, channelOffline) {
		return a.Channels
	}
	return append(slices.Clone(a.Channels), channelOffline)
}

// offered lists those of the approver's channels that exist here.
func (e *Engine) offered(a *approver) []string {
	return slices.DeleteFunc(slices.Clone(a.channels()), func(c string) bool { return !e.hasChannel(c) })
}

// owner is whose certificate signs: the organisation's where there is one.
func (a *approver) owner() owner {
	if a.OrganizationID != "" {
		return owner{ownerOrganization, a.OrganizationID}
	}
	return owner{ownerUser, a.UserID}
}

func (e *Engine) insertApprover(ctx context.Context, tx *store.Tx, a *approver) error {
	channels, err := json.Marshal(a.Channels)
	if err != nil {
		return fmt.Errorf("encode the channels: %w", err)
	}
	template, err := json.Marshal(a.SMSTemplate)
	if err != nil {
		return fmt.Errorf("encode the SMS template: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_approvers (sign_id, flow_id, user_id, organization_id, mobile_sealed, channels, status, message, acted,
		deadline, is_last, is_full_text, pre_read_time, can_offline, jump_url, callback_url, sms_template, ordinal, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		a.SignID, a.FlowID, a.UserID, a.OrganizationID, e.vault.Seal("engine_approvers.mobile", a.SignID, []byte(a.Mobile)), string(channels), int(a.Status),
		store.Micros(a.Deadline), flag(a.IsLast), flag(a.IsFullText), a.PreReadTime, flag(a.CanOffline), a.JumpURL, a.CallbackURL, string(template),
		a.Ordinal, store.Micros(a.Created))
	if err != nil {
		return fmt.Errorf("store the approver: %w", err)
	}
	return nil
}

// setApprover notes what an approver did.
func (e *Engine) setApprover(ctx context.Context, tx *store.Tx, a *approver, status ApproverStatus, message string) error {
	_, err := tx.Exec(ctx, `UPDATE engine_approvers SET status = $1, message = $2, acted = $3 WHERE sign_id = $4`,
		int(status), message, store.Micros(e.now()), a.SignID)
	if err != nil {
		return fmt.Errorf("note the approver's act: %w", err)
	}
	a.Status = status
	return nil
}

// approversOf reads the approvers of a flow in the order of sending.
func (e *Engine) approversOf(ctx context.Context, tx *store.Tx, f *flow) ([]*approver, error) {
	rows, err := tx.Query(ctx, `SELECT sign_id, flow_id, user_id, organization_id, mobile_sealed, channels, status, message, acted, deadline, is_last,
		is_full_text, pre_read_time, can_offline, jump_url, callback_url, sms_template, ordinal, created,
		(SELECT email_sealed FROM engine_users WHERE engine_users.id = user_id)
		FROM engine_approvers WHERE flow_id = $1 ORDER BY ordinal`, f.ID)
	if err != nil {
		return nil, fmt.Errorf("read the approvers: %w", err)
	}
	defer rows.Close()
	var out []*approver
	for rows.Next() {
		a := &approver{}
		var mobile, email []byte
		var channels, template string
		var acted, deadline, created int64
		err := rows.Scan(&a.SignID, &a.FlowID, &a.UserID, &a.OrganizationID, &mobile, &channels, &a.Status, &a.Message, &acted, &deadline, &a.IsLast,
			&a.IsFullText, &a.PreReadTime, &a.CanOffline, &a.JumpURL, &a.CallbackURL, &template, &a.Ordinal, &created, &email)
		if err != nil {
			return nil, fmt.Errorf("read an approver: %w", err)
		}
		a.Acted, a.Deadline, a.Created = store.Time(acted), store.Time(deadline), store.Time(created)
		a.Status = approverStatusAt(a.Status, a.Deadline, f.Status, e.now())
		var mobileErr, emailErr error
		a.Mobile, mobileErr = e.vault.OpenText("engine_approvers.mobile", a.SignID, mobile)
		a.Mail, emailErr = e.vault.OpenText("engine_users.email", a.UserID, email)
		if err := errors.Join(mobileErr, emailErr, json.Unmarshal([]byte(channels), &a.Channels), json.Unmarshal([]byte(template), &a.SMSTemplate)); err != nil {
			return nil, fmt.Errorf("read an approver: %w", err)
		}
		a.Channels = binding(a.Channels)
		out = append(out, a)
	}
	return out, rows.Err()
}

// newestTasks keeps the last task of each person and organisation: one that was sent again after it expired counts once.
func newestTasks(all []*approver) []*approver {
	type party struct{ user, organization string }
	last := map[party]*approver{}
	for _, a := range all {
		last[party{a.UserID, a.OrganizationID}] = a
	}
	var out []*approver
	for _, a := range all {
		if last[party{a.UserID, a.OrganizationID}] == a {
			out = append(out, a)
		}
	}
	return out
}

// findTask picks the approver that a signer's request means: by SignId, else the single pending one of that person and
// organisation (SignId is optional in SignFlow and RejectFlow). Either way a task of an organisation is only that of a caller who
// names this organisation, and a task without one only that of a caller who names none.
func findTask(all []*approver, signID, userID, organizationID string) (*approver, error) {
	if signID != "" {
		for _, a := range all {
			if a.SignID == signID && a.UserID == userID && a.OrganizationID == organizationID {
				return a, nil
			}
		}
		return nil, notFound("SignId", signID)
	}
	var mine, pending []*approver
	for _, a := range all {
		if a.UserID != userID || a.OrganizationID != organizationID {
			continue
		}
		mine = append(mine, a)
		if slices.Contains(actsIn[stepSign], a.Status) {
			pending = append(pending, a)
		}
	}
	switch {
	case len(mine) == 0:
		return nil, notFound("approver", userID)
	case len(pending) == 0:
		return mine[len(mine)-1], nil // whose state then refuses the step
	default:
		return pending[0], nil // there is at most one: SendFlow refuses a second
	}
}
