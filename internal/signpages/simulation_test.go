package signpages

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// TestASimulatedMessageIsShownInPlace asks for a code where simulation shows it: on the page of the task that it is for and on no other,
// though both signers have one mobile.
func TestASimulatedMessageIsShownInPlace(t *testing.T) {
	byCode := func(r *api.SendFlowUrlRequest) {
		r.VerifyChannel, r.Mobile = []string{api.VerifyChannelCode}, "13800000001"
	}
	w := newWorld(t)
	path, other := w.send(w.flow(), byCode), w.send(w.flow(), byCode)
	if a := w.get(path); a.doc.Find("[data-simulation]").Length() != 1 || a.doc.Find("[data-simulated-message]").Text() != "" {
		t.Errorf("before: %s", a.text())
	}
	answer := w.post(path+"/code", url.Values{}, "Accept", "application/json")
	if !regexp.MustCompile(`"simulated":"模拟短信[^"]*\d{6}`).Match(answer.body) {
		t.Errorf("the answer to a script: %s", answer.body)
	}
	page := w.get(path)
	code := regexp.MustCompile(`\b\d{6}\b`).FindString(page.doc.Find("[data-simulated-message]").Text())
	if a := w.get(other); strings.Contains(string(a.body), code) {
		t.Error("the page of another task shows the code")
	}
	form := page.filled(t)
	form.Set("Agree", "on")
	form.Set("VerifyResult", code)
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("the code %q does not sign: %d %s", code, a.status, a.text())
	}

	w = newWorld(t, func(o *engine.Options) { o.Simulate = false })
	path = w.send(w.flow(), byCode)
	answer = w.post(path+"/code", url.Values{}, "Accept", "application/json")
	page = w.get(path)
	if strings.Contains(string(answer.body), "simulated") || page.doc.Find("[data-simulation]").Length() != 0 || page.doc.Find("[data-simulated-message]").Text() != "" {
		t.Errorf("for real: %s %s", answer.body, page.text())
	}
	if a := w.get("/f/a-check-of-old"); a.status != http.StatusNotFound || !strings.Contains(a.text(), "模拟核身已停用") {
		t.Errorf("the page of a check for real: %d %s", a.status, a.text())
	}
	if a := w.post("/f/a-check-of-old", url.Values{"Outcome": {"pass"}}); a.status != http.StatusNotFound {
		t.Errorf("a check is decided for real: %d", a.status)
	}
}
