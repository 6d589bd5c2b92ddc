package engine_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// kept is a row as it stood, with its MAC.
type kept struct {
	table  string
	values []any
}

// keepRow keeps the row that a condition such as "engine_seals WHERE id = ?" chooses.
func keepRow(t *testing.T, raw *sql.DB, which string, args ...any) (k kept) {
	t.Helper()
	table, _, _ := strings.Cut(which, " ")
	rows, err := raw.Query("SELECT * FROM "+which, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		t.Fatal("no row to keep", err)
	}
	k = kept{table, make([]any, len(columns))}
	places := make([]any, len(columns))
	for i := range places {
		places[i] = &k.values[i]
	}
	if err := rows.Scan(places...); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k kept) putBack(t *testing.T, raw *sql.DB) {
	t.Helper()
	rawly(t, raw, fmt.Sprintf("INSERT OR REPLACE INTO %s VALUES (%s?)", k.table, strings.Repeat("?, ", len(k.values)-1)), k.values...)
}

// signer is a prepared signer who also has an account, whose log-in opened a third contract.
type signer struct {
	*prepared
	accountLink, ticket string
}

func prepareAccount(p *platform) *signer {
	a := &signer{prepared: prepare(p)}
	a.account()
	if err := a.opensByAccount(); err != nil {
		p.Fatal(err)
	}
	a.members(a.to.user)
	return a
}

func (a *signer) members(users ...string) {
	do(a.platform, api.SetOrganizationMembers, &api.SetOrganizationMembersRequest{Caller: api.Caller{SubOrganizationId: a.to.organization}, UserIds: users})
}

// account tells of the account, which ends its tickets.
func (a *signer) account() {
	do(a.platform, api.SetUserAccount, &api.SetUserAccountRequest{UserId: a.to.user, AccountId: "acc_1", AccountName: "Li"})
}

// opensByAccount has the log-in open a contract.
func (a *signer) opensByAccount() error {
	flowID := a.flow(a.by)
	req := taskRequest(flowID, a.by, a.to, 200)
	req.VerifyChannel = []string{"ACCOUNT"}
	got, err := api.CreateAccountSignUrl.Call(a.Context(), a.client, &api.CreateAccountSignUrlRequest{Caller: a.to.caller(), FlowId: flowID,
		SignId: do(a.platform, api.SendFlow, req).SignId, UserId: a.to.user, AccountId: "acc_1", SecondFactor: true, Deadline: a.clock.Now().Add(time.Hour).Unix()})
	if err == nil {
		a.accountLink = path.Base(got.SignUrl)
		a.ticket, err = a.engine.TakeTicket(a.Context(), a.accountLink, got.Ticket)
	}
	return err
}

func (a *signer) signsByAccount() error {
	return a.signShown(a.accountLink, engine.SessionSign{Seals: map[string]string{"seal": a.to.seal, "hand": a.to.handwriting}, VerifyChannel: "ACCOUNT", VerifyResult: a.ticket})
}

func (a *signer) wrongCodes() {
	right := a.code
	for i := range 5 {
		if a.code = fmt.Sprintf("%06d", i); a.code != right {
			if err := a.signsByCode(); err == nil {
				a.Fatal("a wrong code signs")
			}
		}
	}
	a.code = right
}

// TestARowPutBackPermitsNothing keeps rows that permit something, lets that end, and puts them back as they stood, each with the MAC that it had:
// the door where they would permit it again refuses for that reason, and what was put back is told.
func TestARowPutBackPermitsNothing(t *testing.T) {
	byLink := func(a *signer) error { return a.signs() }
	byCode := func(a *signer) error { return a.signsByCode() }
	id := func(what func(*signer) string) func(*signer) []any {
		return func(a *signer) []any { return []any{what(a)} }
	}
	seal := id(func(a *signer) string { return a.to.seal })
	user := id(func(a *signer) string { return a.to.user })
	flow := id(func(a *signer) string { return a.flowID })
	for name, c := range map[string]struct {
		rows string // table and condition of each
		key  func(a *signer) []any
		ends func(a *signer)
		door func(a *signer) error
	}{
		"a keeper who was withdrawn": {"engine_seal_keepers WHERE seal_id = ?", seal, func(a *signer) { a.keep(a.to, a.to.seal, "ACTIVE") }, byLink},
		"a seal that was disabled": {"engine_seals WHERE id = ?", seal,
			func(a *signer) { a.keep(a.to, a.to.seal, "DISABLED", api.SealKeeper{UserId: a.to.user}) }, byLink},
		"a member who has left": {"engine_members WHERE user_id = ?", user, func(a *signer) { a.members() }, byLink},
		"the number of before": {"engine_users WHERE id = ?", user, func(a *signer) {
			do(a.platform, api.ModifyUser, &api.ModifyUserRequest{Caller: a.to.caller(), UserId: a.to.user, Mobile: "13900000009"})
		}, func(a *signer) error { a.clock.Add(time.Minute); return a.engine.SendCode(a.Context(), a.link) }},
		"a code that was tried too often": {"engine_codes WHERE sign_id = ?", id(func(a *signer) string { return a.codeSign }), (*signer).wrongCodes, byCode},
		"a ticket of a log-in that ended": {"engine_account_tickets WHERE user_id = ?", user, (*signer).account, (*signer).signsByAccount},
		"the account of before": {"engine_user_accounts WHERE user_id = ?", user, func(a *signer) {
			do(a.platform, api.SetUserAccount, &api.SetUserAccountRequest{UserId: a.to.user})
		}, (*signer).opensByAccount},
		"a task that was signed": {"engine_approvers WHERE flow_id = ?; engine_flows WHERE id = ?", flow, func(a *signer) {
			if err := a.signs(); err != nil {
				a.Fatal(err)
			}
		}, byLink},
		"a contract that was called off": {"engine_approvers WHERE flow_id = ?; engine_flows WHERE id = ?", flow, func(a *signer) {
			do(a.platform, api.CancelFlow, &api.CancelFlowRequest{Caller: a.by.caller(), FlowId: a.flowID, CancelMessage: "x"})
		}, byLink},
	} {
		t.Run(name, func(t *testing.T) {
			p, raw := inFolder(t)
			a := prepareAccount(p)
			var rows []kept
			for _, which := range strings.Split(c.rows, "; ") {
				rows = append(rows, keepRow(t, raw, which, c.key(a)...))
			}
			c.ends(a)
			signed := len(p.evidence("flow.sign"))
			for _, row := range rows {
				row.putBack(t, raw)
			}
			if found := p.changedRows(); found != nil {
				t.Fatalf("the MACs do not fit, so that this shows nothing: %v", found)
			}
			if err := c.door(a); !errors.Is(err, engine.ErrRowChanged) && !api.IsCode(err, api.CodeInternalErrorRowChanged) {
				t.Errorf("the door says %v", err)
			}
			if n := len(p.evidence("flow.sign")); n != signed {
				t.Errorf("%d signatures were made", n-signed)
			}
			if told := p.engine.Evidence().ChangedRows(); len(told) == 0 {
				t.Error("nobody is told")
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		a := prepareAccount(start(t))
		if err := errors.Join(a.signs(), a.signsByCode(), a.signsByAccount()); err != nil {
			t.Error(err)
		}
	})
}
