package signpages

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

func TestSigningWithSealsNeedsNoScript(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.JumpUrl = "https://example.com/done" })
	page := w.get(path)
	if page.status != http.StatusOK || page.doc.Find("h1").Text() != "软件服务采购合同" {
		t.Fatalf("status %d, %s", page.status, page.text())
	}
	if got := page.doc.Find(".doc-page img").Length(); got != 3 {
		t.Errorf("%d pages", got)
	}
	if got := page.doc.Find(".doc-page").Last().Find(".mark").Length(); got != 3 {
		t.Errorf("%d boxes on the last page", got)
	}
	checkHeaders(t, page)
	for _, selector := range []string{".doc-page img", ".seal-option img"} {
		picture, _ := page.doc.Find(selector).First().Attr("src")
		if a := w.get(picture); a.status != http.StatusOK || !bytes.HasPrefix(a.body, []byte("\x89PNG")) {
			t.Errorf("%s: %s gives %d", selector, picture, a.status)
		}
	}
	form := page.filled(t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther || a.header.Get("Location") != path {
		t.Fatalf("signing gives %d to %s: %s", a.status, a.header.Get("Location"), a.body)
	}
	done := w.get(path)
	if done.doc.Find("#sign").Length() != 0 || !strings.Contains(done.text(), "发起方仍可能发送给其他方") || strings.Contains(done.text(), "完成签署的") {
		t.Errorf("after signing: %s", done.text())
	}
	if done.doc.Find(`a[href="https://example.com/done"]`).Length() != 1 {
		t.Error("no way on to the sender's page")
	}
	download, _ := done.doc.Find("a[download]").Attr("href")
	file := w.get(download)
	if !bytes.HasPrefix(file.body, []byte("%PDF")) || !strings.Contains(file.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("download gives %d %q", file.status, file.header)
	}
	report, err := pdf.Verify(file.body, w.engine.Roots())
	must(t, err)
	if !report.OK || len(report.Signatures) != 1 {
		t.Errorf("the file verifies as %+v", report)
	}
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("signing twice gives %d", a.status)
	}
}

func checkHeaders(t *testing.T, a answer) {
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "private, no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
		"X-Robots-Tag": "noindex, nofollow"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self'") {
		t.Errorf("policy %q", policy)
	}
	if inline := a.doc.Find("[style], script:not([src]), style").Length(); inline != 0 {
		t.Errorf("%d inline styles or scripts", inline)
	}
}

func TestSigningByHand(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	form := w.get(path).filled(t)
	form.Set("Agree", "on")
	form.Set("seal.1", "hand")
	for name, tt := range map[string]struct{ drawing, says string }{
		"nothing":   {"", "请在框内手写签名"},
		"no ink":    {drawing(t, false, 80), "请在框内手写签名"},
		"no base64": {"!!", "手写签名无法读取"},
		"no PNG":    {"aGVsbG8=", "手写签名无法读取"},
		"too small": {drawing(t, true, 20), "手写签名无法读取"},
		"too wide":  {drawing(t, true, maxDrawingPx+1), "手写签名无法读取"},
	} {
		form.Set("hand.seal.1", tt.drawing)
		a := w.post(path+"/sign", form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), tt.says) {
			t.Errorf("%s: status %d, want %q", name, a.status, tt.says)
		}
		if v, _ := a.doc.Find(`input[name="Agree"]`).Attr("checked"); a.doc.Find(`input[name="Agree"][checked]`).Length() != 1 {
			t.Errorf("%s: the agreement was lost %q", name, v)
		}
	}
	form.Set("hand.seal.1", drawing(t, true, 80))
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Fatalf("status %d: %s", a.status, a.text())
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	a := w.post(path+"/sign", url.Values{"seal.0": {"somebody else's"}})
	if a.status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", a.status)
	}
	for _, want := range []string{"请选择印章。", "请选择签名方式。", "请阅读并同意后再签署。"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestCodeByMessage(t *testing.T) {
	w := newWorld(t, func(o *engine.Options) { o.Simulate = false })
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) {
		r.VerifyChannel, r.Mobile = []string{api.VerifyChannelCode}, "13800000001"
	})
	page := w.get(path)
	if !strings.Contains(page.text(), "138****0001") {
		t.Errorf("the page does not say where the code goes: %s", page.text())
	}
	form := page.filled(t)
	form.Set("Agree", "on")
	form.Set("VerifyResult", "x")
	if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "验证码不正确或已失效") {
		t.Errorf("a wrong code: %d", a.status)
	}
	if a := w.post(path+"/code", form); a.status != http.StatusOK || !strings.Contains(a.text(), "验证码已发送") ||
		a.doc.Find(`input[name="Agree"][checked]`).Length() != 1 {
		t.Errorf("asking for a code: %d", a.status)
	}
	if a := w.post(path+"/code", url.Values{}, "Accept", "application/json"); !strings.Contains(string(a.body), `"kind":"danger"`) {
		t.Errorf("asking again at once: %s", a.body)
	}
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(w.message())
	form.Set("VerifyResult", code)
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Fatalf("the right code %q: %d %s", code, a.status, a.text())
	}
}

func TestRefusing(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	form := w.get(path).filled(t)
	if a := w.post(path+"/reject", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "请填写拒签理由") {
		t.Fatalf("without a reason: %d", a.status)
	}
	form.Set("Reason", "价款不对")
	if a := w.post(path+"/reject", form); a.status != http.StatusSeeOther {
		t.Fatalf("with a reason: %d", a.status)
	}
	if done := w.get(path); !strings.Contains(done.text(), "您已拒绝签署") || !strings.Contains(done.text(), "价款不对") || done.doc.Find("#sign").Length() != 0 {
		t.Errorf("afterwards: %s", done.text())
	}
}

func TestLinksThatLeadNowhere(t *testing.T) {
	w := newWorld(t)
	flow := w.flow()
	path := w.send(flow, nil)
	preview, err := api.CreatePreviewSignUrl.Call(t.Context(), w.client, &api.CreatePreviewSignUrlRequest{Caller: w.caller(), FlowId: flow,
		Deadline: w.clock.Now().Add(time.Hour).Unix()})
	must(t, err)
	previewPath := strings.TrimPrefix(preview.PreviewSignUrl, "http://127.0.0.1:8081")
	read := w.get(previewPath)
	if read.status != http.StatusOK || read.doc.Find("#sign, .mark").Length() != 0 || read.doc.Find(".doc-page").Length() != 3 {
		t.Errorf("preview: %d", read.status)
	}
	for _, p := range []string{"/s/" + strings.Repeat("a", 22), "/s/x", "/s/" + strings.Repeat("a", 4000), strings.Replace(previewPath, "/p/", "/s/", 1),
		strings.Replace(path, "/s/", "/p/", 1), path + "/seals/foreign.png", path + "/files/0/4.png", path + "/files/1", path + "/other"} {
		a := w.get(p)
		if a.status != http.StatusNotFound || !strings.Contains(a.text(), "链接无效") {
			t.Errorf("%.60s: %d", p, a.status)
		}
	}
	w.clock.pass(48 * time.Hour)
	if a := w.get(path); a.status != http.StatusGone || !strings.Contains(a.text(), "链接已过期") {
		t.Errorf("an old link: %d", a.status)
	}
}

func TestWithdrawn(t *testing.T) {
	w := newWorld(t)
	flow := w.flow()
	path := w.send(flow, nil)
	form := w.get(path).filled(t)
	_, err := api.CancelFlow.Call(t.Context(), w.client, &api.CancelFlowRequest{Caller: w.caller(), FlowId: flow, CancelMessage: "发错了"})
	must(t, err)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("signing gives %d", a.status)
	}
	if a := w.get(path); a.status != http.StatusOK || !strings.Contains(a.text(), "发起方已撤回合同") || !strings.Contains(a.text(), "发错了") {
		t.Errorf("%d %s", a.status, a.text())
	}
}

func TestReadingComesFirst(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.IsFullText, r.PreReadTime = true, 20 })
	form := w.get(path).filled(t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "20 秒后可签署") {
		t.Errorf("at once: %d %s", a.status, a.text())
	}
	w.clock.pass(20 * time.Second)
	if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "请先阅读到合同的最后一页") {
		t.Errorf("without the pages: %d %s", a.status, a.text())
	}
	for page := range 3 {
		w.get(fmt.Sprintf("%s/files/0/%d.png", path, page+1))
	}
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("after reading: %d %s", a.status, a.text())
	}
}

func TestForeignOriginsAndFloods(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	form := w.get(path).filled(t)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if a := w.post(path+"/reject", form, headers...); a.status != http.StatusForbidden {
			t.Errorf("%v: %d", headers, a.status)
		}
	}
	status := 0
	for range actsPerMinute + 1 {
		status = w.post(path+"/reject", url.Values{}).status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("a flood ends with %d", status)
	}
	w.clock.pass(time.Minute)
	if a := w.post(path+"/reject", url.Values{}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a minute later: %d", a.status)
	}
	for range missesPerMinute {
		w.get("/s/unknown")
	}
	if a := w.get("/s/unknown"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("guessing links ends with %d", a.status)
	}
}

func TestActsAreNotDoneByOpeningThem(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	for _, act := range []string{"/sign", "/reject", "/code"} {
		if a := w.get(path + act); a.status != http.StatusSeeOther || a.header.Get("Location") != path {
			t.Errorf("GET %s: %d", act, a.status)
		}
	}
	if a := w.get(path); a.doc.Find("#sign").Length() != 1 {
		t.Error("the form is gone")
	}
}

func TestEnglish(t *testing.T) {
	w := newWorld(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+w.send(w.flow(), nil), nil)
	must(t, err)
	req.Header.Set("Accept-Language", "en-GB,en")
	if a := w.do(req); !strings.Contains(a.text(), "Signing as 王小明 for 深圳市示例科技有限公司") {
		t.Errorf("%s", a.text())
	}
}
