package handlers

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/i18n"
	"sealdesk/internal/store"
)

// said are the sentences of the lines that a page of the audit log shows, newest first.
func said(r *reply) []string {
	return r.find(".act .act-said").Map(func(_ int, line *goquery.Selection) string { return strings.Join(strings.Fields(line.Text()), " ") })
}

// signedFlow sends a contract of two signers and signs it as the first n of them.
func (p *portal) signedFlow(v *visitor, name string, a, b side, n int) (flow, draft string) {
	p.t.Helper()
	draft = v.draft(name, a, a, b)
	v.seals(draft)
	flow = v.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	for i := range n {
		p.until("it is the signer's turn", func() bool { return p.flow(flow).Approvers[i].SignID != "" && p.flow(flow).State == db.FlowSigning })
		p.sign(flow, i)
		p.until("the portal knows of it", func() bool { return p.flow(flow).Approvers[i].Status == 1 })
	}
	return flow, draft
}

// TestTheHistoryIsFoundByEveryNumber asks for the history of a contract by each of its names and numbers, here and at the platform.
func TestTheHistoryIsFoundByEveryNumber(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	sender, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	flow, draft := p.signedFlow(sender, "办公设备采购合同", a, b, 2)
	other, _ := p.signedFlow(sender, "另一份合同", a, b, 1)
	f := p.flow(flow)
	numbers := map[string]string{"the portal's": f.ID, "the platform's": f.PlatformID, "name": f.Name, "first task": f.Approvers[0].SignID,
		"second task": f.Approvers[1].SignID, "draft": strings.TrimPrefix(draft, "/drafts/")}
	for what, number := range numbers {
		if number == "" {
			t.Fatalf("there is no %s", what)
		}
		page := reviewer.get("/audit?object=" + url.QueryEscape(number)).wantStatus(http.StatusOK)
		lines := strings.Join(said(page), "\n")
		for _, act := range []string{"发出了合同", "签署了合同"} {
			if !strings.Contains(lines, act) {
				t.Errorf("by its %s %s the history does not tell that somebody %s:\n%s", what, number, act, lines)
			}
		}
		if strings.Contains(lines, "另一份合同") {
			t.Errorf("by its %s the history tells of another contract:\n%s", what, lines)
		}
		if n := strings.Count(lines, "签署了合同"); n != 2 {
			t.Errorf("by its %s: %d signatures", what, n)
		}
	}

	// A file of the platform's tells of the contract; a seal tells of each signature that was made with it, by name.
	var seal string // which both contracts were signed with; the newest signature is that of the other contract
	for _, id := range p.lastEvent("flow.signed").Detail["seals"].([]any) {
		seal = id.(string)
	}
	if err := p.db.AddSeal(t.Context(), db.Seal{ID: seal, OrganizationID: a.organization, OwnerName: a.organizationName, Name: "合同专用章", Kind: "CONTRACT", Source: "generated", State: db.SealActive}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Join(said(reviewer.get("/audit?object="+seal).wantStatus(http.StatusOK)), "\n")
	for _, name := range []string{f.Name, p.flow(other).Name} {
		if !strings.Contains(lines, "签署了合同《"+name+"》，用印：“"+a.organizationName+" 合同专用章”") {
			t.Errorf("the history of the seal does not tell of its use for %s:\n%s", name, lines)
		}
	}
	if n := strings.Count(lines, "签署了合同"); n != 2 {
		t.Errorf("the seal was used %d times:\n%s", n, lines)
	}

	// A link's public name is the engine's: its evidence tells what was handed out and what was read by it.
	handed, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "link.sign"}, 0, 1)
	if link := linkPath(sender.post(other+"/approvers/"+p.flow(other).Approvers[1].ID+"/link", nil).wantStatus(http.StatusOK)); err == nil && link != "" {
		handed, err = p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "link.sign"}, 0, 1)
		p.signersPages().get(link).wantStatus(http.StatusOK)
	}
	if err != nil || len(handed) != 1 {
		t.Fatalf("%+v, %v", handed, err)
	}
	evidence := reviewer.get("/evidence?text=" + url.QueryEscape(handed[0].Detail["link"].(string))).wantStatus(http.StatusOK)
	evidence.wantText("tbody", "生成签署链接")
	opened, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "flow.read"}, 0, 10)
	if err != nil || len(opened) == 0 || opened[0].Actor.Session != handed[0].Detail["link"] {
		t.Fatalf("the link was opened: %+v, %v", opened, err)
	}
	row := "tbody a[href='/evidence/" + eventNumber(opened[0].Seq) + "']"
	for _, text := range []string{opened[0].Actor.Session, p.flow(other).Approvers[1].UserName} {
		if reviewer.get("/evidence?text="+url.QueryEscape(text)).wantStatus(http.StatusOK).find(row).Length() == 0 {
			t.Errorf("searching for %s does not find what was opened", text)
		}
	}
	if e := p.lastEvent("flow.sign_link"); e.Actor.Name != "admin" || e.Detail["who"] != p.flow(other).Approvers[1].UserName {
		t.Errorf("the link is told as %+v", e)
	}
}

// TestCallsOfTheOutboxLeadToTheClick: the calls that send a contract leave later, in nobody's request; they stand under the act of the sender all
// the same, and each leads back to it.
func TestCallsOfTheOutboxLeadToTheClick(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	sender, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	draft := sender.draft("办公设备采购合同", a, a, b)
	sender.seals(draft)
	flow := sender.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.background() // only now somebody works the outbox off
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	page := reviewer.get("/audit?object=" + strings.TrimPrefix(flow, "/flows/") + "&action=flow.send").wantStatus(http.StatusOK)
	if n := page.find(".act").Length(); n != 1 {
		t.Fatalf("%d lines", n)
	}
	calls := page.find(".act .calls li a")
	names := calls.Map(func(_ int, c *goquery.Selection) string { return c.Text() })
	for _, want := range []string{"CreateFlowByFiles", "SendFlow"} {
		event := p.lastEvent("platform." + want)
		address := "/audit/" + eventNumber(event.Seq)
		if calls.FilterFunction(func(_ int, c *goquery.Selection) bool { return c.AttrOr("href", "") == address }).Length() != 1 {
			t.Errorf("the line of the sending does not lead to %s: %v", want, names)
		}
		reviewer.get(address).wantStatus(http.StatusOK).wantText(".act-said", "办公设备采购合同").wantText(".act-who", "admin")
	}
}

// TestReadingsAreOneLine: what begins as one event and ends as another is one line, with how often.
func TestReadingsAreOneLine(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	reader, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	flow, _ := p.signedFlow(reader, "办公设备采购合同", a, b, 0)
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	read := "/audit?action=contract.read&object=" + strings.TrimPrefix(flow, "/flows/")
	for range 3 {
		reader.get(flow + "/files/0/pages/1.png").wantStatus(http.StatusOK)
	}
	first := said(reviewer.get(read))
	if len(first) != 1 || strings.Contains(first[0], "共") {
		t.Errorf("while it is read: %q", first)
	}
	reader.post("/logout", nil)
	lines := said(reviewer.get(read))
	if len(lines) != 1 || !strings.Contains(lines[0], "，共 3 次") {
		t.Errorf("after the session: %q", lines)
	}
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "contract.read"}, 0, 10)
	if err != nil || len(events) != 2 || events[0].Detail["opening"] == nil {
		t.Errorf("in the log stand %+v, %v", events, err)
	}
}

// TestUncheckedSignaturesAreListed: who signed without a check of identity, and nobody else.
func TestUncheckedSignaturesAreListed(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	sender, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	reviewer.get("/audit/unchecked").wantStatus(http.StatusOK).wantText("main", "没有")
	flow, _ := p.signedFlow(sender, "仅凭链接签署的合同", a, b, 2)
	p.signedFlow(sender, "尚未签署的合同", a, b, 0)
	ordered := func(channels string) { // as if the second signer had been asked for this
		t.Helper()
		err := p.db.Store().Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE flow_approvers SET channel = $1 WHERE id = $2", channels, p.flow(flow).Approvers[1].ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ordered("VERIFYCODE")
	rows := reviewer.get("/audit/unchecked").wantStatus(http.StatusOK).find("tbody tr")
	if text := rows.Text(); rows.Length() != 1 || !strings.Contains(text, "仅凭链接签署的合同") || !strings.Contains(text, a.personName) || !strings.Contains(text, "admin") {
		t.Errorf("listed are %q", text)
	}
	if href := rows.Find("a").AttrOr("href", ""); href != "/audit?object="+strings.TrimPrefix(flow, "/flows/") {
		t.Errorf("the row leads to %s", href)
	}
	ordered("VERIFYCODE FACEID") // whose outcome the signer could choose
	rows = reviewer.get("/audit/unchecked").wantStatus(http.StatusOK).find("tbody tr")
	if text := rows.Text(); rows.Length() != 2 || !strings.Contains(text, b.personName) || !strings.Contains(text, "（模拟）") || !strings.Contains(text, "无，仅凭链接") {
		t.Errorf("listed are %q", text)
	}
	link := reviewer.get("/audit?object="+strings.TrimPrefix(flow, "/flows/")).wantStatus(http.StatusOK).find("main a[href^='/evidence?']").AttrOr("href", "")
	if text := reviewer.get(link).wantStatus(http.StatusOK).find("tbody").Text(); !strings.Contains(text, "签署") {
		t.Errorf("what was read by link is at %q: %s", link, text)
	}
	reviewer.get("/audit?did=read").wantStatus(http.StatusOK).wantText("main", "凭链接的阅读")
	p.as(auth.Business, a.organization).get("/audit/unchecked").wantStatus(http.StatusForbidden)
}

func TestAuditViewsAreKept(t *testing.T) {
	p := startPortal(t)
	reviewer, admin := p.as(auth.Compliance), p.as(auth.Admin)
	menu := func(v *visitor, path string) []string {
		return v.get(path).wantStatus(http.StatusOK).find(".audit-views form.inline").Map(func(_ int, form *goquery.Selection) string {
			return form.AttrOr("action", "")
		})
	}
	if reviewer.get("/audit").find("form[action='/audit/views']").Length() != 0 {
		t.Error("nothing was chosen, and may be kept")
	}
	reviewer.get("/audit?did=session").wantText(".audit-views", "保存")
	reviewer.post("/audit/views", url.Values{"Query": {"did=session&outcome=ok&after=3&evil=1"}, "Name": {"每周登录"}}).wantStatus(http.StatusOK)
	kept := reviewer.get("/audit").find(".audit-views a").FilterFunction(func(_ int, a *goquery.Selection) bool { return a.Text() == "每周登录" })
	address, _ := url.Parse(kept.AttrOr("href", ""))
	if q := address.Query(); address.Path != "/audit" || q.Get("did") != "session" || q.Get("outcome") != "ok" || q.Has("after") || q.Has("evil") {
		t.Errorf("the view leads to %v", address)
	}
	if lines := said(reviewer.get(address.String()).wantStatus(http.StatusOK)); len(lines) == 0 {
		t.Error("the view shows nothing")
	}
	own := menu(reviewer, "/audit")
	if others := menu(admin, "/audit"); len(own) != 1 || len(others) != 0 {
		t.Fatalf("own views %v, of others %v", own, others)
	}
	if strings.Contains(reviewer.get("/flows").body, "每周登录") {
		t.Error("the view stands in the list of contracts")
	}
	admin.post(own[0], nil).wantStatus(http.StatusNotFound)
	reviewer.post(own[0], nil).wantStatus(http.StatusOK)
	if left := menu(reviewer, "/audit"); len(left) != 0 {
		t.Errorf("what was deleted is there: %v", left)
	}
}

// TestTheTableIsForReading: opens in spreadsheets as it is, in the reader's language, with names and Beijing's time, and runs nothing.
func TestTheTableIsForReading(t *testing.T) {
	p := startPortal(t)
	reviewer := p.as(auth.Compliance)
	if err := p.db.AddOrganization(context.Background(), db.Organization{ID: "org_1", Name: "=HYPERLINK(\"http://x\")"}); err != nil {
		t.Fatal(err)
	}
	p.note("compliance", audit.Event{Action: "organization.update", ObjectType: "organization", ObjectID: "org_1"})
	at := p.lastEvent("organization.update").Time
	table := func(lang string) (head, row []string) {
		t.Helper()
		got := reviewer.with("Cookie", i18n.CookieName+"="+lang).get("/audit/export?format=table&object=org_1").wantStatus(http.StatusOK)
		if !strings.HasPrefix(got.body, "\ufeff") || !strings.Contains(got.header.Get("Content-Disposition"), ".csv") {
			t.Errorf("%s: begins with %q, %s", lang, clip(got.body, 10), got.header.Get("Content-Disposition"))
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 3 { // its registration comes first
			t.Fatalf("%s: %q, %v", lang, rows, err)
		}
		return rows[0], rows[2]
	}
	head, row := table(i18n.Chinese)
	cell := func(heading string) string { return row[slices.Index(head, heading)] }
	for heading, want := range map[string]string{"时间（北京，UTC+08:00）": at.Add(8 * time.Hour).UTC().Format("2006-01-02 15:04:05"), "账号": "compliance",
		"对象类型": "子机构", "对象编号": "org_1", "对象名称": "'=HYPERLINK(\"http://x\")", "结果": "成功", "来源地址": "192.0.2.7"} {
		if !slices.Contains(head, heading) || cell(heading) != want {
			t.Errorf("%s: %q, want %q; the heads are %q", heading, row, want, head)
		}
	}
	if what := cell("做了什么"); !strings.Contains(what, "更新了") {
		t.Errorf("what was done: %q", what)
	}
	if head, _ := table(i18n.English); slices.ContainsFunc(head, func(s string) bool { return strings.ContainsAny(s, "时操账") }) {
		t.Errorf("in English the heads are %q", head)
	}
}
