package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/store"
)

func setupForm(token string) url.Values {
	return url.Values{"Token": {token}, "Name": {"root.admin"}, "DisplayName": {"张三"}, "Password": {testPassword}, "Repeat": {testPassword}}
}

func TestANewPortalIsSetUpOnceWithItsToken(t *testing.T) {
	p := startPortal(t)
	v := p.visitor()
	v.get("/").wantStatus(http.StatusOK).wantPath("/setup")
	v.get("/setup?token=" + p.setupToken).wantStatus(http.StatusOK)

	v.post("/setup", setupForm("wrong")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Token")
	if has, err := p.db.HasAccounts(context.Background()); err != nil || has {
		t.Fatalf("a wrong token made an account (%v)", err)
	}

	home := v.post("/setup", setupForm(p.setupToken)).wantStatus(http.StatusOK).wantPath("/")
	home.wantText(".notice", "设置完成")
	if home.find(".step-current").Length() == 0 {
		t.Error("the empty overview does not say what to do next")
	}

	other := p.visitor()
	other.post("/setup", setupForm(p.setupToken)).wantPath("/login")
	other.get("/setup?token=" + p.setupToken).wantPath("/login")
}

// TestWhoeverComesFirstDoesNotTakeAPortalOver deletes the accounts of a portal that still has its token.
func TestWhoeverComesFirstDoesNotTakeAPortalOver(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Admin)
	ctx := context.Background()
	err := p.db.Store().Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM accounts")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v := p.visitor()
	v.get("/").wantStatus(http.StatusServiceUnavailable).wantText("main", "sealdesk user add")
	v.post("/setup", setupForm(p.setupToken)).wantStatus(http.StatusServiceUnavailable).wantText("main", "sealdesk user add")
	_, err = p.db.SetUp(ctx, db.NewAccount{Name: "mallory", Role: auth.Admin})
	if has, hasErr := p.db.HasAccounts(ctx); !errors.Is(err, db.ErrAccountsGone) || hasErr != nil || has {
		t.Errorf("set up: %v; an account: %v, %v", err, has, hasErr)
	}
}

func TestSetUpKeepsWhatWasTypedAndNamesWhatIsWrong(t *testing.T) {
	p := startPortal(t)
	form := setupForm(p.setupToken)
	form.Set("Name", "a b")
	form.Set("Password", "short")
	got := p.visitor().post("/setup", form).wantStatus(http.StatusUnprocessableEntity).wantProblem("Name")
	got.wantProblem("Password")
	if name := got.find("#f-DisplayName").AttrOr("value", ""); name != "张三" {
		t.Errorf("the display name came back as %q", name)
	}
	if strings.Contains(got.body, "short") {
		t.Error("the password came back")
	}
}

func TestLogInLeadsBackToWhereOneWanted(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Admin)
	v := p.visitor()
	form := v.get("/accounts?after=x").wantPath("/login?next=%2Faccounts%3Fafter%3Dx")
	next := form.find("input[name=Next]").AttrOr("value", "")
	v.post("/login", url.Values{"Name": {" LI "}, "Password": {testPassword}, "Next": {next}}).wantStatus(http.StatusOK).wantPath("/accounts?after=x")
	for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
		got := p.visitor().still().post("/login", url.Values{"Name": {"li"}, "Password": {testPassword}, "Next": {evil}})
		if got.header.Get("Location") != "/" {
			t.Errorf("after log-in %q leads to %q", evil, got.header.Get("Location"))
		}
	}
}

func TestARefusedLogInSaysTheSameForEveryReasonAndIsRecorded(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Admin)
	gone := p.addAccount("gone", auth.Business)
	disabled := true
	if _, err := p.db.ChangeAccount(context.Background(), gone.ID, dbAccountChange(&disabled)); err != nil {
		t.Fatal(err)
	}
	var first string
	for _, try := range []struct{ name, password, reason string }{
		{"li", "wrong-password-1", "wrong_password"}, {"nobody", testPassword, "unknown_account"}, {"gone", testPassword, "disabled"},
	} {
		got := p.visitor().logIn(try.name, try.password).wantStatus(http.StatusUnprocessableEntity)
		text := got.find(".notice").Text()
		if first == "" {
			first = text
		}
		if text == "" || text != first {
			t.Errorf("%s is refused with %q, others with %q", try.name, text, first)
		}
		events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "session.login", Outcome: audit.Failed}, 0, 1)
		if err != nil || len(events) != 1 || events[0].ErrorCode != try.reason {
			t.Errorf("%s: recorded %+v (%v), want the reason %s", try.name, events, err, try.reason)
		}
	}
}

func TestGuessingAPasswordHasToWait(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Admin)
	v := p.visitor()
	for range 5 {
		v.logIn("li", "wrong-password-1").wantStatus(http.StatusUnprocessableEntity)
	}
	// Even the right password waits, so that waiting tells nothing.
	got := v.logIn("li", testPassword).wantStatus(http.StatusTooManyRequests)
	got.wantText(".notice", "秒后再试")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	p.addAccount("wang", auth.Admin)
	p.visitor().logIn("wang", testPassword).wantStatus(http.StatusOK).wantPath("/") // another account from the same address
	p.clock.advance(time.Minute)
	v.logIn("li", testPassword).wantStatus(http.StatusOK).wantPath("/")
}

func TestLogInMakesANewSessionAndLogOutEndsIt(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	before := p.cookie(v)
	v.logIn("admin", testPassword).wantStatus(http.StatusOK)
	after := p.cookie(v)
	if before == after || after == "" {
		t.Fatal("logging in again kept the session's id")
	}
	old := p.visitor().with("Cookie", "sealdesk="+before)
	old.get("/").wantPath("/login")

	v.post("/logout", nil).wantPath("/login?left").wantText(".notice", "已退出")
	p.visitor().with("Cookie", "sealdesk="+after).get("/").wantPath("/login")
	v.get("/").wantPath("/login")
}

func TestSessionsEndByThemselves(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	for range 20 { // used all the time, it lasts up to its absolute end
		p.clock.advance(auth.DefaultPolicy().SessionIdle - time.Minute)
		v.get("/account").wantStatus(http.StatusOK).wantPath("/account")
	}
	p.clock.advance(auth.DefaultPolicy().SessionAbsolute - 20*(auth.DefaultPolicy().SessionIdle-time.Minute))
	v.get("/account").wantPath("/login?next=%2Faccount")

	v.logIn("admin", testPassword).wantPath("/")
	p.clock.advance(auth.DefaultPolicy().SessionIdle + time.Second)
	v.get("/account").wantPath("/login?next=%2Faccount")
}

func TestOneSessionCanEndAnother(t *testing.T) {
	p := startPortal(t)
	here := p.as(auth.Business)
	there := p.visitor()
	there.logIn("business", testPassword).wantStatus(http.StatusOK)
	page := here.get("/account").wantStatus(http.StatusOK)
	action, ok := page.find("form[action^='/account/sessions/']").Attr("action")
	if !ok {
		t.Fatal("the other session has no button")
	}
	here.post(action, nil).wantPath("/account").wantText(".notice", "已结束")
	there.get("/account").wantPath("/login?next=%2Faccount")
	here.get("/account").wantPath("/account")

	stranger := p.as(auth.Business)
	own, err := p.db.LiveSessions(context.Background(), db.SessionFilter{AccountID: p.account("business").ID})
	if err != nil || len(own) != 1 {
		t.Fatalf("sessions: %v, %v", own, err)
	}
	stranger.post("/account/sessions/"+own[0].ID+"/revoke", nil).wantStatus(http.StatusNotFound)
}

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	p := startPortal(t)
	v, other := p.as(auth.Business), p.visitor()
	other.logIn("business", testPassword).wantStatus(http.StatusOK)
	change := func(current, password, repeat string) *reply {
		return v.post("/account/password", url.Values{"Current": {current}, "Password": {password}, "Repeat": {repeat}})
	}
	change("wrong", "another-good-one", "another-good-one").wantStatus(http.StatusUnprocessableEntity).wantProblem("Current")
	change(testPassword, "password1234", "password1234").wantStatus(http.StatusUnprocessableEntity).wantProblem("Password")
	change(testPassword, "another-good-one", "another").wantStatus(http.StatusUnprocessableEntity).wantProblem("Repeat")
	change(testPassword, "another-good-one", "another-good-one").wantStatus(http.StatusOK).wantPath("/account")
	other.get("/account").wantPath("/login?next=%2Faccount")
	p.visitor().logIn("business", testPassword).wantStatus(http.StatusUnprocessableEntity)
	p.visitor().logIn("business", "another-good-one").wantStatus(http.StatusOK)
}

func TestTheSessionCookieIsForThisHostOnlyOverTLS(t *testing.T) {
	p := startPortal(t, func(s *portalSettings) { s.publicURL = "https://desk.example.com" })
	p.addAccount("li", auth.Admin)
	got := p.visitor().still().logIn("li", testPassword)
	cookie := got.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-sealdesk=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("%s is not in %q", part, cookie)
		}
	}
	if strings.Contains(cookie, "Domain") || strings.Contains(cookie, "Max-Age") {
		t.Errorf("the cookie is too wide: %q", cookie)
	}
}

func TestLanguageAndThemeAreKept(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	v.get("/settings").wantText("h1", "设置")
	v.post("/preferences", url.Values{"language": {"en"}, "return": {"/settings"}}).wantPath("/settings").wantText("h1", "Settings")
	v.post("/preferences", url.Values{"theme": {"dark"}, "return": {"/settings"}})
	if theme := v.get("/settings").find("html").AttrOr("data-theme", ""); theme != "dark" {
		t.Errorf("theme = %q", theme)
	}
	elsewhere := p.visitor().with("Accept-Language", "")
	elsewhere.get("/login").wantText("h1", "登录")
	elsewhere.logIn("admin", testPassword)
	elsewhere.get("/settings").wantText("h1", "Settings") // the account remembers
	v.post("/account/language", url.Values{"Language": {"zh-CN"}}).wantPath("/account").wantText(".notice", "已保存")
	v.post("/account/language", url.Values{"Language": {"xx"}}).wantStatus(http.StatusBadRequest)
}
