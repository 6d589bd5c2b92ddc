package db

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// The row of a list and the page of a flow must blame the same people, whatever the order in which the platform's news came in.
func TestTheListAndThePageBlameTheSame(t *testing.T) {
	d, now := openTest(t)
	ctx := context.Background()
	random := rand.New(rand.NewPCG(14, 7))
	reasons := map[string]int{}
	all := make([]Flow, 800)
	for i := range all {
		all[i] = randomFlow(random, fmt.Sprintf("flow%04d", i), *now)
	}
	if err := d.store.Write(ctx, func(tx *store.Tx) error {
		for _, f := range all {
			if err := insertInPieces(ctx, tx, random, f); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		var line FlowLine
		if err := d.store.Read(ctx, func(tx *store.Tx) (err error) {
			if f, err = findFlow(ctx, tx, Everything(), f.ID); err != nil {
				return err
			}
			line, err = scanFlowLine(tx.QueryRow(ctx, `SELECT `+flowLineColumns+` FROM flows WHERE id = $1`, f.ID))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		block, blocked := Blocking(f)
		reasons[block.Reason]++
		on, since := blamed(f, block, blocked)
		if line.WaitingOn != on || !line.WaitingSince.Equal(since) {
			t.Fatalf("the list waits for %q since %v, the page for %q since %v (%s)\n%+v", line.WaitingOn, line.WaitingSince, on, since, block.Reason, f)
		}
	}
	for _, reason := range []string{"problem", "sending", "approval", "sign", "review", "expired", "archive", ""} {
		if reasons[reason] < 5 {
			t.Errorf("only %d flows were held up by %q: %v", reasons[reason], reason, reasons)
		}
	}
}

// blamed is what a list says of a block: names also of a flow with a problem, nothing where nobody can act or all is signed.
func blamed(f Flow, block Block, blocked bool) (on string, since time.Time) {
	people := block
	if f.Problem != "" {
		f.Problem = ""
		people, _ = Blocking(f)
	}
	var names []string
	for _, a := range people.Approvals {
		if a.AccountID == "" {
			a.Name = "@" + string(a.Role)
		}
		names = append(names, a.Name)
	}
	for _, a := range people.Approvers {
		names = append(names, a.UserName)
	}
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	if f.State == FlowSigned {
		names = nil
	}
	if blocked && (len(names) > 0 || block.Reason == "problem" || f.State == FlowSending) {
		since = block.Since
	}
	return strings.Join(names, "、"), since
}

// randomFlow has up to three steps, each of signers or of approvals, in any state that they can be in.
func randomFlow(random *rand.Rand, id string, now time.Time) Flow {
	states := everyFlowState()
	f := Flow{ID: id, State: states[random.IntN(len(states))], Created: now, Updated: now.Add(time.Hour)}
	f.Document.Needs = map[int]int{}
	if random.IntN(4) > 0 { // most are open, where the two could differ
		f.State = []FlowState{FlowCreated, FlowSigning}[random.IntN(2)]
	}
	if random.IntN(6) == 0 || f.State == FlowFailed {
		f.Problem = "InternalError"
	}
	at := func() time.Time { return now.Add(time.Duration(random.IntN(50)) * time.Minute) }
	for step := range 1 + random.IntN(3) {
		n := 1 + random.IntN(4)
		signers := random.IntN(3) > 0
		for k := range n {
			name := fmt.Sprintf("p%d%d", step, k)
			if signers {
				status := []int64{1, 1, 1, 0, 0, 2, 3, 12, 13, ApproverUnsent}[random.IntN(10)]
				f.Approvers = append(f.Approvers, FlowApprover{ID: name, UserName: name, Step: int64(step + 1), Status: status, Sent: at()})
				continue
			}
			a := FlowApproval{ID: name, Step: int64(step + 1), Status: []int64{1, 1, 0, 2, ApprovalUnasked}[random.IntN(5)], Asked: at(), Role: auth.Business}
			if random.IntN(2) == 0 {
				a.AccountID, a.Name, a.Role = "account", name, ""
			}
			f.Approvals = append(f.Approvals, a)
			f.Document.Approvals = append(f.Document.Approvals, DraftApproval{ID: a.ID, Step: step + 1, AccountID: a.AccountID, Role: a.Role, Name: a.Name})
		}
		if random.IntN(2) == 0 {
			f.Document.Needs[step+1] = random.IntN(n + 2) // none and more than all mean all
		}
	}
	return f
}

// insertInPieces writes people first as not yet sent to, and then one after another, in any order, as they are.
func insertInPieces(ctx context.Context, tx *store.Tx, random *rand.Rand, f Flow) error {
	document, err := json.Marshal(f.Document)
	if err != nil {
		return err
	}
	var last []func() error
	exec := func(query string, args ...any) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}
	if err := exec(`INSERT INTO flows (id, platform_id, revision, organization_id, name, document, state, problem, message, deadline, created_by, created, updated, completed)
		VALUES ($1, $1, 1, 'org', $1, $2, -1, '', '', $3, 'li', $3, $4, 0)`, f.ID, string(document), store.Micros(f.Created), store.Micros(f.Updated)); err != nil {
		return err
	}
	for i, a := range f.Approvers {
		if err := exec(`INSERT INTO flow_approvers (flow_id, id, position, step, user_id, user_name, organization_id, organization_name, channel, sign_id, status, message, sent, decided)
			VALUES ($1, $2, $3, 99, $2, $2, '', '', 'NONE', $2, -1, '', 0, 0)`, f.ID, a.ID, i); err != nil {
			return err
		}
		last = append(last, func() error {
			return exec(`UPDATE flow_approvers SET status = $1, sent = $2 WHERE flow_id = $3 AND id = $4`, a.Status, store.Micros(a.Sent), f.ID, a.ID)
		}, func() error {
			return exec(`UPDATE flow_approvers SET step = $1 WHERE flow_id = $2 AND id = $3`, a.Step, f.ID, a.ID)
		})
	}
	for i, a := range f.Approvals {
		if err := exec(`INSERT INTO flow_approvals (flow_id, id, position, step, account_id, role, name, status, comment, asked, decided, decided_by)
			VALUES ($1, $2, $3, 99, $4, $5, $6, -1, '', 0, 0, '')`, f.ID, a.ID, i, a.AccountID, string(a.Role), a.Name); err != nil {
			return err
		}
		last = append(last, func() error {
			return exec(`UPDATE flow_approvals SET status = $1, asked = $2 WHERE flow_id = $3 AND id = $4`, a.Status, store.Micros(a.Asked), f.ID, a.ID)
		}, func() error {
			return exec(`UPDATE flow_approvals SET step = $1 WHERE flow_id = $2 AND id = $3`, a.Step, f.ID, a.ID)
		})
	}
	last = append(last, func() error {
		return exec(`UPDATE flows SET state = $1, problem = $2 WHERE id = $3`, int64(f.State), f.Problem, f.ID)
	})
	random.Shuffle(len(last), func(i, j int) { last[i], last[j] = last[j], last[i] })
	for _, write := range last {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}
