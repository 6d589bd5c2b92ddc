package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sealdesk/internal/auth"
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

func TestTheOverviewShowsWhatHappened(t *testing.T) {
	p := startPortal(t)
	admin, business := p.as(auth.Admin), p.as(auth.Business)
	admin.post("/accounts", accountForm("", "business", "all")) // refused: nothing happened
	everything := admin.get("/").find(".events")
	if everything.Find("a").Length() == 0 || !strings.Contains(everything.Text(), "business") {
		t.Errorf("an admin sees %q", everything.Text())
	}
	own := business.get("/").find(".events")
	if own.Find("a").Length() != 0 || strings.Contains(own.Text(), "admin") || own.Find("li").Length() == 0 {
		t.Errorf("a business user sees %q", own.Text())
	}
}

func TestTestingTheConnectionTellsGoodFromBad(t *testing.T) {
	p := startPortal(t)
	good := p.as(auth.Admin)
	good.get("/settings").wantStatus(http.StatusOK).wantText("main", "内置引擎")
	good.post("/settings/test", nil).wantStatus(http.StatusOK).wantText(".notice-ok", "连接正常")
	fragment := good.with("HX-Request", "true").post("/settings/test", nil).wantStatus(http.StatusOK)
	if fragment.find("nav").Length() != 0 || fragment.find(".notice-ok").Length() != 1 {
		t.Errorf("htmx got %s", fragment.body)
	}

	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := w.Write([]byte(`{"Response":{"Error":{"Code":"AuthFailure.SignatureFailure","Message":"no"},"RequestId":"s1"}}`)); err != nil {
			t.Error(err)
		}
	}))
	defer refusing.Close()
	bad := startPortal(t, func(s *portalSettings) { s.endpoint = refusing.URL }).as(auth.Admin)
	bad.post("/settings/test", nil).wantStatus(http.StatusOK).wantText(".notice-danger", "AuthFailure.SignatureFailure")
	refusing.Close()
	bad.post("/settings/test", nil).wantStatus(http.StatusOK).wantText(".notice-danger", "没有应答")
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
