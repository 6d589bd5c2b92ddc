package handlers

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// signedCase reads a file of the PDF package's tests.
func signedCase(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "pdf", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// uploaded uploads a file and gives its page's path.
func (v *visitor) uploaded(name string, data []byte) string {
	v.p.t.Helper()
	v.postFiles("/files", nil, uploadFile{"Files", name, data}).wantStatus(http.StatusOK)
	path, _ := v.get("/files").find("tbody a").First().Attr("href")
	return path
}

// latest is the newest event of an action in a log.
func latest(t *testing.T, log *audit.Log, action string) audit.Event {
	t.Helper()
	events, err := log.Query(context.Background(), audit.Filter{Action: action}, 0, 1)
	if err != nil || len(events) == 0 {
		t.Fatalf("no event %s: %v", action, err)
	}
	return events[0]
}

// A changed contract is refused for a new one until the sender confirms what that means; the page, the draft and both logs tell.
func TestABrokenFileNeedsConsent(t *testing.T) {
	p := startPortal(t)
	p.background()
	a := p.side(0)
	admin := p.as(auth.Admin)
	file := admin.uploaded("forged.pdf", signedCase(t, "forged/button.pdf"))
	admin.get("/files").wantText("tbody", "文件中的签名已失效")
	page := admin.get(file).wantStatus(http.StatusOK)
	for _, want := range []string{"第 1 页", "域 btn", "距左 60 pt", "我已知悉"} {
		page.wantText("main", want)
	}
	if event := latest(t, p.db.Audit(), "file.upload"); !strings.Contains(event.DetailText, `"standing":"broken"`) || !strings.Contains(event.DetailText, "field_added") {
		t.Errorf("the upload's event says %s", event.DetailText)
	}

	got := admin.postFiles("/drafts", draftForm(p, "续签合同", a), uploadFile{"Files", "forged.pdf", signedCase(t, "forged/button.pdf")}).wantStatus(http.StatusOK)
	draft := strings.TrimSuffix(got.path, "/people")
	admin.post(draft+"/people", url.Values{"UserId": {a.person}, "OrganizationId": {a.organization}, "Channel": {"NONE"}, "Step": {"1"}}).wantStatus(http.StatusOK)
	admin.seals(draft)
	admin.get(draft).wantText("main", "文件中的签名已失效").wantText("main", "查看签名并确认")
	refused := admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "“forged.pdf”中的签名已失效")
	link, ok := refused.find(`main a[href^="/files/"]`).Attr("href")
	if !ok {
		t.Fatal("the refusal leads to no file")
	}

	admin.post(link+"/accept", nil).wantStatus(http.StatusUnprocessableEntity)
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity)
	admin.post(link+"/accept", url.Values{"Accept": {"on"}}).wantStatus(http.StatusOK).wantText("main", "仍用于合同，确认人：")
	admin.post(link+"/accept", url.Values{"Accept": {"on"}}).wantStatus(http.StatusConflict)
	if event := latest(t, p.db.Audit(), "file.accept"); !strings.Contains(event.DetailText, "我已知悉") || !strings.Contains(event.DetailText, "broken") {
		t.Errorf("the event of the confirmation says %s", event.DetailText)
	}
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("it is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	for _, action := range []string{"file.upload", "flow.create"} {
		if event := latest(t, p.engine.Evidence(), action); !strings.Contains(event.DetailText, `"broken"`) {
			t.Errorf("the engine's evidence of %s says %s", action, event.DetailText)
		}
	}
}

// What cannot be judged is shown by its own word, and refused nothing.
func TestAFileThatCannotBeJudgedIsShown(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	page := admin.get(admin.uploaded("other.pdf", signedCase(t, "signed/v-plain.pdf"))).wantText("main", "无法在此判断").wantText("main", "Example Signer")
	if page.find(`form[action$="/accept"]`).Length() != 0 {
		t.Error("asks to confirm what cannot be judged")
	}
	admin.get(admin.uploaded("closed.pdf", signedCase(t, "signed/v-removed.pdf"))).wantText("main", "有签名被从文件中移除")
	plain := admin.get(admin.uploaded("plain.pdf", contract(t)))
	if strings.Contains(plain.find("main").Text(), "文件中的签名") {
		t.Error("tells of signatures that are not there")
	}
}

// A contract cut back to an earlier signature, or an old copy, is known by the contract that it comes from.
func TestAnEarlierStateIsNamed(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	draft := admin.draft("两步合同", a, a, b)
	admin.seals(draft)
	flow := admin.post(draft+"/send", nil).wantStatus(http.StatusOK).path
	p.until("the first step is sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	p.sign(flow, 0)
	p.until("the second step is sent", func() bool { return p.flow(flow).Approvers[1].SignID != "" })
	first := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)
	admin.get(admin.uploaded("newest.pdf", first)).wantText("main", "文件中的签名均有效")
	p.sign(flow, 1)
	p.until("all have signed", func() bool { return p.flow(flow).State == db.FlowSigned })
	second := []byte(admin.get(flow + "/files/0/download").wantStatus(http.StatusOK).body)
	for _, cut := range [][]byte{first, append(second[:len(first):len(first)], '\n')} {
		admin.get(admin.uploaded("cut.pdf", cut)).wantText("main", "合同“两步合同”较早的版本").wantText("main", "1 个签名")
	}
	if text := admin.get(admin.uploaded("whole.pdf", second)).find("main").Text(); strings.Contains(text, "较早的版本") {
		t.Error("the newest state is called an earlier one")
	}
}

// What was added after a signature is told on the file's page by its text and its signer; no event holds the text.
func TestWhatWasAddedAfterASignatureIsTold(t *testing.T) {
	p := startPortal(t)
	admin := p.as(auth.Admin)
	admin.get(admin.uploaded("text-field.pdf", signedCase(t, "forged/text-field.pdf"))).wantText("main", "文字“Price: 9,999,999 yuan”").
		wantText("main", "文字“2026年11月30日” · 由 第二示例科技有限公司 签署")
	if event := latest(t, p.db.Audit(), "file.upload"); strings.Contains(event.DetailText, "9,999,999") || !strings.Contains(event.DetailText, "field_added") {
		t.Errorf("the upload's event says %s", event.DetailText)
	}
	admin.get(admin.uploaded("v.pdf", signedCase(t, "signed/v-empty-field-with-look-signed.pdf"))).wantText("main", "此后允许的变化").wantText("main", "签署了签名域")
	if event := latest(t, p.db.Audit(), "file.upload"); strings.Contains(event.DetailText, `"added"`) {
		t.Errorf("the upload's event says %s", event.DetailText)
	}
}
