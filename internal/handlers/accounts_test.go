package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// cookie is the value of the session's cookie in a browser.
func (p *portal) cookie(v *visitor) string {
	p.t.Helper()
	u, err := url.Parse(p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == "sealdesk" {
			return c.Value
		}
	}
	return ""
}

func (p *portal) account(name string) db.Account {
	p.t.Helper()
	a, err := p.db.AccountByName(context.Background(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func dbAccountChange(disabled *bool) db.AccountChange { return db.AccountChange{Disabled: disabled} }

func accountForm(name, role, scope string, organizations ...string) url.Values {
	return url.Values{"Name": {name}, "DisplayName": {"李娜"}, "Role": {role}, "Scope": {scope}, "Organizations": organizations}
}

// linkOf is the path of the link that a page shows once.
func linkOf(r *reply) string {
	r.t.Helper()
	u, err := url.Parse(r.find(".copy-text input").AttrOr("value", ""))
	if err != nil || u.Path != "/welcome" || r.find("svg.qr").Length() != 1 {
		r.t.Fatalf("%s shows no link with its QR code: %v\n%s", r.what, err, r.body)
	}
	return u.RequestURI()
}

func passwordForm(link, password string) url.Values {
	return url.Values{"Token": {strings.TrimPrefix(link, "/welcome?token=")}, "Password": {password}, "Repeat": {password}}
}

func TestAnInvitedPersonChoosesTheirPassword(t *testing.T) {
	p := startPortal(t)
	p.addOrganization("org1", "深圳市示例科技有限公司")
	admin := p.as(auth.Admin)
	admin.get("/accounts/new").wantStatus(http.StatusOK).wantText("form", "深圳市示例科技有限公司")
	first := linkOf(admin.post("/accounts", accountForm("lina", "business", "some", "org1")).wantStatus(http.StatusOK))
	a := p.account("lina")
	if a.Scope.All || len(a.Scope.Organizations) != 1 || !a.Waiting() {
		t.Errorf("account: %+v", a)
	}
	admin.get("/accounts").wantText("table", "lina").wantText("table", "1 个子机构").wantText("table", "待设密码")
	p.visitor().logIn("lina", "").wantStatus(http.StatusUnprocessableEntity)

	link := linkOf(admin.post("/accounts/"+a.ID+"/link", nil).wantStatus(http.StatusOK))
	v := p.visitor()
	v.get(first).wantStatus(http.StatusNotFound).wantText(".notice", "已失效") // replaced by the second
	v.get(link).wantStatus(http.StatusOK).wantText(".facts", "lina")
	v.post("/welcome", passwordForm(link, "short")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Password")
	v.post("/welcome", passwordForm(link, testPassword)).wantStatus(http.StatusOK).wantPath("/")
	p.visitor().post("/welcome", passwordForm(link, testPassword)).wantStatus(http.StatusNotFound)
	p.visitor().logIn("lina", testPassword).wantPath("/")
	if token := strings.TrimPrefix(link, "/welcome?token="); strings.Contains(p.logs.String(), token) {
		t.Error("the token is in the log")
	}
	if events := p.events("account.accept"); len(events) != 1 || events[0].Actor.Name != "lina" {
		t.Errorf("recorded %+v", events)
	}
}

func TestALinkEndsByItselfAndCanBeWithdrawn(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	link := linkOf(admin.post("/accounts", accountForm("lina", "business", "all")))
	p.clock.advance(p.db.Policy().LinkLife + time.Second)
	p.visitor().post("/welcome", passwordForm(link, testPassword)).wantStatus(http.StatusNotFound)
	admin = p.visitor()
	admin.logIn("admin", testPassword).wantPath("/")
	id := p.account("lina").ID
	link = linkOf(admin.post("/accounts/"+id+"/link", nil))
	admin.post("/accounts/"+id+"/link/withdraw", nil).wantStatus(http.StatusOK).wantPath("/accounts")
	p.visitor().get(link).wantStatus(http.StatusNotFound)
	admin.get("/accounts/" + id).wantStatus(http.StatusNotFound) // never used: its name is free again
	link = linkOf(admin.post("/accounts", accountForm("lina", "business", "all")))
	disabled := true
	if _, err := p.db.ChangeAccount(context.Background(), p.account("lina").ID, dbAccountChange(&disabled)); err != nil {
		t.Fatal(err)
	}
	p.visitor().post("/welcome", passwordForm(link, testPassword)).wantStatus(http.StatusNotFound)
}

// events are the newest events of an action.
func (p *portal) events(action string) []audit.Event {
	p.t.Helper()
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: action}, 0, 20)
	if err != nil {
		p.t.Fatal(err)
	}
	return events
}

func TestAccountFormsNameWhatIsWrong(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	for _, test := range []struct {
		form  url.Values
		field string
	}{
		{accountForm("", "business", "all"), "Name"},
		{accountForm("x", "business", "all"), "Name"},
		{accountForm("ADMIN", "business", "all"), "Name"}, // taken
		{accountForm("lina", "king", "all"), "Role"},
		{accountForm("lina", "business", "some"), "Scope"},
		{accountForm("lina", "admin", "some", "org1"), "Scope"},
		{accountForm("lina", "business", "some", "nothing"), "Scope"}, // there is no such organisation
		{url.Values{"Name": {"lina"}, "Role": {"business"}, "DisplayName": {strings.Repeat("娜", 65)}}, "DisplayName"},
	} {
		got := admin.post("/accounts", test.form).wantStatus(http.StatusUnprocessableEntity).wantProblem(test.field)
		if value := got.find("#f-Name").AttrOr("value", ""); value != test.form.Get("Name") {
			t.Errorf("%v: the name came back as %q", test.form, value)
		}
	}
}

func TestLosingRightsEndsSessionsAtOnce(t *testing.T) {
	p := startPortal(t)
	admin, v := p.as(auth.Admin), p.as(auth.Compliance)
	a := p.account("compliance")
	form := accountForm("", "business", "all")
	admin.post("/accounts/"+a.ID, form).wantStatus(http.StatusOK).wantPath("/accounts")
	v.get("/").wantPath("/login")

	v.logIn("compliance", testPassword).wantPath("/")
	form.Set("Disabled", "on")
	admin.post("/accounts/"+a.ID, form).wantStatus(http.StatusOK)
	v.get("/account").wantPath("/login?next=%2Faccount")
	admin.get("/accounts").wantText("table", "已停用")

	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "account.change", ObjectID: a.ID}, 0, 10)
	if err != nil || len(events) != 2 {
		t.Fatalf("events: %v, %v", events, err)
	}
	before, _ := events[1].Detail["before"].(map[string]any)
	if events[1].Actor.Name != "admin" || before["role"] != "compliance" {
		t.Errorf("event: %+v", events[1])
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	own := p.account("admin")
	admin.post("/accounts/"+own.ID, accountForm("", "business", "all")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Role")
	second := p.addAccount("second", auth.Admin)
	form := accountForm("", "admin", "all")
	form.Set("Disabled", "on")
	admin.post("/accounts/"+own.ID, form).wantStatus(http.StatusOK) // one's own account stays enabled
	if p.account("admin").Disabled {
		t.Error("an admin disabled their own account")
	}
	admin.post("/accounts/"+second.ID, form).wantStatus(http.StatusOK)
	if !p.account("second").Disabled {
		t.Error("the other admin is not disabled")
	}
}

func TestResettingAPasswordEndsItsSessions(t *testing.T) {
	p := startPortal(t)
	admin, v := p.as(auth.Admin), p.as(auth.Business)
	a := p.account("business")
	link := linkOf(admin.post("/accounts/"+a.ID+"/password", nil).wantStatus(http.StatusOK))
	v.get("/account").wantPath("/login?next=%2Faccount")
	p.visitor().logIn("business", testPassword).wantStatus(http.StatusUnprocessableEntity)
	p.visitor().post("/welcome", passwordForm(link, testPassword+"-2")).wantStatus(http.StatusOK).wantPath("/")
	p.visitor().logIn("business", testPassword+"-2").wantStatus(http.StatusOK).wantPath("/")
	admin.post("/accounts/"+a.ID+"/link", nil).wantStatus(http.StatusConflict) // it has a password
	admin.post("/accounts/"+p.account("admin").ID+"/password", nil).wantStatus(http.StatusConflict)
	admin.post("/accounts/acc_none/password", nil).wantStatus(http.StatusNotFound)
}

func TestAnAdministratorWhoNeverCameDoesNotCountAsOne(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	linkOf(admin.post("/accounts", accountForm("second", "admin", "all")))
	admin.post("/accounts/"+p.account("admin").ID, accountForm("", "business", "all")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Role")
}

// Names that mislead are refused beside their field, at each form that takes one; the name to log in with stays for ever.
func TestNamesThatMisleadAreRefused(t *testing.T) {
	p := startPortal(t)
	visitor := p.visitor()
	setup := url.Values{"Token": {p.setupToken}, "Name": {"Terminal"}, "DisplayName": {"命令行"}, "Password": {testPassword}, "Repeat": {testPassword}}
	visitor.post("/setup", setup).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name").wantProblem("DisplayName")
	admin := p.as(auth.Admin)
	for _, name := range []string{"sealdesk", "Cаllback", "seaIdesk", "link_12345678", "Admln", "印台系统"} {
		admin.post("/accounts", accountForm(name, "business", "all")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	}
	a := p.addAccount("wang", auth.Business)
	form := accountForm("wang", "business", "all")
	form.Set("DisplayName", "Ｓealdesk")
	admin.post("/accounts/"+a.ID, form).wantStatus(http.StatusUnprocessableEntity).wantProblem("DisplayName")
	form = accountForm("wangwei", "business", "all")
	admin.post("/accounts/"+a.ID, form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	if again := p.account("wang"); again.ID != a.ID || again.DisplayName != "wang" {
		t.Errorf("a refused form changed %+v", again)
	}
}

func TestAccountsArePaged(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	for i := range db.DefaultLimit + 3 {
		p.clock.advance(time.Second)
		p.addAccount(fmt.Sprintf("person%02d", i), auth.Business)
	}
	first := admin.get("/accounts").wantStatus(http.StatusOK)
	next, ok := first.find(".pager a[rel=next]").Attr("href")
	if !ok || first.find("tbody tr").Length() != db.DefaultLimit {
		t.Fatalf("first page: %d rows, next %q", first.find("tbody tr").Length(), next)
	}
	second := admin.get(next)
	if n := second.find("tbody tr").Length(); n != 4 {
		t.Errorf("second page has %d rows, want 4", n)
	}
	if second.find(".pager a[rel=next]").Length() != 0 {
		t.Error("the last page leads on")
	}
}

// addOrganization puts a sub-organisation into the portal's index only; for tests that do not ask the platform about it.
func (p *portal) addOrganization(id, name string) {
	p.t.Helper()
	if err := p.db.AddOrganization(context.Background(), db.Organization{ID: id, Name: name, Kind: "ENTERPRISE", Created: p.clock.now()}); err != nil {
		p.t.Fatal(err)
	}
}
