package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/signpages"
)

// strict is a portal without any configuration.
func strict(s *portalSettings) { s.strict = true }

// signersPages serves the engine's public pages over HTTP and returns a stranger's browser for the paths of links.
func (p *portal) signersPages() *visitor {
	p.t.Helper()
	handler, err := signpages.New(signpages.Options{Engine: p.engine, Clock: p.clock.now})
	if err != nil {
		p.t.Fatal(err)
	}
	pages := httptest.NewServer(handler)
	p.t.Cleanup(pages.Close)
	v, outside := p.visitor(), *p
	outside.url = pages.URL
	v.p = &outside
	return v
}

// linkPath is the path of the link that a page of the portal shows.
func linkPath(r *reply) string {
	r.t.Helper()
	at := strings.Index(r.body, "http://engine.test/s/")
	if at < 0 {
		r.t.Fatalf("%s shows no link:\n%s", r.what, clip(r.body, 2000))
	}
	rest := r.body[at+len("http://engine.test"):]
	return rest[:strings.IndexAny(rest, "\"<& \n")]
}

// TestTheSenderCannotSignForTheOtherParty is the attack of a business user of B who drafts a contract, adds A's representative, sends it, opens
// their link and puts A's seal under it, against a portal without any configuration. Each step that stops it is named.
func TestTheSenderCannotSignForTheOtherParty(t *testing.T) {
	p := startPortal(t, strict)
	p.background()
	a, b := p.side(0), p.side(1)
	forger := p.as(auth.Business, b.organization)
	draft := forger.draft("对乙方有利的合同", b)
	victim := url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}, "Step": {"1"}}
	with := func(form url.Values, name string, values ...string) url.Values {
		more := url.Values{}
		for k, v := range form {
			more[k] = v
		}
		more[name] = values
		return more
	}

	// Step 1, adding A's man by link only: refused, alone and beside a real check.
	for _, channels := range [][]string{{"NONE"}, {"NONE", "VERIFYCODE"}, {"VERIFYCODE", "NONE"}} {
		forger.post(draft+"/people", with(victim, "Channel", channels...)).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	}
	// Step 2, a mobile of the forger's own for his codes: refused.
	forger.post(draft+"/people", with(with(victim, "Channel", "VERIFYCODE"), "Mobile", "13911112222")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	if len(p.draftOf(draft).Approvers) != 0 {
		t.Fatalf("somebody was added: %+v", p.draftOf(draft).Approvers)
	}

	// Step 3, what the form offers first is a code; changing it to link only afterwards is refused.
	first := forger.get(draft + "/people").find("#person-form input[name=Channel][checked]")
	if got, _ := first.First().Attr("value"); first.Length() != 1 || got != api.VerifyChannelCode {
		t.Errorf("the form offers %q first", got)
	}
	forger.post(draft+"/people", with(victim, "Channel", "VERIFYCODE")).wantStatus(http.StatusOK)
	person := draft + "/people/" + p.draftOf(draft).Approvers[0].ID
	forger.post(person, url.Values{"Channel": {"NONE"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	forger.post(person, url.Values{"Channel": {"VERIFYCODE"}, "UserId": {b.person}}).wantStatus(http.StatusOK)
	if got := p.draftOf(draft).Approvers[0]; got.UserID != a.person {
		t.Errorf("a form changed who signs: %+v", got)
	}
	forger.seals(draft)

	forger.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "验证码到不了签署人") // no gateway is set up

	// Step 4, a draft that says so all the same, such as an older one: not sent.
	p.setChannels(draft, "NONE")
	forger.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "不能仅凭链接签署")
	p.setChannels(draft, "VERIFYCODE")

	// Step 5, the link that the portal shows: it reads, but neither signs nor declines without the code, which goes to A's man.
	flow := forger.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	link := linkPath(forger.post(flow+"/approvers/"+p.flow(flow).Approvers[0].ID+"/link", nil).wantStatus(http.StatusOK))
	outside := p.signersPages()
	page := outside.get(link).wantStatus(http.StatusOK)
	if ways := page.find("#sign input[name=VerifyChannel][value=NONE]").Length(); ways != 0 {
		t.Error("the page offers to sign by link only")
	}
	form := url.Values{"Agree": {"on"}, "seal.0": {page.find("#sign input[name='seal.0']").AttrOr("value", "")}, "Reason": {"不同意"}}
	for _, act := range []string{"/sign", "/reject"} {
		for _, proof := range []url.Values{{"VerifyChannel": {"NONE"}}, {"VerifyChannel": {"VERIFYCODE"}, "VerifyResult": {"000000"}}, {"VerifyChannel": {"OFFLINE"}, "VerifyResult": {"x"}}, {}} {
			try := with(form, "x")
			for k, v := range proof {
				try[k] = v
			}
			if got := outside.post(link+act, try); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s with %v answered %d", act, proof, got.status)
			}
		}
	}
	outside.post(link+"/code", nil).wantStatus(http.StatusOK)
	messages, _, err := p.engine.ListMessages(t.Context(), "", 10)
	if err != nil || len(messages) == 0 || messages[0].Recipient != "13800000001" {
		t.Errorf("the code went to %+v, %v", messages, err)
	}
	if f := p.flow(flow); f.Approvers[0].Status != api.ApproverPending {
		t.Errorf("the task is %d", f.Approvers[0].Status)
	}
}

// setChannels writes into a draft what no form of the portal takes.
func (p *portal) setChannels(draft string, channels ...string) {
	p.t.Helper()
	if _, err := p.db.SaveDraft(context.Background(), db.Everything(), strings.TrimPrefix(draft, "/drafts/"), 0, func(d *db.Draft) error {
		for i := range d.Approvers {
			d.Approvers[i].Channels = channels
		}
		return nil
	}); err != nil {
		p.t.Fatal(err)
	}
}

func TestLinkOnlyIsForOnesOwnUnlessAnAdministratorSaysOtherwise(t *testing.T) {
	p := startPortal(t, strict)
	p.background()
	a, b := p.side(0), p.side(1)
	admin, business := p.as(auth.Admin), p.as(auth.Business, b.organization)

	// One's own signer, for one's own organisation.
	own := business.draft("内部合同", b, b)
	business.seals(own)
	flow := business.post(own+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	// Not for somebody else's man in the name of one's own organisation, nor for one's own man as a person.
	other := business.draft("他人合同", b)
	for _, form := range []url.Values{{"UserId": {a.person}, "OrganizationId": {b.organization}}, {"UserId": {b.person}}, {"UserId": {b.person}, "OrganizationId": {a.organization}}} {
		form["Channel"], form["Step"] = []string{"NONE"}, []string{"1"}
		business.post(other+"/people", form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
	}

	// The policy is an administrator's, and an event; then it goes, until it is taken back: also for what was begun meanwhile.
	policy := url.Values{"SecondFactor": {"optional"}, "Idle": {"30m0s"}, "Absolute": {"12h0m0s"}, "LinkLife": {"72h0m0s"}, "LinkOnly": {"true"}}
	business.post("/settings/policy", policy).wantStatus(http.StatusForbidden)
	admin.post("/settings/policy", policy).wantStatus(http.StatusOK)
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "settings.policy"}, 0, 1)
	if err != nil || len(events) != 1 || !strings.Contains(string(mustJSON(t, events[0].Detail)), `"link_only":"true"`) {
		t.Errorf("recorded as %+v, %v", events, err)
	}
	foreign := url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}, "Channel": {"NONE"}, "Step": {"1"}}
	business.post(other+"/people", foreign).wantStatus(http.StatusOK)
	foreign.Set("UserId", b.person)
	foreign.Set("OrganizationId", b.organization)
	foreign.Set("Step", "2")
	business.post(other+"/people", foreign).wantStatus(http.StatusOK)
	business.seals(other)
	flow = business.post(other+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	policy.Del("LinkOnly")
	admin.post("/settings/policy", policy).wantStatus(http.StatusOK)

	// Replacing one's own signer by somebody else's.
	later := p.flow(flow).Approvers[1].ID
	business.post(flow+"/people/"+later+"/replace", url.Values{"UserId": {a.person}, "OrganizationId": {b.organization}}).
		wantStatus(http.StatusUnprocessableEntity).wantProblem("UserId")

	// The last door, in front of the platform: a contract that was started with somebody who may not is not sent to them.
	draft := p.draftOf(business.draft("绕过检查", b, b))
	draft.Approvers[0].UserID, draft.Approvers[0].OrganizationID = a.person, a.organization
	started := "0123456789abcdef0123456789abcdef"
	if _, err := p.db.SaveDraft(t.Context(), db.Everything(), draft.ID, 0, func(d *db.Draft) error { d.Approvers = draft.Approvers; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := p.db.StartFlow(t.Context(), db.Everything(), draft.ID, draft.Revision+1, started); err != nil {
		t.Fatal(err)
	}
	p.routing.Wake()
	p.until("refused", func() bool { return p.flow("/flows/"+started).Problem == db.CodeLinkOnly })
	if f := p.flow("/flows/" + started); f.Approvers[0].SignID != "" {
		t.Error("it was sent all the same")
	}
	business.get("/flows/"+started).wantText("main", "不能仅凭链接签署")
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTemplatesAndBatchesKeepToIt(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b) // its roles sign by link only
	table := "甲方签署人,乙方签署人,金额\n王小明,李娜,1\n"
	batch := admin.bulk(template, a, table).wantStatus(http.StatusOK).path
	policy := p.db.Policy()
	policy.LinkOnly = false
	if err := p.db.SetPolicy(t.Context(), policy); err != nil {
		t.Fatal(err)
	}

	first := admin.get(template + "/roles").find("input[name=Channel][checked]")
	if got, _ := first.First().Attr("value"); first.Length() != 1 || got != api.VerifyChannelCode {
		t.Errorf("a role begins with %q", got)
	}
	admin.post(template+"/use", use(p, a, b, "1")).wantStatus(http.StatusUnprocessableEntity)
	if drafts, _, err := p.db.Drafts(t.Context(), db.Everything(), db.Page{}); err != nil || len(drafts) != 1 {
		t.Errorf("there are %d drafts besides the one that the template was made of, %v", len(drafts)-1, err)
	}
	// So is a raw call.
	call := url.Values{"OperatorId": {a.person}, "SubOrganizationId": {a.organization}, "FlowId": {"flow"}, "UserId": {b.person}, "VerifyChannel": {"NONE"},
		"SignComponents[0].ComponentType": {"SIGN_SEAL"}, "Confirmed": {"true"}}
	admin.post("/calls/SendFlow", call).wantStatus(http.StatusUnprocessableEntity).wantText("main", "仅凭链接只适用于本机构")
	admin.post("/calls/SendFlowUrl", call).wantStatus(http.StatusUnprocessableEntity).wantText("main", "仅凭链接只适用于本机构")
	admin.bulk(template, a, table).wantStatus(http.StatusUnprocessableEntity).wantText("table", "不能仅凭链接签署")
	// A batch that was checked while it was allowed is checked again when it runs.
	admin.post(batch+"/start", nil).wantStatus(http.StatusOK)
	p.until("the row fails", func() bool {
		rows, err := p.db.BatchRows(t.Context(), strings.TrimPrefix(batch, "/bulk/"), "", 0, 10)
		return err == nil && rows[0].Error == "link_only"
	})
	if flows, _, err := p.db.Flows(t.Context(), db.Everything(), db.FlowFilter{}, db.Page{}); err != nil || len(flows) != 0 {
		t.Errorf("the batch made %+v, %v", flows, err)
	}
}

func TestCodesGoToWhatIsRegistered(t *testing.T) {
	p := startPortal(t, strict)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	// Whoever has nothing registered cannot be sent a code.
	made, err := api.CreateUserAndSeal.Call(t.Context(), p.client, &api.CreateUserAndSealRequest{OpenId: "mute", Name: "周杰", IdCardType: "ID_CARD",
		IdCardNumber: "110101198503072027", SourceIp: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.db.AddUser(t.Context(), db.User{ID: made.UserId, Name: "周杰", IDCardType: "ID_CARD", Verified: p.clock.now()}); err != nil {
		t.Fatal(err)
	}
	draft := admin.draft("没有手机号", a)
	admin.post(draft+"/people", url.Values{"UserId": {made.UserId}, "Channel": {"VERIFYCODE"}, "Step": {"1"}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "没有登记手机号或邮箱")

	// An administrator registers a mobile: an event with its ends, the number encrypted, and nobody else may.
	p.as(auth.Business, a.organization).post("/users/"+made.UserId, url.Values{"Name": {"周杰"}, "Mobile": {"13912345678"}}).wantStatus(http.StatusForbidden)
	admin.post("/users/"+made.UserId, url.Values{"Name": {"周杰"}, "Mobile": {"13912345678"}}).wantStatus(http.StatusOK)
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "user.register"}, 0, 1)
	if err != nil || len(events) != 1 || !strings.Contains(string(mustJSON(t, events[0].Detail)), "139****5678") {
		t.Errorf("recorded as %+v, %v", events, err)
	}
	if mobile, err := p.db.RegisteredMobile(t.Context(), made.UserId); err != nil || mobile != "13912345678" {
		t.Errorf("registered %q, %v", mobile, err)
	}
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	calls, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "platform.SendFlow"}, 0, 5)
	if err != nil || len(calls) == 0 || strings.Contains(string(mustJSON(t, calls)), "13912345678") || strings.Contains(p.logs.String(), "13912345678") {
		t.Errorf("the mobile stands in %v, %v", calls, err)
	}
}
