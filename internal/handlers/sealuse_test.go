package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

// sealOf makes a seal of an organisation in the studio and returns its path.
func (v *visitor) sealOf(of side, kind, name string, more ...string) string {
	v.p.t.Helper()
	form := url.Values{"Owner": {"organization:" + of.organization}, "SealType": {kind}, "SealName": {name}, "Opacity": {"100"}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return v.post("/seals", form).wantStatus(http.StatusOK).path
}

// signWith tries to sign as an approver with a certain seal and gives the platform's answer.
func (p *portal) signWith(flow string, approver int, seal string) error {
	p.t.Helper()
	f := p.flow(flow)
	a := f.Approvers[approver]
	var seals []api.SignSeal
	for _, c := range f.Document.Components {
		if c.Approver == a.ID {
			seals = append(seals, api.SignSeal{ComponentId: c.ID, SignType: c.Type, SealId: seal})
		}
	}
	_, err := api.SignFlow.Call(context.Background(), p.client, &api.SignFlowRequest{Caller: api.Caller{OperatorId: a.UserID, SubOrganizationId: a.OrganizationID},
		FlowId: f.PlatformID, SignId: a.SignID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", SignSeals: seals})
	return err
}

// TestKeepersOfASeal: what an administrator says on a seal's page binds the engine at once, every use is listed, and a colleague who is no
// keeper is told before anything is sent.
func TestKeepersOfASeal(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin, business := p.as(auth.Admin), p.as(auth.Business, a.organization)
	path := admin.sealOf(a, "OFFICIAL", "公章")
	seal := strings.TrimPrefix(path, "/seals/")
	admin.get(path).wantText("main", a.personName).wantText("main", "还没有使用过") // the only one who signs for it keeps it
	colleague := a
	colleague.person, colleague.personName = p.person("周强", "440301198001010010", true), "周强"
	if err := p.db.AddUser(t.Context(), db.User{ID: colleague.person, Name: "周强", IDCardType: "ID_CARD", Verified: p.clock.now(),
		Organizations: []db.UserOrganization{{ID: a.organization}}}); err != nil {
		t.Fatal(err)
	}
	draft := admin.draft("采购合同", a, colleague)
	admin.seals(draft)
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "周强 · "+a.organizationName+"：此人不是可用印章的保管人")

	business.post(path+"/keepers", url.Values{"UserID": {colleague.person}}).wantStatus(http.StatusForbidden)
	admin.post(path+"/keepers", url.Values{"UserID": {b.person}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("UserID")
	admin.post(path+"/keepers", url.Values{"UserID": {colleague.person}, "Until": {"2020-01-01"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Until")
	admin.post(path+"/keepers", url.Values{"UserID": {colleague.person}, "Until": {"2099-12-31"}}).wantStatus(http.StatusOK).wantText("main", "至 2099-12-31")
	admin.get("/audit?object="+seal).wantText("main", "至 2099-12-31")
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })

	bind := func(what string, form url.Values, to string) {
		t.Helper()
		admin.post(path+to, form).wantStatus(http.StatusOK)
		if err := p.signWith(flow, 0, seal); !api.IsCode(err, api.CodeInvalidParameter) {
			t.Fatalf("%s, and the engine signs: %v", what, err)
		}
	}
	bind("withdrawn", url.Values{"UserID": {colleague.person}}, "/keepers/withdraw")
	admin.post(path+"/keepers", url.Values{"UserID": {colleague.person}}).wantStatus(http.StatusOK)
	admin.post(path+"/state", url.Values{"State": {"disabled"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Reason")
	bind("disabled", url.Values{"State": {"disabled"}, "Reason": {"盘点"}}, "/state")
	admin.get(path).wantText("main", "已停用").wantText("main", "盘点")
	admin.post(path+"/state", url.Values{"State": {"active"}, "Reason": {"盘点完毕"}}).wantStatus(http.StatusOK)
	if err := p.db.UnassignUser(t.Context(), db.Everything(), colleague.person, a.organization); err != nil {
		t.Fatal(err)
	}
	if err := p.routing.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.signWith(flow, 0, seal); !api.IsCode(err, api.CodeOperationDenied) {
		t.Fatalf("somebody who has left signs: %v", err)
	}
	admin.post("/organizations/"+a.organization+"/people", url.Values{"UserID": {colleague.person}}).wantStatus(http.StatusOK)
	if err := p.signWith(flow, 0, seal); !api.IsCode(err, api.CodeInvalidParameter) {
		t.Fatalf("whoever comes back has the seals of before: %v", err)
	}
	admin.post(path+"/keepers", url.Values{"UserID": {colleague.person}}).wantStatus(http.StatusOK)
	if err := p.signWith(flow, 0, seal); err != nil {
		t.Fatal(err)
	}
	p.until("signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	admin.get(path).wantText("main", "用印记录（1）").wantText("table", "采购合同").wantText("table", "周强").wantText("table", "文件 1 第 1 页").wantText("main", "撤销授权")
	for action, want := range map[string]int{"seal.grant": 4, "seal.withdraw": 2, "seal.state": 2} {
		events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: action, ObjectID: seal}, 0, 10)
		if err != nil || len(events) != want {
			t.Errorf("%d events %s, want %d: %v", len(events), action, want, err)
		}
	}
}

// TestADestroyedSealIsGoneForEver: its name typed, with a reason, and never the default one.
func TestADestroyedSealIsGoneForEver(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	first := admin.sealOf(a, "OFFICIAL", "公章")
	path := admin.sealOf(a, "CONTRACT", "旧合同章")
	admin.get(first + "/destroy").wantStatus(http.StatusConflict) // the default
	admin.post(path+"/destroy", url.Values{"Name": {"别的"}, "Reason": {"换章"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	admin.post(path+"/destroy", url.Values{"Name": {"旧合同章"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Reason")
	admin.post(path+"/destroy", url.Values{"Name": {"旧合同章"}, "Reason": {"换章"}}).wantStatus(http.StatusOK).wantText("main", "已销毁").wantText("main", "换章")
	for to, form := range map[string]url.Values{"/state": {"State": {"active"}, "Reason": {"x"}}, "/keepers": {"UserID": {a.person}}, "/destroy": {"Name": {"旧合同章"}, "Reason": {"x"}}} {
		admin.post(path+to, form).wantStatus(http.StatusConflict)
	}
	_, err := api.SetSealUse.Call(t.Context(), p.client, &api.SetSealUseRequest{Caller: api.Caller{SubOrganizationId: a.organization}, SealId: strings.TrimPrefix(path, "/seals/"), State: "ACTIVE"})
	if !api.IsCode(err, api.CodeOperationDenied) {
		t.Errorf("the engine makes it usable again: %v", err)
	}
}

// TestTheBuilderOffersCertainSeals: the sender fixes one certain seal of those that the account sees, and the signer cannot take another.
func TestTheBuilderOffersCertainSeals(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin, business := p.as(auth.Admin), p.as(auth.Business, a.organization)
	first := strings.TrimPrefix(admin.sealOf(a, "CONTRACT", "合同章一"), "/seals/")
	second := strings.TrimPrefix(admin.sealOf(a, "CONTRACT", "合同章二"), "/seals/")
	other := strings.TrimPrefix(admin.sealOf(b, "CONTRACT", "对方合同章"), "/seals/")
	draft := business.draft("采购合同", a, a, b)
	offered := func(v *visitor, id string) int {
		return v.get(draft + "/builder").wantStatus(http.StatusOK).find(`#panel-seal option[value="` + id + `"]`).Length()
	}
	if offered(business, first) != 1 || offered(business, second) != 1 || offered(business, other) != 0 || offered(admin, other) != 1 {
		t.Error("the builder does not offer the seals that the account sees")
	}
	// Without scripts, too.
	state := business.builder(draft)
	place := url.Values{"Type": {db.SignSeal}, "Approver": {state.Approvers[0].ID}, "Page": {"0.1"}, "X": {"80"}, "Y": {"600"}, "Width": {"119"}, "Height": {"119"}, "Seal": {second}}
	business.post(draft+"/components", place).wantStatus(http.StatusOK)
	if c := p.draftOf(draft).Components; len(c) != 1 || c[0].Value != second {
		t.Fatalf("the components are %+v", c)
	}
	// Not one of somebody else's organisation, nor for a signature.
	for _, wrong := range []db.Component{{Type: db.SignSeal, Approver: state.Approvers[1].ID, Value: first}, {Type: db.SignSignature, Approver: state.Approvers[1].ID, Value: other}} {
		wrong.ID, wrong.Page, wrong.X, wrong.Y, wrong.Width, wrong.Height, wrong.Required = "wrong", 1, 300, 600, 119, 119, true
		state = business.builder(draft)
		business.save(draft, state.revision, append(p.draftOf(draft).Components[:1:1], wrong)...).wantStatus(http.StatusOK)
		business.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity)
	}
	state = business.builder(draft)
	right := db.Component{ID: "right", Type: db.SignSeal, Approver: state.Approvers[1].ID, Page: 1, X: 300, Y: 600, Width: 119, Height: 119, Required: true}
	business.save(draft, state.revision, append(p.draftOf(draft).Components[:1:1], right)...).wantStatus(http.StatusOK)
	flow := business.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	if err := p.signWith(flow, 0, first); !api.IsCode(err, api.CodeInvalidParameter) {
		t.Fatalf("another one signs: %v", err)
	}
	if err := p.signWith(flow, 0, second); err != nil {
		t.Fatal(err)
	}
}

// TestTheSenderFixesTheKindOfSeal: 公章 or 合同专用章, and the signer cannot take another.
func TestTheSenderFixesTheKindOfSeal(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	official := strings.TrimPrefix(admin.sealOf(a, "OFFICIAL", "公章"), "/seals/")
	contractSeal := strings.TrimPrefix(admin.sealOf(a, "CONTRACT", "合同章"), "/seals/")
	draft := admin.draft("采购合同", a, a)
	state := admin.builder(draft)
	if n := admin.get(draft + "/builder").find(`option[value="KIND:OFFICIAL"]`).Length(); n == 0 {
		t.Error("the builder does not offer a kind")
	}
	c := db.Component{ID: "c", Type: db.SignSeal, Approver: state.Approvers[0].ID, Page: 1, X: 80, Y: 600, Width: 119, Height: 119, Required: true}
	c.Value = "KIND:NOTHING"
	admin.save(draft, state.revision, c).wantStatus(http.StatusUnprocessableEntity)
	c.Value, c.Extra = "KIND:OFFICIAL", `{"Opacity":0.9}`
	admin.save(draft, state.revision, c).wantStatus(http.StatusOK)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	if err := p.signWith(flow, 0, contractSeal); !api.IsCode(err, api.CodeInvalidParameter) {
		t.Fatalf("another kind signs: %v", err)
	}
	if err := p.signWith(flow, 0, official); err != nil {
		t.Fatal(err)
	}
}

// TestASealOlderThanItsBookSaysSo: a database that an older program made recorded no uses, so that an empty list does not mean that there
// were none.
func TestASealOlderThanItsBookSaysSo(t *testing.T) {
	w, _ := newForeignWorld(t)
	v := w.p.as(auth.Admin)
	path := v.sealOf(w.b, "OFFICIAL", "公章二号")
	stamp := func(when string) {
		err := w.p.db.Store().Write(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(context.Background(), "UPDATE "+db.SchemaTable+" SET tstamp = $1 WHERE version_id = 27", when)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	stamp("2001-02-03 04:05:06")
	if text := v.get(path).wantStatus(http.StatusOK).wantText("main", "还没有使用过").find("main").Text(); strings.Contains(text, "早于用印台账") {
		t.Error("a seal that is younger than its book is told to be older")
	}
	stamp("2099-02-03 04:05:06")
	v.get(path).wantStatus(http.StatusOK).wantText("main", "自 2099-02-03 起记录").wantText("main", "此后还没有使用记录")
}
