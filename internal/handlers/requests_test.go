package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

func TestCallsOfThePlatformAreListedWithWhatTheySent(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	id := addOrganization(admin, "北京示例科技有限公司", "91110108MA01ABCD2X")
	admin.post("/organizations/"+id+"/verify", nil).wantStatus(http.StatusOK)
	p.note("test", audit.Event{Action: "platform.CreateSeal", ObjectType: "seal", Outcome: audit.Failed, ErrorCode: "FailedOperation.SealDuplicated"})

	all := admin.get("/requests").wantStatus(http.StatusOK).wantText("table", "CreateSubOrganization").wantText("table", "admin").wantText("table", "毫秒")
	if strings.Contains(all.find("table").Text(), "登录") {
		t.Error("the list shows what is no call")
	}
	failed := admin.get("/requests?outcome=failed")
	if failed.find("tbody tr").Length() != 1 {
		t.Errorf("failed calls: %q", failed.find("tbody").Text())
	}
	one := admin.get("/requests?action=platform.CreateSubOrganization")
	link, _ := one.find("tbody a").Attr("href")
	if one.find("tbody tr").Length() != 1 || link == "" {
		t.Fatalf("calls of one action: %q", one.find("tbody").Text())
	}
	detail := admin.get(link).wantStatus(http.StatusOK).wantText("pre", "北京示例科技有限公司").wantText("pre", "138****8000")
	if strings.Contains(detail.body, "110101199003070000") || strings.Contains(detail.body, "13800138000") {
		t.Error("the page shows personal numbers in full")
	}
	tomorrow := p.clock.now().Add(48 * time.Hour).Format(time.DateOnly)
	admin.get("/requests?from="+tomorrow).wantText(".empty", "没有符合条件")
	admin.get("/requests?from=never").wantStatus(http.StatusUnprocessableEntity).wantProblem("from")
	login := p.events("session.login")
	admin.get("/requests/" + url.PathEscape(strings.TrimPrefix(link, "/requests/")) + "9999").wantStatus(http.StatusNotFound)
	admin.get(fmt.Sprint("/requests/", login[0].Seq)).wantStatus(http.StatusNotFound) // an event, but no call
}

func TestCallsArePaged(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	for range requestRows + 3 {
		p.note("test", audit.Event{Action: "platform.DescribeFlow", Outcome: audit.Intent})
		p.note("test", audit.Event{Action: "platform.DescribeFlow"})
	}
	first := admin.get("/requests")
	next, _ := first.find(".pager a[rel=next]").Attr("href")
	if n := first.find("tbody tr").Length(); n != requestRows || next == "" {
		t.Fatalf("the first page has %d rows and leads to %q", n, next)
	}
	if n := admin.get(next).find("tbody tr").Length(); n != 3 {
		t.Errorf("the second page has %d rows, want 3", n)
	}
}
