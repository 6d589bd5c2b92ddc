package handlers

import (
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
)

// A reviewer who has nothing but an account of the portal finds, verifies, exports and checkpoints what the engine recorded.
func TestReviewersSeeAndVerifyTheEnginesEvidence(t *testing.T) {
	w, _ := newForeignWorld(t)
	flow := w.flow()
	log := w.p.engine.Evidence()
	first, err := log.Get(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []auth.Role{auth.Admin, auth.Compliance} {
		v := w.p.as(role)
		list := v.get("/evidence").wantStatus(http.StatusOK).wantText("h1", "引擎存证").wantText("table", "发送给签署方").
			wantText("#evidence-trust + span", "自 "+first.Time.In(auditZone).Format("2006-01-02")+" 起")
		if list.find("nav a[href='/evidence']").Length() == 0 {
			t.Errorf("the navigation of %s does not lead to the evidence", role)
		}
		// The contract by its number here: what the engine recorded of it under the platform's.
		of := v.get("/evidence?object="+flow).wantStatus(http.StatusOK).wantText("table", "创建合同")
		if strings.Contains(of.find("table tbody").Text(), "登记机构") {
			t.Errorf("the evidence of a contract tells of others: %s", of.find("table tbody").Text())
		}
		newest, _ := of.find("tbody td a[href^='/evidence/']").First().Attr("href")
		event := v.get(newest).wantStatus(http.StatusOK).wantText("[data-kind='ok'], .notice", "此事件确在检查点签名的日志中")
		if got, _ := event.find("a[href$='/proof']").Attr("href"); got != newest+"/proof" {
			t.Errorf("the proof of %s is at %s", newest, got)
		}
		for name, file := range map[string]string{"one event": v.get(newest + "/proof").wantStatus(http.StatusOK).body,
			"all": v.get("/evidence/export?format=jsonl").wantStatus(http.StatusOK).body} {
			report, err := audit.VerifyExport(strings.NewReader(file), log.PublicKey())
			if err != nil || !report.OK() || report.Events == 0 {
				t.Errorf("%s: %+v, %v", name, report, err)
			}
		}
		table := v.get("/evidence/export?format=table&object=" + flow).wantStatus(http.StatusOK).body
		if rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table, "\uFEFF"))).ReadAll(); err != nil || len(rows) < 3 ||
			rows[0][0] != "时间（北京，UTC+08:00）" || rows[1][3] != "创建合同" || rows[1][5] == "" || rows[1][6] != "成功" {
			t.Errorf("the table to read: %v, %q", err, rows)
		}
		kept := v.get("/evidence/checkpoint").wantStatus(http.StatusOK).body
		if _, err := audit.ParseCheckpoint([]byte(kept), log.PublicKey()); err != nil {
			t.Errorf("the checkpoint: %v", err)
		}
		v.postFiles("/evidence/verify", nil, uploadFile{"Checkpoint", "kept.txt", []byte(kept)}).wantStatus(http.StatusOK).wantText("#audit-report", "完好").
			wantText("#audit-report", "与 1 个外部检查点一致")
		v.get("/evidence").wantText(".audit-well", "校验通过").wantText(".audit-well", "个事件）")
		if text := v.get("/evidence").find("main").Text(); strings.Contains(text, "{{") {
			t.Errorf("a text lacks what it tells of: %s", text)
		}
		if to, _ := v.get(newest).find(".act-open").Attr("href"); to != newest {
			t.Errorf("the line of an event of the engine leads to %q", to)
		}
	}
	for _, action := range []string{"evidence.read", "evidence.export", "evidence.checkpoint", "evidence.verify"} {
		all, err := w.p.db.Audit().Query(context.Background(), audit.Filter{Action: action, ObjectType: "evidence", Actor: "compliance-c"}, 0, 10)
		if err != nil || len(all) == 0 || all[0].Outcome != audit.OK {
			t.Errorf("%s left %+v, %v", action, all, err)
		}
	}
	w.p.as(auth.Business).get("/evidence").wantStatus(http.StatusForbidden)
}

func TestWithTheCloudThereIsNoEvidence(t *testing.T) {
	p := startPortal(t)
	p.server.evidence = nil
	v := p.as(auth.Compliance)
	if v.get("/").find("nav a[href='/evidence']").Length() != 0 {
		t.Error("the navigation leads to evidence that is not there")
	}
	v.get("/evidence").wantStatus(http.StatusNotFound)
	v.post("/evidence/verify", nil).wantStatus(http.StatusNotFound)
}
