package handlers

import (
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/web/templates"
)

func TestEveryActionHasAForm(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	list := admin.get("/calls").wantStatus(http.StatusOK)
	if n := list.find("tbody a").Length(); n != len(api.Names()) {
		t.Errorf("%d actions, want %d", n, len(api.Names()))
	}
	for _, c := range api.Calls() {
		page := admin.get("/calls/" + c.Name).wantStatus(http.StatusOK)
		if got := page.find("[name=Confirmed]").Length() == 1; got != isWrite(c.Name) {
			t.Errorf("%s asks for confirmation: %v", c.Name, got)
		}
		if page.find("[name='Caller.ApplicationId'], main [name=SourceIp]:not([disabled])").Length() > 0 {
			t.Errorf("%s takes the caller or the address from the browser", c.Name)
		}
		for _, f := range callFields(c.New(), nil) {
			if f.Kind == templates.CallText && page.find("[name='"+f.Path+"']").Length() != 1 {
				t.Errorf("%s has no field %s", c.Name, f.Path)
			}
		}
	}
	admin.get("/calls/DropTables").wantStatus(http.StatusNotFound)
	p.as(auth.Business).get("/calls").wantStatus(http.StatusForbidden)
	p.as(auth.Compliance).post("/calls/DescribeUsers", nil).wantStatus(http.StatusForbidden)
	p.as(auth.Admin, "one").get("/calls").wantStatus(http.StatusForbidden)
}

func TestARawCallIsShownSentAndRecorded(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	person := addPerson(admin, "李小龙", "")

	admin.post("/calls/DescribeUsers", nil).wantStatus(http.StatusUnprocessableEntity).wantProblem("UserIds")
	shown := admin.post("/calls/DescribeUsers", url.Values{"UserIds": {person, ""}, "Preview": {"on"}}).wantStatus(http.StatusOK)
	curl := shown.find("details pre").First().Text()
	for _, want := range []string{"curl 'http", "X-Tc-Action: DescribeUsers", "Authorization: TC3-HMAC-SHA256 Credential=", person} {
		if !strings.Contains(curl, want) {
			t.Errorf("the command has no %q:\n%s", want, curl)
		}
	}
	credentials, err := p.engine.Credentials(t.Context())
	if err != nil || strings.Contains(shown.body, credentials.SecretKey) {
		t.Errorf("the page shows the secret (%v)", err)
	}
	if strings.Contains(shown.body, "应答</h2>") {
		t.Error("the preview has an answer")
	}
	answer := admin.post("/calls/DescribeUsers", url.Values{"UserIds": {person}}).wantStatus(http.StatusOK)
	answer.wantText("pre", `"RequestId"`).wantText("pre", `"VerifyStatus": 0`)

	form := url.Values{"UserId": {person}, "Mobile": {"13500001234"}}
	admin.post("/calls/ModifyUser", form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Confirmed")
	form.Set("Confirmed", "on")
	admin.post("/calls/ModifyUser", form).wantStatus(http.StatusOK).wantText("pre", person)
	form.Set("UserId", "nobody")
	admin.post("/calls/ModifyUser", form).wantStatus(http.StatusUnprocessableEntity).wantText("pre", `"Code":`)

	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "platform.ModifyUser"}, 0, 9)
	if err != nil || len(events) != 4 {
		t.Fatalf("%d events of two calls, %v", len(events), err)
	}
	for _, e := range events {
		if e.Actor.Name != "admin" || strings.Contains(e.DetailText, "13500001234") {
			t.Errorf("recorded %+v", e)
		}
	}
}

func TestListsOfARawCallGrowAndShrink(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	const path = "/calls/SendFlow"
	if _, needed := admin.get(path).find("[name='SmsTemplate.Sign']").Attr("required"); needed {
		t.Error("a part that may be left out cannot be")
	}
	form := url.Values{"FlowId": {"f"}, "Grow": {"SignComponents"}}
	got := admin.post(path, form).wantStatus(http.StatusOK)
	if got.find("[name='SignComponents[0].ComponentType'] option[value=SIGN_SEAL]").Length() != 1 || got.find("[name=FlowId]").AttrOr("value", "") != "f" {
		t.Fatal("no entry was added, or what was typed is gone")
	}
	form.Set("SignComponents[0].ComponentType", "SIGN_SEAL")
	form.Set("SignComponents[0].ComponentPage", "2")
	got = admin.post(path, form).wantStatus(http.StatusOK)
	if got.find("[name='SignComponents[1].ComponentPage']").Length() != 1 || got.find("[name='SignComponents[0].ComponentPage']").AttrOr("value", "") != "2" {
		t.Fatal("the second entry, or the first, is missing")
	}
	form.Del("Grow")
	form.Set("SignComponents[1].ComponentPage", "3")
	form.Set("Shrink", "SignComponents[0]")
	got = admin.post(path, form).wantStatus(http.StatusOK)
	if got.find("[name='SignComponents[0].ComponentPage']").AttrOr("value", "") != "3" || got.find("[name='SignComponents[1].ComponentPage']").Length() != 0 {
		t.Error("the wrong entry is gone")
	}
	for _, hostile := range []string{"SignComponents[9]", "Nothing[0]", "FlowId", "FlowId[0]", "[0]", "SignComponents[0].ComponentPage", "SmsTemplate.Sign[0]"} {
		form.Set("Shrink", hostile)
		admin.post(path, form).wantStatus(http.StatusOK)
		form.Set("Grow", hostile)
		admin.post(path, form).wantStatus(http.StatusOK)
		form.Del("Grow")
	}
	form.Del("Shrink")
	form.Set("Deadline", "tomorrow")
	admin.post(path, form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Deadline")
}

// The command must be read by a shell as it was written, whatever the request holds.
func TestShellQuoting(t *testing.T) {
	const text = `{"Name":"O'Brien $(id) \n ` + "`x`" + `"}`
	out, err := exec.Command("sh", "-c", "printf %s "+quoteShell(text)).Output()
	if err != nil || string(out) != text {
		t.Errorf("%s, %v", out, err)
	}
}
