package handlers

import (
	"database/sql"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/store"
)

// TestABrokenLogIsTold puts an event into the log that never happened: those who may read the log are told on every page, and readyz tells
// why to them only.
func TestABrokenLogIsTold(t *testing.T) {
	p := startPortal(t)
	admin, reviewer, business := p.as(auth.Admin), p.as(auth.Compliance), p.as(auth.Business)
	seq := p.note("wang", audit.Event{Action: "contract.read"})
	if admin.get("/readyz").status == http.StatusServiceUnavailable {
		t.Skip("the assets have not been built")
	}
	untold := func(v *visitor) {
		t.Helper()
		if n := v.get("/flows").wantStatus(http.StatusOK).find(".notice-danger").Length(); n != 0 {
			t.Errorf("%d notices of danger", n)
		}
	}
	untold(admin)
	err := p.db.Store().Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO audit_events SELECT seq + 1, time, 'mallory', role, session, ip, user_agent, action, object_type, object_id, "+
			"outcome, error_code, request_id, platform_request_id, duration, detail, hashes FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.note("wang", audit.Event{Action: "contract.read"})
	for _, v := range []*visitor{admin, reviewer} {
		for _, path := range []string{"/", "/flows", "/audit", "/organizations"} {
			v.get(path).wantStatus(http.StatusOK).wantText(".notice-danger", "从未签名的事件")
		}
		if got := v.get("/readyz"); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "审计日志已断裂") {
			t.Errorf("readyz: %d %q", got.status, got.body)
		}
	}
	untold(business)
	for _, v := range []*visitor{business, p.visitor()} {
		if got := v.get("/readyz"); got.status != http.StatusServiceUnavailable || got.body != "not ready\n" {
			t.Errorf("readyz to a stranger: %d %q", got.status, got.body)
		}
	}
	admin.post("/audit/verify", nil).wantStatus(http.StatusOK).wantText("#audit-report", "另起一段")
	if e, err := p.db.Audit().Get(t.Context(), seq); err != nil || e.Actor.Name != "wang" {
		t.Errorf("%+v %v", e, err)
	}
}

// TestAForeignTriggerEndsAllWriting puts a trigger into the database of a running portal that would make an administrator of whoever logs in.
func TestAForeignTriggerEndsAllWriting(t *testing.T) {
	p := startPortal(t)
	p.addAccount("mallory", auth.Business)
	admin := p.as(auth.Admin)
	admin.get("/accounts").wantStatus(http.StatusOK)
	beside, err := sql.Open("sqlite3", "file:"+p.db.Store().Path()+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if _, err := beside.Exec("CREATE TRIGGER own AFTER INSERT ON sessions BEGIN UPDATE accounts SET role = 'admin' WHERE id = NEW.account_id; END"); err != nil {
		t.Fatal(err)
	}
	v := p.visitor()
	v.post("/login", url.Values{"Name": {"mallory"}, "Password": {testPassword}}).wantStatus(http.StatusServiceUnavailable).wantText("main", "sealdesk audit verify")
	if a, err := p.db.AccountByName(t.Context(), "mallory"); err != nil || a.Role != auth.Business {
		t.Errorf("mallory is %s, %v", a.Role, err)
	}
	if got := v.get("/readyz"); got.status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d %q", got.status, got.body)
	}
	for _, path := range []string{"/accounts", "/flows", "/audit", "/login"} {
		admin.get(path).wantStatus(http.StatusServiceUnavailable).wantText("h1", "数据库被改动")
	}
	if report, err := p.db.Audit().Verify(t.Context()); err != nil || !slices.Contains(report.Problems, audit.Problem{Kind: audit.ProblemForeign, Row: "trigger own on sessions"}) {
		t.Errorf("verifying says %v, %v", report.Problems, err)
	}
	if _, err := beside.Exec("DROP TRIGGER own"); err != nil {
		t.Fatal(err)
	}
	p.note("wang", audit.Event{Action: "contract.read"}) // whatever is written next finds it gone
	admin.get("/accounts").wantStatus(http.StatusOK)
}
