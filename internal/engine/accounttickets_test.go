package engine_test

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// TestATicketSignsOneTaskOnce: a ticket names task, person and account; it signs once, in time, and while the account is the person's.
func TestATicketSignsOneTaskOnce(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	account := func(user, id, name string) {
		t.Helper()
		do(p, api.SetUserAccount, &api.SetUserAccountRequest{UserId: user, AccountId: id, AccountName: name})
	}
	account(first.user, "acc_1", "王小明 (wang)")
	account(second.user, "acc_2", "李娜 (lina)")
	send := func(q party, channels ...string) (flowID, signID string) {
		t.Helper()
		flowID = p.flow(first)
		return flowID, do(p, api.SendFlow, &api.SendFlowRequest{Caller: first.caller(), FlowId: flowID, UserId: q.user, SubOrganizationId: q.organization,
			VerifyChannel: channels, SignComponents: []api.Component{{ComponentType: "SIGN_SEAL", ComponentId: "seal", ComponentPage: 1, ComponentPosX: 300, ComponentPosY: 300}}}).SignId
	}
	open := func(flowID, signID, user, id string) *api.CreateAccountSignUrlRequest {
		return &api.CreateAccountSignUrlRequest{FlowId: flowID, SignId: signID, UserId: user, AccountId: id, SecondFactor: true, Deadline: p.clock.Now().Add(time.Hour).Unix()}
	}
	sign := func(token, channel, ticket string, q party) error {
		return p.signShown(token, engine.SessionSign{Seals: map[string]string{"seal": q.seal}, VerifyChannel: channel, VerifyResult: ticket})
	}
	flowID, signID := send(second, "ACCOUNT", "NONE")
	otherFlow, otherSign := send(second, "ACCOUNT")

	refused(p, denied, api.CreateSignUrl, &api.CreateSignUrlRequest{Caller: first.caller(), FlowId: flowID, UserId: second.user, SignId: signID, Deadline: p.clock.Now().Add(time.Hour).Unix()})
	refused(p, denied, api.CreateAccountSignUrl, open(flowID, signID, second.user, "acc_1"))
	refused(p, unknown, api.CreateAccountSignUrl, open(flowID, signID, first.user, "acc_1"))
	byCode, codeSign := send(first, "VERIFYCODE")
	refused(p, denied, api.CreateAccountSignUrl, open(byCode, codeSign, first.user, "acc_1"))

	got := do(p, api.CreateAccountSignUrl, open(flowID, signID, second.user, "acc_2"))
	other := do(p, api.CreateAccountSignUrl, open(otherFlow, otherSign, second.user, "acc_2"))
	token := path.Base(got.SignUrl)
	if err := sign(token, "ACCOUNT", got.Ticket, second); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("a ticket that no browser took: %v", err)
	}
	if _, err := p.engine.TakeTicket(t.Context(), path.Base(other.SignUrl), got.Ticket); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("taken at another contract: %v", err)
	}
	take := func(resp *api.CreateAccountSignUrlResponse) (held string) {
		t.Helper()
		held, err := p.engine.TakeTicket(t.Context(), path.Base(resp.SignUrl), resp.Ticket)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.engine.TakeTicket(t.Context(), path.Base(resp.SignUrl), resp.Ticket); !errors.Is(err, engine.ErrWrongCode) {
			t.Errorf("taken twice: %v", err)
		}
		return held
	}
	held, heldOther := take(got), take(other)
	for what, try := range map[string][2]string{"the link alone": {"ACCOUNT", ""}, "a forged ticket": {"ACCOUNT", strings.Repeat("A", len(held))},
		"that of another contract": {"ACCOUNT", heldOther}, "no check": {"NONE", ""}} {
		if err := sign(token, try[0], try[1], second); !errors.Is(err, engine.ErrWrongCode) {
			t.Errorf("%s: %v", what, err)
		}
		if err := p.engine.SessionReject(t.Context(), token, engine.SessionReject{Reason: "不同意", VerifyChannel: try[0], VerifyResult: try[1]}); !errors.Is(err, engine.ErrWrongCode) {
			t.Errorf("%s refuses: %v", what, err)
		}
	}
	for what, change := range map[string]func(){"no account": func() { account(second.user, "", "") }, "another account": func() { account(second.user, "acc_3", "另一个 (other)") }} {
		change()
		if name, err := p.engine.SessionAccount(t.Context(), token, held); err != nil || name != "" {
			t.Errorf("%s: %q, %v", what, name, err)
		}
		if err := sign(token, "ACCOUNT", held, second); !errors.Is(err, engine.ErrWrongCode) {
			t.Errorf("%s: %v", what, err)
		}
	}
	account(second.user, "acc_2", "李娜 (lina)")
	if err := sign(token, "ACCOUNT", held, second); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("a ticket of before the account was taken away: %v", err)
	}
	again := do(p, api.CreateAccountSignUrl, open(flowID, signID, second.user, "acc_2"))
	other = do(p, api.CreateAccountSignUrl, open(otherFlow, otherSign, second.user, "acc_2"))
	token, held, heldOther = path.Base(again.SignUrl), take(again), take(other)
	if name, err := p.engine.SessionAccount(t.Context(), token, held); err != nil || name != "李娜 (lina)" {
		t.Errorf("the page names %q, %v", name, err)
	}
	if err := sign(token, "ACCOUNT", held, second); err != nil {
		t.Fatal(err)
	}
	if reason := p.signature(flowID).Reason; !strings.HasSuffix(reason, engine.AccountMark+" 李娜 (lina)") {
		t.Errorf("the reason is %q", reason)
	}
	events := p.evidence("flow.sign")
	if len(events) != 1 || !strings.Contains(events[0].DetailText, `"secondFactor":true`) {
		t.Errorf("the evidence is %+v", events)
	}
	if err := sign(path.Base(other.SignUrl), "ACCOUNT", held, second); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("a spent ticket: %v", err)
	}
	p.clock.Add(30 * time.Minute)
	if err := sign(path.Base(other.SignUrl), "ACCOUNT", heldOther, second); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("a late ticket: %v", err)
	}
	if !slices.Contains(api.Extensions(), api.CreateAccountSignUrl.Name) {
		t.Error("the extension is not named as one")
	}
}
