package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	checkpoints "sealdesk/internal/outside"
	"sealdesk/internal/witness"
)

// giveOut sets up ways out.
func (p *portal) giveOut(o checkpoints.Options) *checkpoints.Sender {
	p.t.Helper()
	o.DB, o.Logs, o.Clock, o.PublicURL = p.db, []*audit.Log{p.db.Audit(), p.engine.Evidence()}, p.clock.now, p.url
	sender, err := checkpoints.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	p.server.checkpoints = sender
	return sender
}

func TestThePageOfCheckpointsTellsWhatLeftAndWhatDoesNotWork(t *testing.T) {
	p := startPortal(t)
	admin, reviewer := p.as(auth.Admin), p.as(auth.Compliance)
	reviewer.get("/audit").wantText(".audit-status", "还没有检查点离开本机")
	reviewer.get("/audit/checkpoints").wantStatus(http.StatusOK).wantText(".notice", "检查点尚未离开本机")

	folder := t.TempDir()
	receiver := httptest.NewServer(http.NotFoundHandler())
	defer receiver.Close()
	sender := p.giveOut(checkpoints.Options{Folder: folder, PostURL: receiver.URL + "/geheim", PostSecret: "secret"})
	p.as(auth.Compliance).get("/audit/checkpoints").wantText("tbody", "尚未尝试")
	if err := sender.Send(context.Background()); err != nil {
		t.Fatal(err)
	}
	page := reviewer.get("/audit/checkpoints").wantStatus(http.StatusOK).wantText("tbody", folder).wantText("tbody", "正常").wantText("tbody", "对方没有返回成功状态")
	if strings.Contains(page.body, "geheim") || page.find("form[action='/audit/checkpoints/try']").Length() != 0 {
		t.Error("the page shows a secret path, or offers a reviewer to try")
	}
	reviewer.get("/audit").wantText(".audit-status", "离开本机").wantText(".audit-status", "有 1 种送出方式未能送出")
	reviewer.post("/audit/checkpoints/try", url.Values{"Way": {"folder"}}).wantStatus(http.StatusForbidden)
	admin.post("/audit/checkpoints/try", url.Values{"Way": {"mail"}}).wantStatus(http.StatusNotFound)
	admin.post("/audit/checkpoints/try", url.Values{"Way": {"http"}}).wantText(".notice-danger", "对方没有返回成功状态")
	admin.post("/audit/checkpoints/try", url.Values{"Way": {"folder"}}).wantText(".notice-ok", "最新的检查点已送出")

	if page := admin.get("/audit?all=1").body; strings.Contains(page, "未预期的错误") {
		t.Error("the audit log does not say in words why a checkpoint stayed")
	}
	link := admin.get("/audit/checkpoints").find("a[href^='/audit/checkpoints/']").First().AttrOr("href", "")
	kept := reviewer.get(link).wantStatus(http.StatusOK)
	log := p.db.Audit()
	all, err := audit.ParseCheckpoints([]byte(kept.body), log.PublicKey())
	if err != nil {
		log = p.engine.Evidence() // the newest row is of either log
		all, err = audit.ParseCheckpoints([]byte(kept.body), log.PublicKey())
	}
	if err != nil {
		t.Fatalf("%v: %s", err, kept.body)
	}
	if report, err := log.Verify(context.Background(), all...); err != nil || !report.OK() {
		t.Errorf("against what was downloaded: %+v, %v", report, err)
	}
}

// TestAProofLeadsToTheCheckpointThatSomebodyKept, not only to the newest: who kept one of last Monday checks an event with it.
func TestAProofLeadsToTheCheckpointThatSomebodyKept(t *testing.T) {
	p := startPortal(t)
	reviewer := p.as(auth.Compliance)
	seq := p.note("wang", audit.Event{Action: "test", ObjectType: "seal", ObjectID: "s1"})
	sender := p.giveOut(checkpoints.Options{Folder: t.TempDir()})
	if err := sender.Send(context.Background()); err != nil {
		t.Fatal(err)
	}
	states, err := p.db.CheckpointStates(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, state := range states {
		if state.Log == "sealdesk/portal" {
			size = state.Size
		}
	}
	kept, err := p.db.CheckpointOfSize(context.Background(), "sealdesk/portal", size)
	if err != nil {
		t.Fatal(err)
	}
	later := p.note("wang", audit.Event{Action: "test", ObjectType: "seal", ObjectID: "s2"})
	check := func(path string) audit.ExportReport {
		t.Helper()
		body := reviewer.get(path).wantStatus(http.StatusOK).body
		report, err := audit.VerifyExport(strings.NewReader(body), p.db.Audit().PublicKey(), []byte(kept.Text))
		if err != nil || !report.OK() || report.Events != 1 {
			t.Fatalf("%s: %+v, %v", path, report, err)
		}
		return report
	}
	if r := check(fmt.Sprintf("/audit/%d/proof?size=%d", seq, size)); r.Against != 1 || len(r.Apart) != 0 {
		t.Errorf("the proof that leads to the kept checkpoint: %+v", r)
	}
	if r := check(fmt.Sprintf("/audit/%d/proof", seq)); r.Against != 0 || len(r.Apart) != 1 {
		t.Errorf("the proof that leads to the newest: %+v", r)
	}
	page := reviewer.get(fmt.Sprint("/audit/", seq)).wantStatus(http.StatusOK)
	offered := page.find(fmt.Sprintf("form[action='/audit/%d/proof'] select[name='size'] option", seq))
	if value, _ := offered.Attr("value"); offered.Length() != 1 || value != fmt.Sprint(size) {
		t.Errorf("%d checkpoints to choose from, the first covers %q events, want %d", offered.Length(), value, size)
	}
	if reviewer.get(fmt.Sprint("/audit/", later)).find("select[name='size']").Length() != 0 {
		t.Error("an event of after the checkpoint offers it")
	}
	reviewer.get(fmt.Sprintf("/audit/%d/proof?size=%d", later, size)).wantStatus(http.StatusNotFound)
	reviewer.get(fmt.Sprintf("/audit/%d/proof?size=%d", seq, size+1000)).wantStatus(http.StatusNotFound)
	reviewer.get(fmt.Sprintf("/audit/%d/proof?size=x", seq)).wantStatus(http.StatusBadRequest)
}

func TestReadyTellsOfAWayThatHasNotWorkedForADay(t *testing.T) {
	p := startPortal(t)
	p.as(auth.Admin)
	sender := p.giveOut(checkpoints.Options{Folder: t.TempDir() + "/missing"})
	if err := sender.Send(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := p.visitor().get("/readyz"); got.body != "ok\n" && got.body != "assets\n" {
		t.Errorf("at once: %q", got.body)
	}
	p.clock.advance(25 * time.Hour)
	if got := p.visitor().get("/readyz"); got.status == http.StatusOK && !strings.Contains(got.body, "\ncheckpoints have not left for a day\n") {
		t.Errorf("after a day: %q", got.body)
	}
	if got := p.as(auth.Compliance).get("/readyz"); got.status == http.StatusOK && strings.Count(got.body, "for a day: folder, sealdesk") != 2 {
		t.Errorf("after a day, for a reviewer: %q", got.body)
	}
}

// A witness that has seen more than there is raises an alarm: on both pages, in the operator's log, in the check, as an event.
func TestAnotherHistoryIsAnAlarmEverywhere(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	attest, err := witness.Open(t.Context(), witness.Options{Dir: t.TempDir(), Name: "witness.example", Logs: []string{p.engine.Evidence().PublicKey(), p.db.Audit().PublicKey()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(attest.Handler())
	t.Cleanup(func() {
		server.Close()
		closeAll(t, attest)
	})
	key, err := witness.ParseKey(attest.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	// A copy of the log goes on by itself and is attested: for the portal that is another history.
	p.giveOut(checkpoints.Options{WitnessURL: server.URL, WitnessKey: key})
	admin.post("/audit/checkpoints/try", url.Values{"Way": {db.WayWitness}}).wantText(".notice-ok", "已送出").wantText("tbody", "见证方已签名")
	forked := p.forkOfTheLog()
	client := witness.Client{URL: server.URL, Key: key, HTTP: server.Client()}
	newest, err := forked.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Post(t.Context(), forked, 0, newest); err != nil {
		t.Fatal(err)
	}
	admin.post("/audit/checkpoints/try", url.Values{"Way": {db.WayWitness}}).wantText(".notice-danger", "见证方看到的“门户审计日志”历史与本机不同").wantText("tbody", "警报")
	admin.get("/audit").wantText(".notice-danger", "见证方看到的“门户审计日志”历史与本机不同")
	if got := p.visitor().get("/readyz"); got.status == http.StatusOK && !strings.Contains(got.body, "ALARM: the witness saw another history\n") {
		t.Errorf("readyz: %q", got.body)
	}
	events, err := p.db.Audit().Query(t.Context(), audit.Filter{Action: "checkpoint.stayed"}, 0, 10)
	if err != nil || len(events) != 1 || events[0].ErrorCode != db.CheckpointHistory {
		t.Errorf("events: %+v, %v", events, err)
	}
}

// forkOfTheLog is the audit log of a copy of the data folder that went on for itself.
func (p *portal) forkOfTheLog() *audit.Log {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(p.dir)); err != nil {
		p.t.Fatal(err)
	}
	other, err := db.Open(p.t.Context(), db.Options{Dir: dir, Clock: p.clock.now})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { closeAll(p.t, other) })
	for range 50 {
		if err := other.Audit().Record(p.t.Context(), audit.Event{Action: "contract.read"}); err != nil {
			p.t.Fatal(err)
		}
	}
	return other.Audit()
}
