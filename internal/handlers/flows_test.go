package handlers

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/pdf"
)

// side is one party of a contract: an organisation and who signs for it, verified at the platform and in the portal's index.
type side struct {
	organization, organizationName string
	person, personName             string
}

// side registers the n-th party, 0 or 1.
func (p *portal) side(n int) side {
	p.t.Helper()
	ctx := audit.WithActor(context.Background(), audit.Actor{Name: "test"})
	all := []side{{organizationName: "深圳市示例科技有限公司", personName: "王小明"}, {organizationName: "北京样例软件有限责任公司", personName: "李娜"}}
	numbers := []string{"91440300MA5EXAMP1F", "91110108MA01EXAM2F"}
	cards := []string{"440301198001010018", "110101198503072027"}
	s := all[n]
	made, err := api.CreateSubOrganizationAndSeal.Call(ctx, p.client, &api.CreateSubOrganizationAndSealRequest{
		Name: s.organizationName, IdCardType: "USCC", IdCardNumber: numbers[n], OrganizationType: "ENTERPRISE",
		LegalName: s.personName, LegalIdCardType: "ID_CARD", LegalIdCardNumber: cards[n], VerifyClientIp: "127.0.0.1", SealType: "CONTRACT",
	})
	if err != nil {
		p.t.Fatal(err)
	}
	s.organization = made.SubOrganizationId
	s.person = p.person(s.personName, cards[n], true)
	now := p.clock.now()
	if err := p.db.AddOrganization(ctx, db.Organization{ID: s.organization, Name: s.organizationName, Kind: "ENTERPRISE", IDCardType: "USCC",
		IDCardNumber: numbers[n], Verified: now, CreatedBy: "test", Created: now}); err != nil {
		p.t.Fatal(err)
	}
	if err := p.db.AddUser(ctx, db.User{ID: s.person, Name: s.personName, Mobile: "138****0001", IDCardType: "ID_CARD", Verified: now, CreatedBy: "test", Created: now,
		Organizations: []db.UserOrganization{{ID: s.organization, Name: s.organizationName}}}); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// person registers somebody at the platform only.
func (p *portal) person(name, card string, verified bool) string {
	p.t.Helper()
	ctx := context.Background()
	made, err := api.CreateUser.Call(ctx, p.client, &api.CreateUserRequest{OpenId: card, Name: name, IdCardType: "ID_CARD", IdCardNumber: card, Mobile: "13800000001"})
	if err != nil {
		p.t.Fatal(err)
	}
	if verified {
		if _, err := api.VerifyUser.Call(ctx, p.client, &api.VerifyUserRequest{UserId: made.UserId}); err != nil {
			p.t.Fatal(err)
		}
	}
	return made.UserId
}

// contract is a small PDF of two pages.
func contract(t testing.TB) []byte {
	t.Helper()
	face, _ := drawing()
	c := pdf.NewComposer(face)
	c.Title("采购合同")
	for i := range 60 {
		c.Paragraph(fmt.Sprintf("第%d条 甲乙双方经协商一致，订立本条款，以资共同遵守。", i+1))
	}
	data, err := c.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// draft makes a draft over the pages of the portal and returns its path.
func (v *visitor) draft(name string, from side, signers ...side) string {
	v.p.t.Helper()
	got := v.postFiles("/drafts", draftForm(v.p, name, from), uploadFile{"Files", "合同.pdf", contract(v.p.t)}).wantStatus(http.StatusOK)
	path := strings.TrimSuffix(got.path, "/people")
	for i, s := range signers {
		v.post(path+"/people", url.Values{"UserId": {s.person}, "OrganizationId": {s.organization}, "Channel": {"NONE"}, "Step": {fmt.Sprint(i + 1)}}).
			wantStatus(http.StatusOK).wantPath(path + "/people")
	}
	return path
}

func draftForm(p *portal, name string, from side) url.Values {
	return url.Values{"Name": {name}, "Type": {"采购合同"}, "Deadline": {p.clock.now().In(beijing()).AddDate(0, 0, 20).Format(deadlineLayout)},
		"OrganizationId": {from.organization}, "OperatorId": {from.person}}
}

// builderState is what the builder's script reads from its page.
type builderState struct {
	Approvers []struct{ ID, Name string }
	Files     []struct {
		ID    string
		Pages []struct{ Image string }
	}
	Components []db.Component
	revision   int64
}

func (v *visitor) builder(path string) builderState {
	v.p.t.Helper()
	page := v.get(path + "/builder").wantStatus(http.StatusOK)
	var state builderState
	if err := json.Unmarshal([]byte(page.find("#builder-data").Text()), &state); err != nil {
		v.p.t.Fatal(err)
	}
	fmt.Sscan(page.find("#builder").AttrOr("data-revision", ""), &state.revision)
	return state
}

// save sends components as the builder's script does.
func (v *visitor) save(path string, revision int64, components ...db.Component) *reply {
	v.p.t.Helper()
	body, err := json.Marshal(map[string]any{"revision": revision, "components": components})
	if err != nil {
		v.p.t.Fatal(err)
	}
	return v.send(http.MethodPut, path+"/components", "application/json", bytes.NewReader(body))
}

// seals puts a seal for each approver on the first page.
func (v *visitor) seals(path string) {
	v.p.t.Helper()
	state := v.builder(path)
	var all []db.Component
	for i, a := range state.Approvers {
		all = append(all, db.Component{ID: fmt.Sprintf("c%d", i), Type: db.SignSeal, Approver: a.ID, Page: 1, X: 80 + 200*float64(i), Y: 600, Width: 119, Height: 119, Required: true})
	}
	v.save(path, state.revision, all...).wantStatus(http.StatusOK)
}

// until asks again and again until the condition holds.
func (p *portal) until(what string, holds func() bool) {
	p.t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(20 * time.Second); !holds(); <-ticker.C {
		if time.Now().After(end) {
			p.t.Fatalf("still not: %s\n%s", what, p.logs)
		}
	}
}

func (p *portal) flow(path string) db.Flow {
	p.t.Helper()
	f, err := p.db.Flow(context.Background(), db.Everything(), strings.TrimPrefix(path, "/flows/"))
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// sign signs as an approver, over the API as the signers' pages do.
func (p *portal) sign(path string, approver int) {
	p.t.Helper()
	f := p.flow(path)
	a := f.Approvers[approver]
	var seals []api.SignSeal
	for _, c := range f.Document.Components {
		if c.Approver == a.ID {
			seals = append(seals, api.SignSeal{ComponentId: cmp.Or(c.Anchor, c.ID), SignType: c.Type}) // a keyword is its component's name
		}
	}
	if _, err := api.SignFlow.Call(context.Background(), p.client, &api.SignFlowRequest{
		Caller: api.Caller{OperatorId: a.UserID, SubOrganizationId: a.OrganizationID}, FlowId: f.PlatformID, SignId: a.SignID, VerifyChannel: "NONE",
		SourceIp: "127.0.0.1", SignSeals: seals,
	}); err != nil {
		p.t.Fatal(err)
	}
}

func TestAContractFromDraftToArchive(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("办公设备采购合同", a, a, b)

	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "王小明 还没有印章或签名控件")
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).wantText("h1", "办公设备采购合同").path
	admin.get(draft).wantStatus(http.StatusNotFound)
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })

	// The second step waits for the first.
	f := p.flow(flow)
	if f.Approvers[0].SignID == "" || f.Approvers[1].SignID != "" {
		t.Fatalf("sent to the wrong people: %+v", f.Approvers)
	}
	live := admin.listen(flow + "/events")
	live.wait("王小明")

	p.sign(flow, 0)
	live.wait("已发送给 李娜")
	p.until("the second step is sent", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	link := admin.post(flow+"/approvers/"+p.flow(flow).Approvers[1].ID+"/link", nil).wantStatus(http.StatusOK)
	if address := link.find(".copy-text input").AttrOr("value", ""); !strings.HasPrefix(address, "http://engine.test/s/") {
		t.Errorf("the link is %q", address)
	}
	if link.find("svg.qr path").AttrOr("d", "") == "" {
		t.Error("no QR code")
	}
	admin.post(flow+"/approvers/"+p.flow(flow).Approvers[0].ID+"/link", nil).wantStatus(http.StatusConflict)
	admin.post(flow+"/archive", nil).wantStatus(http.StatusConflict)

	p.sign(flow, 1)
	p.until("all have signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	live.wait("data-state=\"7\"")
	admin.post(flow+"/archive", nil).wantStatus(http.StatusOK).wantText("#flow-state", "已归档")

	reading := admin.get(flow+"/preview").wantStatus(http.StatusOK).wantText(".reader-pages h2", "合同.pdf").wantText(".reader-people", "已签署")
	if places := reading.find(".reader-people a").Length(); places != len(p.flow(flow).Document.Components) {
		t.Errorf("%d places of %d components", places, len(p.flow(flow).Document.Components))
	}
	for _, a := range reading.find(".reader-people a").EachIter() {
		if id, _ := a.Attr("href"); reading.find(id).Length() != 1 {
			t.Errorf("%s leads nowhere", id)
		}
	}
	if picture := admin.get(flow + "/files/0/pages/1.png").wantStatus(http.StatusOK); picture.header.Get("Content-Type") != "image/png" {
		t.Errorf("the page is %s", picture.header.Get("Content-Type"))
	}
	signed := admin.get(flow + "/files/0/download").wantStatus(http.StatusOK)
	report, err := pdf.Verify([]byte(signed.body), p.engine.Roots())
	if err != nil || !report.OK || len(report.Signatures) != 2 {
		t.Errorf("the signed file does not verify: %+v, %v", report, err)
	}
	for _, action := range []string{"draft.create", "flow.send", "flow.signed", "flow.archived", "contract.read", "contract.download"} {
		events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: action}, 0, 5)
		if err != nil || len(events) == 0 {
			t.Errorf("no audit event %s: %v", action, err)
		}
	}
	admin.get("/flows?q="+url.QueryEscape("样例软件")+"&state=4").wantStatus(http.StatusOK).wantText("table", "办公设备采购合同")
	if admin.get("/flows?state=1").find("table").Length() != 0 {
		t.Error("the filter by state shows an archived flow")
	}
}

func TestCancelAsksForAReasonAndShowsIt(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	v := p.as(auth.Business, a.organization)
	draft := v.draft("租赁合同", a, b)
	v.seals(draft)
	flow := v.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })

	v.get(flow + "/cancel").wantStatus(http.StatusOK)
	v.post(flow+"/cancel", nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("CancelMessage")
	v.post(flow+"/cancel", url.Values{"CancelMessage": {"条款有误"}}).wantStatus(http.StatusOK).wantText("main", "原因：条款有误").wantText("#flow-state", "已撤回")
	v.post(flow+"/cancel", url.Values{"CancelMessage": {"再撤一次"}}).wantStatus(http.StatusConflict)
}

func TestFlowsAndDraftsKeepToTheScope(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	owner, stranger, reviewer := p.as(auth.Business, a.organization), p.as(auth.Business, b.organization), p.as(auth.Compliance)
	draft := owner.draft("保密协议", a, a)
	owner.seals(draft)
	for _, path := range []string{draft, draft + "/people", draft + "/builder", draft + "/files/0/pages/1.png"} {
		stranger.get(path).wantStatus(http.StatusNotFound)
	}
	stranger.get(draft + "/preflight").wantStatus(http.StatusNoContent)
	stranger.save(draft, 1).wantStatus(http.StatusNotFound)
	stranger.post(draft+"/send", nil).wantStatus(http.StatusNotFound)
	stranger.post(draft+"/delete", nil).wantStatus(http.StatusNotFound)
	stranger.postFiles("/files", url.Values{"OrganizationId": {a.organization}}, uploadFile{"Files", "a.pdf", contract(t)}).wantStatus(http.StatusUnprocessableEntity)

	flow := owner.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	for _, path := range []string{flow, flow + "/events", flow + "/preview", flow + "/files/0/download", flow + "/files/0/pages/1.png"} {
		stranger.get(path).wantStatus(http.StatusNotFound)
	}
	for _, path := range []string{"/cancel", "/archive", "/retry", "/reopen", "/preview-link"} {
		stranger.post(flow+path, url.Values{"CancelMessage": {"x"}}).wantStatus(http.StatusNotFound)
		reviewer.post(flow+path, nil).wantStatus(http.StatusForbidden)
	}
	if strings.Contains(stranger.get("/flows").body, "保密协议") || !strings.Contains(reviewer.get("/flows").body, "保密协议") {
		t.Error("the list does not keep to the scope")
	}
	reviewer.get(flow + "/preview").wantStatus(http.StatusOK)
}

func TestARefusedFlowGoesBackToADraft(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	draft := admin.draft("作废的合同", a, a)
	admin.seals(draft)
	// The platform refuses what the portal cannot know: an operator who is not there.
	id := strings.TrimPrefix(draft, "/drafts/")
	if _, err := p.db.SaveDraft(context.Background(), db.Everything(), id, 0, func(d *db.Draft) error { d.OperatorID = "nobody"; return nil }); err != nil {
		t.Fatal(err)
	}
	current, err := p.db.Draft(context.Background(), db.Everything(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.db.StartFlow(context.Background(), db.Everything(), id, current.Revision, "0123456789abcdef0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	p.routing.Wake()
	flow := "/flows/0123456789abcdef0123456789abcdef"
	p.until("refused", func() bool { return p.flow(flow).State == db.FlowFailed })
	admin.get(flow).wantStatus(http.StatusOK).wantText("#flow-state", "发送失败").wantText(".notice-danger", "发送没有完成")
	again := admin.post(flow+"/reopen", nil).wantStatus(http.StatusOK).path
	if !strings.HasPrefix(again, "/drafts/") {
		t.Fatalf("led to %s", again)
	}
	admin.get(flow).wantStatus(http.StatusNotFound)
	if state := admin.builder(again); len(state.Components) != 1 {
		t.Errorf("the components are gone: %+v", state)
	}
}

// live reads a stream of server-sent events.
type live struct {
	t     testing.TB
	lines chan string
}

func (v *visitor) listen(path string) *live {
	v.p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	v.p.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.p.url+path, nil)
	if err != nil {
		v.p.t.Fatal(err)
	}
	req.Header = v.header.Clone()
	resp, err := v.client.Do(req)
	if err != nil {
		v.p.t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		v.p.t.Fatalf("%s answers %d %s", path, resp.StatusCode, got)
	}
	l := &live{t: v.p.t, lines: make(chan string, 10000)}
	go func() {
		defer resp.Body.Close()
		defer close(l.lines)
		in := bufio.NewScanner(resp.Body)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			l.lines <- in.Text()
		}
	}()
	return l
}

// wait reads until a line of data has the text.
func (l *live) wait(text string) {
	l.t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-l.lines:
			if !ok {
				l.t.Fatalf("the stream ended before %q", text)
			}
			if strings.HasPrefix(line, "data: ") && strings.Contains(line, text) {
				return
			}
		case <-timeout:
			l.t.Fatalf("no %q in the stream", text)
		}
	}
}
