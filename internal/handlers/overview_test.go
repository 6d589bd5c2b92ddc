package handlers

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func TestTheOverviewLeadsToTheFirstContract(t *testing.T) {
	p := startPortal(t)
	admin, reader := p.as(auth.Admin), p.as(auth.Compliance)
	if link := admin.get("/").find(".step-current a").AttrOr("href", ""); link != "/organizations/new" {
		t.Errorf("the first step leads to %q", link)
	}
	if reader.get("/").find(".step-current a").Length() != 0 {
		t.Error("a reader is led to what they may not do")
	}
	p.addOrganization("org1", "深圳市示例科技有限公司")
	page := admin.get("/")
	if link := page.find(".step-current a").AttrOr("href", ""); link != "/users/new" || page.find(".step-done").Length() != 1 {
		t.Errorf("the second step leads to %q", link)
	}
}

func TestTheOverviewTellsWhatWaitsForWhom(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	p.addOrganization("org2", "北京样例软件有限责任公司")
	p.addAccount("li", auth.Business, "org1")
	li := p.visitor()
	li.logIn("li", testPassword)
	ctx := context.Background()
	if err := p.db.CreateDraft(ctx, db.Draft{ID: randomID(), OrganizationID: "org1", Name: "没写完的合同", CreatedBy: "li", Created: p.clock.now()}); err != nil {
		t.Fatal(err)
	}
	p.started("采购合同", "org1", 2*24*time.Hour)
	signed := p.started("租赁合同", "org1", 20*24*time.Hour)
	p.started("别家的合同", "org2", 20*24*time.Hour)
	p.report(signed, db.FlowReport{State: db.FlowWithdrawn})
	p.clock.advance(20 * time.Minute)
	page := li.get("/").wantStatus(http.StatusOK)
	page.wantText(".tasks", "没写完的合同").wantText(".tasks", "草稿")
	page.wantText(".column .card:nth-child(2)", "采购合同").wantText(".column .card:nth-child(2) .due-soon", "还剩 1 天")
	page.wantText(".column .card:nth-child(3)", "正在发送").wantText(".column .card:nth-child(3) .badge-danger", "停滞").wantText(".column .card:nth-child(3)", "已 20 分钟")
	page.wantText(".events", "租赁合同").wantText(".events", "合同已撤回").wantText(".events time", "20 分钟前")
	if strings.Contains(page.body, "别家的合同") {
		t.Error("a contract of another organisation shows")
	}
	page.wantText(".chart desc", "发出 2 份").wantText(".chart-key", "完成 0 份")
	if bars := page.find(".chart rect.chart-sent").Length(); bars != 1 {
		t.Errorf("%d days have a bar", bars)
	}
	if got := p.as(auth.Admin).get("/").find(".events").Text(); !strings.Contains(got, "别家的合同") {
		t.Errorf("an admin sees %q", got)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	for id, want := range map[string]string{"": "", "short": "*****", "AKIDexample1234567890": "AKID********7890"} {
		if got := maskSecret(id); got != want {
			t.Errorf("%q is shown as %q, want %q", id, got, want)
		}
	}
}

func TestBrowsersAreNamed(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": "Edge · Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0":                                             "WeChat · iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                "Firefox · Linux",
		"Something/1.0": "Something/1.0",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}
