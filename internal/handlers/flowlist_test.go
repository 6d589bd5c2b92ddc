package handlers

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// started puts a flow into the portal that is still being sent, as the account li of the organisation.
func (p *portal) started(name, organization string, deadline time.Duration) string {
	p.t.Helper()
	ctx := audit.WithActor(context.Background(), audit.Actor{Name: "li", Role: "business"})
	draft := db.Draft{ID: randomID(), OrganizationID: organization, Name: name, CreatedBy: "li", Created: p.clock.now(), DraftDocument: db.DraftDocument{
		Deadline: p.clock.now().Add(deadline), Approvers: []db.DraftApprover{{ID: "a", UserName: "王小明", Step: 1}, {ID: "b", UserName: "李娜", Step: 2}}}}
	id := randomID()
	if err := p.db.CreateDraft(ctx, draft); err != nil {
		p.t.Fatal(err)
	}
	if err := p.db.StartFlow(ctx, db.Everything(), draft.ID, 1, id); err != nil {
		p.t.Fatal(err)
	}
	return id
}

// report lets the platform tell something of a flow.
func (p *portal) report(id string, r db.FlowReport) {
	p.t.Helper()
	if _, err := p.db.ApplyReport(context.Background(), id, r); err != nil {
		p.t.Fatal(err)
	}
}

// names are the contracts that a page of the list shows.
func (r *reply) names() string {
	r.t.Helper()
	var names []string
	for _, n := range r.find("main table tbody td:first-child").EachIter() {
		names = append(names, strings.TrimSpace(n.Text()))
	}
	return strings.Join(names, " ")
}

func TestTheListOfFlowsIsNarrowedByEachFilter(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	p.addOrganization("org2", "北京样例软件有限责任公司")
	p.addAccount("li", auth.Business)
	first := p.started("采购合同", "org1", 20*24*time.Hour)
	p.started("租赁合同", "org2", 2*24*time.Hour)
	admin, li := p.as(auth.Admin), p.visitor()
	li.logIn("li", testPassword)
	today, tomorrow := p.clock.now().In(beijing()).Format(time.DateOnly), p.clock.now().In(beijing()).AddDate(0, 0, 1).Format(time.DateOnly)
	soon := p.clock.now().In(beijing()).AddDate(0, 0, 3).Format(time.DateOnly)
	for query, want := range map[string]string{
		"?sort=created":                    "租赁合同 采购合同",
		"?sort=deadline":                   "租赁合同 采购合同",
		"?q=" + url.QueryEscape("采购"):      "采购合同",
		"?q=" + first[:12]:                 "采购合同",
		"?organization=org2":               "租赁合同",
		"?state=-1":                        "租赁合同 采购合同",
		"?state=open&organization=org1":    "采购合同",
		"?state=7":                         "",
		"?state=stuck":                     "",
		"?mine=1":                          "",
		"?from=" + today:                   "租赁合同 采购合同",
		"?from=" + tomorrow:                "",
		"?to=" + today + "&due_to=" + soon: "租赁合同",
		"?on=" + url.QueryEscape("王小明"):    "", // nobody has been sent to yet
	} {
		if got := admin.get("/flows" + query).wantStatus(http.StatusOK).names(); got != want {
			t.Errorf("%s shows %q, want %q", query, got, want)
		}
	}
	if got := li.get("/flows?mine=1").names(); got != "租赁合同 采购合同" {
		t.Errorf("li started %q", got)
	}
	admin.get("/flows?from=2026-13-01").wantStatus(http.StatusUnprocessableEntity).wantProblem("from")
	row := admin.get("/flows?organization=org2").find("tbody tr").Text()
	for _, text := range []string{"发送中", "0 / 2", "还剩 1 天", "正在发送", "北京样例软件"} {
		if !strings.Contains(row, text) {
			t.Errorf("the row has no %q: %q", text, row)
		}
	}
	p.clock.advance(16 * time.Minute)
	if got := admin.get("/flows?state=stuck").names(); got != "采购合同 租赁合同" {
		t.Errorf("stuck: %q", got)
	}
}

func TestTheListIsExportedAsItIsFiltered(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	p.addOrganization("org2", "北京样例软件有限责任公司")
	p.started("=HYPERLINK(\"http://x\"),合同", "org1", 20*24*time.Hour)
	p.started("租赁合同", "org2", 20*24*time.Hour)
	got := p.as(auth.Compliance).get("/flows/export?organization=org1&q=" + url.QueryEscape("合同")).wantStatus(http.StatusOK)
	text, marked := strings.CutPrefix(got.body, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 2 || rows[0][1] != "合同名称" || rows[1][1] != "'=HYPERLINK(\"http://x\"),合同" || rows[1][2] != "发送中" || rows[1][12] != "li" {
		t.Errorf("exported %q, %v", got.body, err)
	}
	if !strings.Contains(got.header.Get("Content-Disposition"), "contracts-") {
		t.Errorf("headers %v", got.header)
	}
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "flow.export"}, 0, 5)
	if err != nil || len(events) != 1 || events[0].Detail["organization"] != "org1" || events[0].Detail["q"] != true {
		t.Errorf("recorded %+v, %v", events, err)
	}
	if bound := p.as(auth.Business, "org2").get("/flows/export"); strings.Contains(bound.body, "HYPERLINK") || !strings.Contains(bound.body, "租赁合同") {
		t.Errorf("a bound account exports %q", bound.body)
	}
}

func TestAnExportHasEveryPageOfTheList(t *testing.T) {
	p := startPortal(t)
	for range db.MaxLimit + 5 {
		p.started("合同", "", time.Hour)
	}
	body := p.as(auth.Admin).get("/flows/export").body
	if n := strings.Count(body, "\n"); n != db.MaxLimit+6 {
		t.Errorf("%d lines", n)
	}
}

func TestViewsAreSavedSharedAndOpened(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	p.started("采购合同", "org1", time.Hour)
	admin, business, stranger := p.as(auth.Admin), p.as(auth.Business, "org1"), p.as(auth.Business, "org2")
	saved := admin.post("/flows/views", url.Values{"Query": {"state=-1&after=x&organization=org1"}, "Name": {"发送中的采购"}, "Shared": {"on"}, "Organization": {"org1"}}).
		wantStatus(http.StatusOK).wantText(".views [aria-current]", "发送中的采购")
	if got := saved.names(); got != "采购合同" || strings.Contains(saved.path, "after") {
		t.Errorf("%s shows %q", saved.path, got)
	}
	business.get("/flows").wantText(".views", "发送中的采购")
	if strings.Contains(stranger.get("/flows").body, "发送中的采购") {
		t.Error("a view shows outside of the organisation that it is shared with")
	}
	link := business.get("/flows").find(".views a:contains('发送中的采购')").AttrOr("href", "")
	id := link[strings.Index(link, "view=")+len("view="):]
	business.post("/flows/views/"+id+"/standard", nil).wantStatus(http.StatusOK)
	if got := business.get("/flows"); got.path != link {
		t.Errorf("the list opens at %s, want %s", got.path, link)
	}
	business.post("/flows/views/"+id+"/delete", nil).wantStatus(http.StatusNotFound)
	stranger.post("/flows/views/"+id+"/standard", nil).wantStatus(http.StatusNotFound)
	admin.post("/flows/views", url.Values{"Name": {""}}).wantText(".notice-danger", "视图名称")
	admin.post("/flows/views/"+id+"/delete", nil).wantStatus(http.StatusOK).wantText(".notice-ok", "已删除视图")
	if got := business.get("/flows"); got.path != "/flows" {
		t.Errorf("the list opens at %s after the view is gone", got.path)
	}
	// Sharing is the administrators': others' wish to is not heard.
	business.post("/flows/views", url.Values{"Query": {"mine=1"}, "Name": {"我的"}, "Shared": {"on"}}).wantText(".views", "我的")
	if strings.Contains(admin.get("/flows").find(".views").Text(), "我的") {
		t.Error("a business user shared a view")
	}
}

func TestNobodyIsWaitedForOnceAContractHasEnded(t *testing.T) {
	p := startPortal(t)
	flow := p.started("采购合同", "", time.Hour)
	admin := p.as(auth.Admin)
	admin.get("/flows/"+flow).wantText("main", "未开始")
	p.report(flow, db.FlowReport{State: db.FlowRejected})
	page := admin.get("/flows/"+flow).wantText("main", "未签署")
	if text := page.find("main").Text(); strings.Contains(text, "未开始") {
		t.Error("somebody still waits to sign a rejected contract")
	}
}
