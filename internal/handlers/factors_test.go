package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/auth"

	"github.com/pquerna/otp/totp"
)

// code is what an authenticator app shows for a secret, at the portal's time.
func (p *portal) code(secret string) string {
	p.t.Helper()
	code, err := totp.GenerateCode(secret, p.clock.now())
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// enrol sets a second factor up in the browser and returns its secret and the recovery codes.
func (v *visitor) enrol() (secret string, recovery []string) {
	v.p.t.Helper()
	secret = v.get("/account/factor").wantStatus(http.StatusOK).find(".copy-text input").AttrOr("value", "")
	page := v.post("/account/factor", url.Values{"Code": {v.p.code(secret)}}).wantStatus(http.StatusOK).wantText(".notice", "已开启")
	for _, line := range page.find(".recovery code").EachIter() {
		recovery = append(recovery, line.Text())
	}
	if len(recovery) != auth.RecoveryCodes {
		v.p.t.Fatalf("%d recovery codes", len(recovery))
	}
	return secret, recovery
}

func codeForm(code string) url.Values { return url.Values{"Code": {code}} }

func TestASecondFactorIsAskedForAndItsCodesWorkOnce(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Business)
	shown := v.get("/account/factor")
	again := v.get("/account/factor").find(".copy-text input").AttrOr("value", "")
	if secret := shown.find(".copy-text input").AttrOr("value", ""); secret == "" || secret != again || shown.find("svg.qr").Length() != 1 {
		t.Errorf("the secret is %q, then %q", secret, again)
	}
	v.post("/account/factor", codeForm("000000")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Code")
	secret, recovery := v.enrol()

	used := p.code(secret)
	w := p.visitor()
	w.logIn("business", testPassword).wantStatus(http.StatusOK).wantPath("/login/code")
	w.get("/").wantPath("/login") // the password alone opens nothing
	w.post("/login/code", codeForm(used)).wantStatus(http.StatusUnprocessableEntity).wantText(".notice", "已经用过")
	p.clock.advance(time.Minute)
	w.post("/login/code", codeForm(p.code(secret))).wantStatus(http.StatusOK).wantPath("/").wantText(".notice", "1 次登录没有成功")

	x := p.visitor()
	x.logIn("business", testPassword)
	x.post("/login/code", codeForm(strings.ToLower(strings.ReplaceAll(recovery[3], "-", " ")))).wantPath("/")
	x = p.visitor()
	x.logIn("business", testPassword)
	x.post("/login/code", codeForm(recovery[3])).wantStatus(http.StatusUnprocessableEntity)
	if events := p.events("account.factor.recovery"); len(events) != 1 || events[0].Actor.Name != "business" {
		t.Errorf("recorded %+v", events)
	}
	p.visitor().get("/login/code").wantPath("/login")
	p.visitor().post("/login/code", codeForm(p.code(secret))).wantPath("/login")
}

func TestAHalfDoneLogInEndsAndIsSlowedDown(t *testing.T) {
	p := startPortal(t)
	secret, _ := p.as(auth.Business).enrol()
	v := p.visitor()
	v.logIn("business", testPassword)
	for range 5 {
		v.post("/login/code", codeForm("000000")).wantStatus(http.StatusUnprocessableEntity)
	}
	p.clock.advance(time.Second)
	v.post("/login/code", codeForm(p.code(secret))).wantStatus(http.StatusTooManyRequests)
	w := p.visitor()
	w.logIn("business", testPassword).wantPath("/login/code") // the right password does not forgive wrong codes
	w.post("/login/code", codeForm(p.code(secret))).wantStatus(http.StatusTooManyRequests)
	p.clock.advance(11 * time.Minute)
	v.post("/login/code", codeForm(p.code(secret))).wantPath("/login")
}

func TestOnlyWhoProvesThemselvesChangesASecondFactor(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Business)
	secret, old := v.enrol()
	form := func(password, code, do string) url.Values {
		return url.Values{"Current": {password}, "Code": {code}, "do": {do}}
	}
	p.clock.advance(time.Minute)
	v.post("/account/factor/change", form("wrong-password-1", p.code(secret), "off")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Current")
	v.post("/account/factor/change", form(testPassword, "000000", "off")).wantStatus(http.StatusUnprocessableEntity).wantProblem("Code")
	renewed := v.post("/account/factor/change", form(testPassword, p.code(secret), "codes")).wantStatus(http.StatusOK)
	if renewed.find(".recovery code").Length() != auth.RecoveryCodes || strings.Contains(renewed.body, old[0]) {
		t.Error("the recovery codes are not new ones")
	}
	p.clock.advance(time.Minute)
	v.post("/account/factor/change", form(testPassword, p.code(secret), "off")).wantStatus(http.StatusOK).wantPath("/account")
	p.visitor().logIn("business", testPassword).wantPath("/")
}

func TestThePolicyMakesPeopleSetASecondFactorUp(t *testing.T) {
	p := startPortal(t)
	admin, v := p.as(auth.Admin), p.as(auth.Business)
	policy := url.Values{"SecondFactor": {"all"}, "Idle": {"15m0s"}, "Absolute": {"8h0m0s"}, "LinkLife": {"24h0m0s"}}
	admin.post("/settings/policy", policy).wantStatus(http.StatusOK).wantPath("/account/factor")
	v.get("/flows").wantPath("/account/factor").wantText(".notice", "要求")
	secret, _ := v.enrol()
	v.get("/flows").wantPath("/flows")
	p.clock.advance(time.Minute)
	v.post("/account/factor/change", url.Values{"Current": {testPassword}, "Code": {p.code(secret)}, "do": {"off"}}).wantStatus(http.StatusConflict)
	p.clock.advance(16 * time.Minute)
	v.get("/flows").wantPath("/login?next=%2Fflows") // idle for longer than the policy allows now
	if events := p.events("settings.policy"); len(events) == 0 || events[0].Actor.Name != "admin" {
		t.Errorf("recorded %+v", events)
	}
	w := p.visitor()
	w.logIn("admin", testPassword)
	w.enrol()
	policy.Set("Idle", "720h")
	w.post("/settings/policy", policy).wantStatus(http.StatusBadRequest)
}

func TestAnAdministratorResetsALostSecondFactor(t *testing.T) {
	p := startPortal(t)
	admin, v := p.as(auth.Admin), p.as(auth.Business)
	v.enrol()
	id := p.account("business").ID
	admin.get("/accounts/"+id).wantText("aside", "重置两步验证")
	admin.post("/accounts/"+id+"/factor/reset", nil).wantStatus(http.StatusOK).wantPath("/accounts/" + id)
	v.get("/").wantPath("/login")
	p.visitor().logIn("business", testPassword).wantPath("/")
	admin.post("/accounts/"+id+"/factor/reset", nil).wantStatus(http.StatusNotFound)
	admin.post("/accounts/"+p.account("admin").ID+"/factor/reset", nil).wantStatus(http.StatusConflict)
}

func TestAdministratorsSeeAndEndSessions(t *testing.T) {
	p := startPortal(t)
	admin, v, w := p.as(auth.Admin), p.as(auth.Business), p.as(auth.Compliance)
	list := admin.get("/sessions").wantStatus(http.StatusOK)
	if n := list.find("tbody tr").Length(); n != 3 {
		t.Fatalf("%d sessions", n)
	}
	one := admin.get("/sessions?account=" + p.account("business").ID)
	action, _ := one.find("tbody form").Attr("action")
	if one.find("tbody tr").Length() != 1 || action == "" {
		t.Fatalf("sessions of one account: %q", one.find("tbody").Text())
	}
	admin.post(action, nil).wantStatus(http.StatusOK).wantPath("/sessions")
	v.get("/account").wantPath("/login?next=%2Faccount")
	admin.post("/sessions/revoke", nil).wantStatus(http.StatusOK)
	w.get("/account").wantPath("/login?next=%2Faccount")
	admin.get("/account").wantPath("/account") // one's own stays
}
