package handlers

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

var pathValue = regexp.MustCompile(`\{[^}]*\}`)

// requestOf makes a request that matches a route; its objects do not exist.
func requestOf(r route) (method, path string) {
	method, path, _ = strings.Cut(r.Pattern, " ")
	return method, pathValue.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "none")
}

// Every route is asked for by everybody: who may not is stopped before anything else, who may gets an answer and never a failure.
func TestEveryRouteLetsInExactlyThoseWhoMay(t *testing.T) {
	p := startPortal(t)
	visitors := map[auth.Role]*visitor{"": p.visitor().still()}
	for _, role := range auth.Roles() {
		visitors[role] = p.as(role).still()
	}
	for _, route := range p.server.routes() {
		method, path := requestOf(route)
		for role, v := range visitors {
			if (path == "/logout" || path == "/sessions/revoke") && role != "" && auth.Can(role, route.Need) {
				continue // would end the sessions of the others; tested elsewhere
			}
			got := v.send(method, path, "application/x-www-form-urlencoded", strings.NewReader(""))
			toLogin := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/login")
			switch {
			case route.Need == auth.Public:
				if got.status == http.StatusForbidden {
					t.Errorf("%s is public and answered %q with %d", route.Pattern, role, got.status)
				}
			case role == "":
				if !toLogin {
					t.Errorf("%s let in somebody who is not logged in: %d %s", route.Pattern, got.status, got.header.Get("Location"))
				}
			case auth.Can(role, route.Need):
				if got.status == http.StatusForbidden || toLogin {
					t.Errorf("%s refused %s: %d", route.Pattern, role, got.status)
				}
			case got.status != http.StatusForbidden:
				t.Errorf("%s let in %s: %d", route.Pattern, role, got.status)
			}
			if got.status >= http.StatusInternalServerError {
				t.Errorf("%s answered %q with %d:\n%s", route.Pattern, role, got.status, p.logs)
			}
		}
	}
}

func TestABoundAccountDoesNotReachThePortalAsAWhole(t *testing.T) {
	p := startPortal(t)
	for role, paths := range map[auth.Role][]string{
		auth.Compliance: {"/audit", "/audit/1", "/audit/export?format=csv", "/audit/checkpoint"},
		auth.Admin:      {"/audit", "/accounts", "/accounts/new", "/settings"},
	} {
		v := p.as(role, "an-organisation")
		for _, path := range paths {
			v.get(path).wantStatus(http.StatusForbidden)
		}
		if v.get("/organizations").wantStatus(http.StatusOK).find("nav a[href='/audit']").Length() != 0 {
			t.Errorf("the navigation offers the audit trail to a bound %s", role)
		}
	}
}

func TestARefusalIsRecordedAndExplained(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Compliance)
	got := v.get("/accounts").wantStatus(http.StatusForbidden).wantText("h1", "没有权限")
	if got.find("nav a[href='/accounts']").Length() != 0 {
		t.Error("the navigation offers what the account may not open")
	}
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: "access.denied"}, 0, 5)
	if err != nil || len(events) != 1 || events[0].ObjectID != "/accounts" || events[0].Actor.Name != "compliance" || events[0].Outcome != audit.Denied {
		t.Errorf("recorded %+v, %v", events, err)
	}
}

func TestPostsFromOtherSitesAreRefused(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	form := url.Values{"language": {"en"}, "return": {"/"}}
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		v.with(name, value).post("/preferences", form).wantStatus(http.StatusForbidden).wantText("[data-error]", "其他网站")
		v.with(name, value).post("/logout", nil).wantStatus(http.StatusForbidden)
	}
	v.with("Sec-Fetch-Site", "same-origin").post("/preferences", form).wantStatus(http.StatusOK)
	v.with("Origin", p.url).post("/preferences", form).wantStatus(http.StatusOK)
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	p := startPortal(t)
	for _, path := range []string{"/login", "/nothing", "/healthz", "/static/nothing.js"} {
		h := p.visitor().get(path).header
		if h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: headers %v", path, h)
		}
		if h.Get("X-Request-Id") == "" {
			t.Errorf("%s has no request id", path)
		}
	}
	if h := p.visitor().get("/login").header; h.Get("Cache-Control") != "no-store" || h.Get("Strict-Transport-Security") != "" {
		t.Errorf("page: %v", h)
	}
	tls := startPortal(t, func(s *portalSettings) { s.publicURL = "https://desk.example.com" })
	if tls.visitor().get("/login").header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS over TLS")
	}
}

func TestUnknownAddressesAndMethodsGetPages(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	v.get("/nothing").wantStatus(http.StatusNotFound).wantText("h1", "没有找到")
	v.get("/accounts/acc_none").wantStatus(http.StatusNotFound).wantText("[data-error]", "不存在")
	got := v.post("/settings", nil).wantStatus(http.StatusMethodNotAllowed)
	if !strings.Contains(got.header.Get("Allow"), "GET") {
		t.Errorf("Allow: %q", got.header.Get("Allow"))
	}
	fragment := v.with("HX-Request", "true").get("/nothing").wantStatus(http.StatusNotFound)
	if fragment.find("nav").Length() != 0 || fragment.find("[data-error]").Length() != 1 {
		t.Errorf("htmx got %q", fragment.body)
	}
	if boosted := v.with("HX-Request", "true").with("HX-Boosted", "true").get("/accounts").wantStatus(http.StatusOK); boosted.find("nav").Length() == 0 {
		t.Error("a boosted link got a fragment")
	}
}

func TestHTMXIsRedirectedByItsHeader(t *testing.T) {
	p := startPortal(t)
	p.addAccount("li", auth.Admin)
	got := p.visitor().with("HX-Request", "true").get("/accounts").wantStatus(http.StatusOK)
	if got.header.Get("HX-Redirect") != "/login?next=%2Faccounts" {
		t.Errorf("headers: %v", got.header)
	}
}

func TestHealth(t *testing.T) {
	p := startPortal(t)
	if got := p.visitor().get("/healthz").wantStatus(http.StatusOK); got.body != "ok\n" {
		t.Errorf("healthz: %q", got.body)
	}
	got := p.visitor().get("/readyz") // 503 names the assets where they have not been built
	if got.status != http.StatusOK && got.body != "assets\n" {
		t.Errorf("readyz: %d %q", got.status, got.body)
	}
}
