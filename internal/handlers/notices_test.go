package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

func TestWhoeverSentAContractIsToldOfItsEnd(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	p.addAccount("li", auth.Business, "org1")
	li, other := p.visitor(), p.as(auth.Business, "org1")
	li.logIn("li", testPassword)
	if li.get("/").find(".bell-count").Length() != 0 {
		t.Error("the bell counts nothing")
	}
	first, second := p.started("采购合同", "org1", time.Hour), p.started("租赁合同", "org1", time.Hour)
	p.report(first, db.FlowReport{State: db.FlowRejected, Message: "价格有误"})
	p.report(second, db.FlowReport{State: db.FlowExpired})
	li.get("/").wantText(".sidebar .bell-count", "2")
	page := li.get("/notices").wantStatus(http.StatusOK).wantText(".tasks li:nth-child(2)", "价格有误").wantText(".tasks li:nth-child(1)", "已过期")
	if got := page.find(".notice-new").Length(); got != 2 {
		t.Errorf("%d are new", got)
	}
	one := page.find(".tasks li:nth-child(1) form").AttrOr("action", "")
	other.post(one, nil).wantStatus(http.StatusNotFound) // nobody sees for somebody else
	li.get("/").wantText(".sidebar .bell-count", "2")
	li.post(one, nil).wantPath("/notices").wantText(".sidebar .bell-count", "1")
	if li.post("/notices/seen", nil).find(".notice-new").Length() != 0 {
		t.Error("a notice is still new")
	}
	if strings.Contains(other.get("/notices").body, "采购合同") {
		t.Error("somebody else was told")
	}
}

func TestAnAccountChoosesWhatItIsTold(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Business)
	li := p.visitor()
	li.logIn("li", testPassword)
	li.post("/account/notices", url.Values{"Mail": {"no address"}}).wantStatus(http.StatusUnprocessableEntity)
	li.post("/account/notices", url.Values{"Shown": {"completed", "problem"}, "Mail": {"li@example.com"}}).wantStatus(http.StatusOK).wantText(".notice-ok", "已保存")
	if got := li.get("/account/notices").find("input[name=Shown][checked]").Length(); got != 2 {
		t.Errorf("%d kinds are shown", got)
	}
	p.report(p.started("采购合同", "", time.Hour), db.FlowReport{State: db.FlowRejected})
	li.get("/notices").wantText("main", "没有通知")
}

func TestAdministratorsSeeWhatWasSentAndSendItAgain(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	admin.post("/settings/deliveries/test", url.Values{"Channel": {"mail"}}).wantStatus(http.StatusConflict).wantText("[data-error]", "没有设置")
	p.db.Deliver(false, true)
	p.report(p.started("采购合同", "", time.Hour), db.FlowReport{State: db.FlowRejected})
	ctx := context.Background()
	due, _, err := p.db.DueDeliveries(ctx, p.clock.now(), 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	if err := p.db.Delivered(ctx, due[0], "timeout", time.Time{}); err != nil {
		t.Fatal(err)
	}
	page := admin.get("/settings/deliveries").wantStatus(http.StatusOK).wantText("tbody", "失败").wantText("tbody", "对方没有及时应答")
	admin.get("/notices").wantText(".tasks", "通知未送达").wantText(".tasks", "对方没有及时应答")
	admin.post(page.find("tbody form").AttrOr("action", ""), nil).wantStatus(http.StatusOK).wantText("tbody", "等待发送")
	admin.post("/settings/deliveries/999/again", nil).wantStatus(http.StatusNotFound)
}

func TestNobodyRefusesNoticesThatTheyWereNotAskedAbout(t *testing.T) {
	p := startPortal(t)
	business := p.as(auth.Business)
	business.post("/account/notices", url.Values{"Shown": {db.NoticeApproval}}).wantStatus(http.StatusOK)
	all, _, err := p.db.Accounts(t.Context(), db.Page{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		settings, err := p.db.NoticeSettings(t.Context(), a.ID)
		if err != nil || a.Role == auth.Business && (slices.Contains(settings.Muted, db.NoticeDelivery) || !slices.Contains(settings.Muted, db.NoticeProblem)) {
			t.Errorf("%s has muted %v, %v", a.Name, settings.Muted, err)
		}
	}
}
