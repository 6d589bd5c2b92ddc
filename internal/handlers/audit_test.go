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
	"sealdesk/internal/store"
)

// note records an event as somebody's.
func (p *portal) note(actor string, e audit.Event) int64 {
	p.t.Helper()
	if e.Outcome == "" {
		e.Outcome = audit.OK
	}
	e.Actor = audit.Actor{Name: actor, Role: "business", IP: "192.0.2.7", UserAgent: "Test/1.0", RequestID: "req-1"}
	if err := p.db.Audit().Record(context.Background(), e); err != nil {
		p.t.Fatal(err)
	}
	return p.db.Audit().Count() - 1
}

// lastEvent is the newest event of an action.
func (p *portal) lastEvent(action string) audit.Event {
	p.t.Helper()
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{Action: action}, 0, 1)
	if err != nil || len(events) == 0 {
		p.t.Fatalf("no event %s: %v", action, err)
	}
	return events[0]
}

func TestAuditIsForReviewers(t *testing.T) {
	p := startPortal(t)
	paths := []string{"/audit", "/audit/0", "/audit/0/proof", "/audit/export?format=csv", "/audit/checkpoint"}
	for role, want := range map[auth.Role]int{auth.Admin: http.StatusOK, auth.Compliance: http.StatusOK, auth.Business: http.StatusForbidden} {
		v := p.as(role)
		for _, path := range paths {
			v.get(path).wantStatus(want)
		}
		v.post("/audit/verify", nil).wantStatus(want)
	}
	p.visitor().get("/audit").wantPath("/login?next=%2Faudit")
}

func TestAuditListAndFilters(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Compliance)
	for i := range auditRows + 10 {
		e := audit.Event{Action: "flow.send", ObjectType: "flow", ObjectID: fmt.Sprint("flow-", i%3), Detail: map[string]any{"name": fmt.Sprint("印台采购合同", i)}}
		if i%20 == 0 {
			e.Outcome, e.ErrorCode = audit.Failed, "ResourceNotFound.Flow"
		}
		p.note([]string{"wang", "li"}[i%2], e)
	}
	all := v.get("/audit").wantStatus(http.StatusOK)
	if n := all.find(".act").Length(); n != auditRows {
		t.Errorf("%d lines, want %d", n, auditRows)
	}
	next, ok := all.find("a[rel=next]").Attr("href")
	if !ok {
		t.Fatal("no next page")
	}
	if n := v.get(next).wantStatus(http.StatusOK).find(".act").Length(); n < 10 || n >= auditRows {
		t.Errorf("%d lines on the second page", n)
	}
	today := p.clock.now().In(auditZone)
	for query, want := range map[string]int{
		"actor=wang&object=flow-0":                             10,
		"actor=wang&outcome=failed":                            3,
		"outcome=denied":                                       0,
		"text=采购合同17":                                          1,
		"text=wang+采购合同18":                                     1,
		"action=session.login":                                 1,
		"did=session":                                          1,
		"did=flow&role=business&object=flow-1":                 20,
		"role=admin":                                           0,
		"when=today&actor=li":                                  30,
		"when=" + today.AddDate(0, 1, 0).Format("2006-01"):     0,
		"when=" + today.Format("2006-01") + "&object=flow-2":   20,
		"from=" + today.AddDate(0, 0, 1).Format(time.DateOnly): 0,
		"object=flow-1&from=" + today.Format(time.DateOnly) + "&to=" + today.Format(time.DateOnly):        20,
		"object=flow-1&to=" + today.AddDate(0, 0, -1).Format(time.DateOnly):                               0,
		"action=flow.send&actor=li&outcome=ok&text=" + url.QueryEscape("印台") + "&object=flow-2&type=flow": 10,
	} {
		got := v.get("/audit?" + query).wantStatus(http.StatusOK)
		if n := got.find(".act").Length(); n != want {
			t.Errorf("%s: %d lines, want %d", query, n, want)
		}
	}
	bad := v.get("/audit?from=yesterday&actor=wang").wantStatus(http.StatusUnprocessableEntity)
	bad.wantProblem("from")
	if got, _ := bad.find("#f-actor").Attr("value"); got != "wang" {
		t.Errorf("what was typed is lost: %q", got)
	}
	v.get("/audit?did=everything").wantStatus(http.StatusUnprocessableEntity)
	v.get("/audit?when=never").wantStatus(http.StatusUnprocessableEntity)
}

func TestAuditEventPage(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Admin)
	seq := p.note("wang", audit.Event{Action: "organization.update", ObjectType: "organization", ObjectID: "org/1", Duration: 1500 * time.Microsecond,
		Detail: map[string]any{"before": map[string]any{"name": "旧名", "kind": "x"}, "after": map[string]any{"name": "<b>新名", "kind": "x"}, "more": []any{"a", 1}}})
	got := v.get(fmt.Sprint("/audit/", seq)).wantStatus(http.StatusOK)
	got.wantText("del", "旧名").wantText("ins", "<b>新名").wantText(".notice-ok", "检查点").wantText("main", "1.5").wantText("main", "192.0.2.7")
	if n := got.find("ins").Length(); n != 1 {
		t.Errorf("%d fields are marked as changed, want 1", n)
	}
	for _, href := range []string{"/audit?object=org%2F1", "/organizations/org%2F1", fmt.Sprint("/audit/", seq, "/proof")} {
		if got.find(`a[href="`+href+`"]`).Length() == 0 {
			t.Errorf("no link to %s", href)
		}
	}
	intent := p.note("wang", audit.Event{Action: "platform.SendFlow", Outcome: audit.Intent, ObjectType: "flow", ObjectID: "f"})
	outcome := p.note("wang", audit.Event{Action: "platform.SendFlow", ObjectType: "flow", ObjectID: "f", Detail: map[string]any{"intent": intent}})
	page := v.get(fmt.Sprint("/audit/", outcome)).wantStatus(http.StatusOK)
	if page.find(fmt.Sprintf(`a[href="/audit/%d"]`, intent)).Length() == 0 || page.find(`a[href="/flows/f"]`).Length() != 0 {
		t.Error("the outcome of a call leads to its intent, and not to a page that the platform's number has not")
	}
	report, err := audit.VerifyExport(strings.NewReader(v.get(fmt.Sprint("/audit/", seq, "/proof")).wantStatus(http.StatusOK).body), p.db.Audit().PublicKey())
	if err != nil || !report.OK() || report.Events != 1 {
		t.Errorf("the downloaded proof: %+v, %v", report, err)
	}
	for _, path := range []string{"/audit/999999", "/audit/-1", "/audit/x", "/audit/999999/proof"} {
		v.get(path).wantStatus(http.StatusNotFound)
	}
}

func TestAuditVerify(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Compliance)
	seq := p.note("wang", audit.Event{Action: "contract.read", ObjectType: "flow", ObjectID: "f1"})
	checkpoint := v.get("/audit/checkpoint").wantStatus(http.StatusOK).body
	v.get("/audit").wantText(".audit-status", "还没有校验过")
	v.post("/audit/verify", nil).wantStatus(http.StatusOK).wantText("#audit-report .notice-ok", "完好").wantText("#audit-report", "每秒")
	if e := p.lastEvent(actionVerify); e.Outcome != audit.OK || e.Actor.Name != "compliance" || e.Detail["root"] == "" {
		t.Errorf("recorded: %+v", e)
	}
	v.get("/audit").wantText(".audit-well", "校验通过")
	v.postFiles("/audit/verify", nil, uploadFile{"Checkpoint", "c.txt", []byte(checkpoint)}).wantStatus(http.StatusOK).wantText("#audit-report", "与 1 个外部检查点一致")
	for name, data := range map[string]string{"other file": "hello", "changed": strings.Replace(checkpoint, "\n", "\n1", 1), "empty": "", "large": strings.Repeat("x", maxCheckpoints+1)} {
		got := v.postFiles("/audit/verify", nil, uploadFile{"Checkpoint", "c.txt", []byte(data)})
		if got.status != http.StatusUnprocessableEntity || got.find("#f-Checkpoint-problem").Length() == 0 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	err := p.db.Store().Write(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), fmt.Sprint("DROP TRIGGER audit_events_no_update; UPDATE audit_events SET actor = 'li' WHERE seq = ", seq))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v.get(fmt.Sprint("/audit/", seq)).wantStatus(http.StatusOK).wantText(".notice-danger", "不符")
	v.post("/audit/verify", nil).wantStatus(http.StatusOK).wantText("#audit-report .notice-danger", "已被破坏").wantText("#audit-report", fmt.Sprintf("第 %d 号", seq))
	if e := p.lastEvent(actionVerify); e.Outcome != audit.Failed || e.ErrorCode != db.CodeBroken {
		t.Errorf("recorded: %+v", e)
	}
	v.get("/audit").wantText(".audit-ill", "发现问题")
}

func TestAuditExport(t *testing.T) {
	p := startPortal(t)
	v := p.as(auth.Compliance)
	for i := range 5 {
		p.note("wang", audit.Event{Action: "contract.read", ObjectType: "flow", ObjectID: fmt.Sprint("f", i)})
	}
	for _, format := range []string{audit.JSONL, audit.CSV} {
		link, ok := v.get("/audit?actor=wang&after=3").find(`a[href*="format=` + format + `"]`).Attr("href")
		if !ok || strings.Contains(link, "after") {
			t.Fatalf("link to the export: %q", link)
		}
		got := v.get(link).wantStatus(http.StatusOK)
		if d := got.header.Get("Content-Disposition"); !strings.Contains(d, "attachment") || !strings.Contains(d, "."+format) {
			t.Errorf("disposition %q", d)
		}
		report, err := audit.VerifyExport(strings.NewReader(got.body), p.db.Audit().PublicKey())
		if err != nil || !report.OK() || report.Events != 5 {
			t.Errorf("%s: %+v, %v", format, report, err)
		}
		if e := p.lastEvent(actionExport); e.Detail["format"] != format || e.Detail["actor"] != "wang" || e.Actor.Name != "compliance" {
			t.Errorf("recorded: %+v", e)
		}
	}
	v.get("/audit/export?format=xml").wantStatus(http.StatusBadRequest)
	v.get("/audit/export?format=csv&from=x").wantStatus(http.StatusBadRequest)
}
