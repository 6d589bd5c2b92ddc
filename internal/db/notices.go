package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// The kinds of notices.
const (
	NoticeCompleted = "completed"
	NoticeRejected  = "rejected"
	NoticeExpired   = "expired"
	NoticeProblem   = "problem"
	NoticeApproval  = "approval"
	NoticeReminder  = "reminder" // somebody has not signed yet; Detail is their name
	NoticeDelivery  = "delivery" // a mail or webhook was given up; for administrators
	NoticeTest      = "test"     // only as a delivery: somebody tries the settings
)

// NoticeKinds lists the kinds that an account can choose from.
func NoticeKinds() []string {
	return []string{NoticeApproval, NoticeReminder, NoticeCompleted, NoticeRejected, NoticeExpired, NoticeProblem, NoticeDelivery}
}

// noticeOf is the kind of notice that a line of a timeline leads to for whoever sent the flow; empty for none.
func noticeOf(event string) string {
	switch event {
	case "completed":
		return NoticeCompleted
	case "ended_rejected":
		return NoticeRejected
	case "expired":
		return NoticeExpired
	}
	if strings.HasPrefix(event, "refused_") {
		return NoticeProblem
	}
	return ""
}

// Notice is something that an account is told.
type Notice struct {
	ID                     int64
	Kind, FlowID, FlowName string
	Detail                 string // reason of a rejection, code of a problem
	At                     time.Time
	Seen                   bool
}

// NoticeSettings are what an account wants to be told.
type NoticeSettings struct {
	Mail            string   // address; empty: no mail
	Muted, Unmailed []string // kinds that are not shown, or not sent
}

// Deliver says whether notices also go out by mail and to a webhook. It must be called before anything changes.
func (d *DB) Deliver(mail, webhook bool) { d.mail, d.webhook = mail, webhook }

// recipient is an account with what it wants.
type recipient struct {
	id, mail, muted, unmailed string
}

// notify writes notices to the accounts that the condition on accounts a finds, and queues what goes out.
func (d *DB) notify(ctx context.Context, tx *store.Tx, kind, flowID, detail, condition string, args ...any) error {
	rows, err := tx.Query(ctx, `SELECT a.id, coalesce(s.mail, ''), coalesce(s.muted, ''), coalesce(s.unmailed, '') FROM accounts a
		LEFT JOIN notice_settings s ON s.account_id = a.id WHERE a.disabled = 0 AND `+condition, args...)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	all, err := collect(rows, func(row interface{ Scan(...any) error }) (r recipient, err error) {
		err = row.Scan(&r.id, &r.mail, &r.muted, &r.unmailed)
		return r, err
	})
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	now := store.Micros(d.now())
	for _, r := range all {
		if !slices.Contains(strings.Fields(r.muted), kind) {
			if _, err := tx.Exec(ctx, `INSERT INTO notices (account_id, kind, flow_id, detail, at) VALUES ($1, $2, $3, $4, $5)`, r.id, kind, flowID, detail, now); err != nil {
				return fmt.Errorf("notify: %w", err)
			}
		}
		if d.mail && kind != NoticeDelivery && r.mail != "" && !slices.Contains(strings.Fields(r.unmailed), kind) {
			if err := d.queueDelivery(ctx, tx, Delivery{Channel: ChannelMail, Kind: kind, FlowID: flowID, AccountID: r.id, Detail: detail}); err != nil {
				return err
			}
		}
	}
	if d.webhook && kind != NoticeDelivery {
		return d.queueDelivery(ctx, tx, Delivery{Channel: ChannelWebhook, Kind: kind, FlowID: flowID, Detail: detail})
	}
	return nil
}

// reachesFlow is the condition that a flow is within the scope of the account a.
func reachesFlow(flow string) string {
	return `(a.all_organizations = 1 OR EXISTS (SELECT 1 FROM account_organizations o JOIN flows f ON f.organization_id = o.organization_id
		WHERE o.account_id = a.id AND f.id = ` + flow + `))`
}

// notifySender tells whoever sent a flow what has happened to it.
func (d *DB) notifySender(ctx context.Context, tx *store.Tx, kind, flowID, detail string) error {
	var by string
	if err := tx.QueryRow(ctx, `SELECT created_by FROM flows WHERE id = $1`, flowID).Scan(&by); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return d.notify(ctx, tx, kind, flowID, detail, "a.name_key = $1 AND "+reachesFlow("$2"), nameKey(by), flowID)
}

// notifyApproval tells those who may decide an approval that it is their turn.
func (d *DB) notifyApproval(ctx context.Context, tx *store.Tx, flowID string, a FlowApproval) error {
	return d.notify(ctx, tx, NoticeApproval, flowID, "", "(a.id = $1 OR $1 = '' AND a.role = $2) AND "+reachesFlow("$3"), a.AccountID, string(a.Role), flowID)
}

// notifyAdmins tells the administrators that something could not be delivered.
func (d *DB) notifyAdmins(ctx context.Context, tx *store.Tx, flowID, detail string) error {
	return d.notify(ctx, tx, NoticeDelivery, flowID, detail, "a.role = $1 AND a.all_organizations = 1", string(auth.Admin))
}

// Notices lists what an account was told, the newest first, from before an id (0: from the newest). Flows that are no longer within its
// scope are left out.
func (d *DB) Notices(ctx context.Context, a Account, before int64, limit int) (all []Notice, err error) {
	within, args := a.Scope.clause("f.organization_id", 2)
	if within != "" {
		within = " AND (n.flow_id = '' OR 1 = 1" + within + ")"
	}
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT n.id, n.kind, n.flow_id, coalesce(f.name, ''), n.detail, n.at, n.seen FROM notices n LEFT JOIN main.flows f ON f.id = n.flow_id
			WHERE n.account_id = $1 AND ($2 = 0 OR n.id < $2)%s ORDER BY n.id DESC LIMIT %d`, within, limit), append([]any{a.ID, before}, args...)...)
		if err != nil {
			return fmt.Errorf("list notices: %w", err)
		}
		all, err = collect(rows, func(row interface{ Scan(...any) error }) (n Notice, err error) {
			var at int64
			err = row.Scan(&n.ID, &n.Kind, &n.FlowID, &n.FlowName, &n.Detail, &at, &n.Seen)
			n.At = store.Time(at)
			return n, err
		})
		return err
	})
	return all, err
}

// MaxUnseen is where counting notices ends: more are as many.
const MaxUnseen = 100

// UnseenNotices is how many notices an account has not seen, MaxUnseen at most.
func (d *DB) UnseenNotices(ctx context.Context, accountID string) (n int, err error) {
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM notices WHERE account_id = $1 AND seen = 0 LIMIT %d)`, MaxUnseen), accountID).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count notices: %w", err)
	}
	return n, nil
}

// SeeNotices marks an account's notices as seen: one, or with 0 all.
func (d *DB) SeeNotices(ctx context.Context, accountID string, id int64) error {
	return d.store.Write(ctx, func(tx *store.Tx) (err error) {
		if id == 0 {
			_, err = tx.Exec(ctx, `UPDATE notices SET seen = 1 WHERE account_id = $1 AND seen = 0`, accountID)
		} else {
			err = oneRow(tx.Exec(ctx, `UPDATE notices SET seen = 1 WHERE account_id = $1 AND id = $2`, accountID, id))
		}
		if err != nil {
			return fmt.Errorf("see notices: %w", err)
		}
		return nil
	})
}

// NoticeSettings returns what an account wants to be told.
func (d *DB) NoticeSettings(ctx context.Context, accountID string) (s NoticeSettings, err error) {
	var muted, unmailed string
	err = d.store.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT mail, muted, unmailed FROM notice_settings WHERE account_id = $1`, accountID).Scan(&s.Mail, &muted, &unmailed)
	})
	if errors.Is(err, store.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("notice settings: %w", err)
	}
	s.Muted, s.Unmailed = strings.Fields(muted), strings.Fields(unmailed)
	return s, nil
}

// SetNoticeSettings changes what an account wants to be told.
func (d *DB) SetNoticeSettings(ctx context.Context, accountID string, s NoticeSettings) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO notice_settings (account_id, mail, muted, unmailed) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account_id) DO UPDATE SET mail = excluded.mail, muted = excluded.muted, unmailed = excluded.unmailed`, accountID, s.Mail,
			strings.Join(s.Muted, " "), strings.Join(s.Unmailed, " ")); err != nil {
			return fmt.Errorf("notice settings: %w", err)
		}
		return d.note(ctx, tx, "account.notices", "account", accountID, map[string]any{"mail": s.Mail != "", "muted": s.Muted, "unmailed": s.Unmailed})
	})
}
