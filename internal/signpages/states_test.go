package signpages

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
)

// TestTheStateIsToldAsItIs: what the page of somebody who has signed, and of somebody who has not, says while others sign, when all have who got
// the contract, when it is archived, and after each of its ends. A contract that is not archived is not called complete, and nobody is told to
// wait for, or to make, a signature that cannot come any more.
func TestTheStateIsToldAsItIs(t *testing.T) {
	const complete, waits, toSign = "合同已由各方签署完成", "等待其他方签署", "待签署"
	for name, tt := range map[string]struct {
		end          func(w *world, flow, second string)
		first, other string   // what the page says to who has signed, and to who has not or did last
		never        []string // on either page
	}{
		"others sign":      {func(*world, string, string) {}, waits, toSign, []string{complete}},
		"all have signed":  {func(w *world, _, second string) { w.signOn(second) }, "发起方仍可能发送给其他方", "发起方仍可能发送给其他方", []string{complete, waits, toSign}},
		"archived":         {func(w *world, flow, second string) { w.signOn(second); w.archive(flow) }, complete, complete, []string{waits, toSign}},
		"withdrawn":        {func(w *world, flow, _ string) { w.withdraw(flow) }, "发起方已撤回合同", "发起方已撤回合同", []string{complete, waits, toSign}},
		"refused":          {func(w *world, _, second string) { w.refuseOn(second) }, "合同已被拒签", "您已拒绝签署", []string{complete, waits, toSign}},
		"expired for all":  {func(w *world, _, _ string) { w.clock.pass(8 * 24 * time.Hour) }, "其他方未在期限内完成签署", "签署期限已过", []string{complete, waits, toSign}},
		"one deadline":     {func(w *world, _, _ string) { w.clock.pass(5 * 24 * time.Hour) }, waits, "签署期限已过", []string{complete, toSign}},
		"under review":     {func(w *world, _, second string) { w.signOn(second) }, waits, "正在审核", []string{complete}},
		"ended in review":  {func(w *world, flow, second string) { w.signOn(second); w.withdraw(flow) }, "发起方已撤回合同", "发起方已撤回合同", []string{complete, waits, "审核中", "正在审核"}},
		"refused, a third": {func(w *world, flow, second string) { w.third(flow); w.refuseOn(second) }, "合同已被拒签", "您已拒绝签署", []string{complete, waits, toSign}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			flow := w.flow()
			late := func(r *api.SendFlowUrlRequest) { r.Deadline = w.clock.Now().Add(7 * 24 * time.Hour).Unix() }
			first := w.send(flow, late)
			second := w.send(flow, func(r *api.SendFlowUrlRequest) {
				r.SubOrganizationId, r.VerifyChannel = "", []string{api.VerifyChannelNone}
				if strings.Contains(name, "review") {
					r.VerifyChannel = []string{api.VerifyChannelOffline}
				}
				r.Deadline = w.clock.Now().Add(4 * 24 * time.Hour).Unix()
				r.SignComponents = r.SignComponents[1:2]
				r.SignComponents[0].ComponentPage = 1
			})
			outlives := w.link(flow) // the contract
			w.signOn(first)
			first = outlives
			tt.end(w, flow, second)
			for path, want := range map[string]string{first: tt.first, second: tt.other} {
				page := w.get(path)
				if page.status == http.StatusGone && path == second { // a link ends with its task's deadline
					continue
				}
				if page.status != http.StatusOK || !strings.Contains(page.text(), want) {
					t.Errorf("%d, not %q: %s", page.status, want, page.text())
				}
				for _, never := range tt.never {
					if strings.Contains(page.text(), never) {
						t.Errorf("says %q: %s", never, page.text())
					}
				}
			}
		})
	}
}

// signOn signs on the page of a link as a browser without scripts would.
func (w *world) signOn(path string) {
	w.t.Helper()
	form := w.get(path).filled(w.t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		w.t.Fatalf("signing gives %d: %s", a.status, a.text())
	}
}

func (w *world) refuseOn(path string) {
	w.t.Helper()
	form := w.get(path).filled(w.t)
	form.Set("Reason", "价款不对")
	if a := w.post(path+"/reject", form); a.status != http.StatusSeeOther {
		w.t.Fatalf("refusing gives %d: %s", a.status, a.text())
	}
}

// link makes another link of the first signer's.
func (w *world) link(flow string) string {
	w.t.Helper()
	made, err := api.CreateSignUrl.Call(w.t.Context(), w.client, &api.CreateSignUrlRequest{Caller: w.caller(), FlowId: flow, UserId: w.user,
		Deadline: w.clock.Now().Add(30 * 24 * time.Hour).Unix()})
	must(w.t, err)
	return strings.TrimPrefix(made.SignUrl, "http://127.0.0.1:8081")
}

func (w *world) archive(flow string) {
	w.t.Helper()
	_, err := api.ArchiveFlow.Call(w.t.Context(), w.client, &api.ArchiveFlowRequest{Caller: w.caller(), FlowId: flow})
	must(w.t, err)
}

func (w *world) withdraw(flow string) {
	w.t.Helper()
	_, err := api.CancelFlow.Call(w.t.Context(), w.client, &api.CancelFlowRequest{Caller: w.caller(), FlowId: flow, CancelMessage: "发错了"})
	must(w.t, err)
}

// third sends the contract to one more person, who does nothing.
func (w *world) third(flow string) {
	w.t.Helper()
	made, err := api.CreateUser.Call(w.t.Context(), w.client, &api.CreateUserRequest{OpenId: "third", Name: "周强", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"})
	must(w.t, err)
	_, err = api.VerifyUser.Call(w.t.Context(), w.client, &api.VerifyUserRequest{UserId: made.UserId})
	must(w.t, err)
	w.send(flow, func(r *api.SendFlowUrlRequest) {
		r.UserId, r.SubOrganizationId, r.SignComponents = made.UserId, "", r.SignComponents[1:2]
		r.SignComponents[0].ComponentPage = 2
	})
}
