package signpages

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// beginCheck goes from the signing page to the page of a check and gives its path.
func (w *world) beginCheck(path, channel string, form url.Values) string {
	w.t.Helper()
	address, _ := w.get(path).doc.Find(`[data-check="` + channel + `"]`).Parent().Find("button").Attr("formaction")
	a := w.post(address, form)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/f/") {
		w.t.Fatalf("%s: %d to %s", address, a.status, a.header.Get("Location"))
	}
	return a.header.Get("Location")
}

func TestSigningAfterACheck(t *testing.T) {
	for _, channel := range []string{api.VerifyChannelFace, api.VerifyChannelWeChat} {
		w := newWorld(t)
		path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) {
			r.VerifyChannel = []string{api.VerifyChannelCode, channel}
			r.Mobile = "13800000001"
		})
		form := w.get(path).filled(t)
		form.Set("Agree", "on")
		form.Set("VerifyChannel", channel)
		if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "请先完成核身") {
			t.Errorf("%s: without a check: %d %s", channel, a.status, a.text())
		}
		if a := w.get(path + "/checks"); !strings.Contains(string(a.body), `"`+channel+`":false`) {
			t.Errorf("%s: before: %s", channel, a.body)
		}

		failed := w.beginCheck(path, channel, form)
		page := w.get(failed)
		if page.status != http.StatusOK || !strings.Contains(page.text(), "模拟") || !strings.Contains(page.text(), "王小明") ||
			strings.Contains(page.text(), "440301198001010018") {
			t.Errorf("%s: the page of the check: %d %s", channel, page.status, page.text())
		}
		checkHeaders(t, page)
		if a := w.post(failed, url.Values{"Outcome": {"else"}}); a.status != http.StatusSeeOther || w.get(failed).doc.Find("[data-person-check] form").Length() != 1 {
			t.Errorf("%s: a choice that is none: %d", channel, a.status)
		}
		w.post(failed, url.Values{"Outcome": {"fail"}})
		w.post(failed, url.Values{"Outcome": {"pass"}})
		if a := w.get(failed); a.doc.Find(".notice-danger").Length() != 1 || a.doc.Find("[data-ticket], [data-person-check] form").Length() != 0 {
			t.Errorf("%s: a failed check can be decided anew: %s", channel, a.text())
		}
		if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: signed after a failed check: %d", channel, a.status)
		}

		passed := w.beginCheck(path, channel, form)
		w.post(passed, url.Values{"Outcome": {"pass"}})
		if a := w.get(passed); len(a.doc.Find("[data-ticket]").Text()) != 32 || !strings.Contains(a.text(), "请回到签署页面继续") {
			t.Errorf("%s: the result: %s", channel, a.text())
		}
		if a := w.get(path + "/checks"); !strings.Contains(string(a.body), `"`+channel+`":true`) {
			t.Errorf("%s: after: %s", channel, a.body)
		}
		w.clock.pass(10 * time.Minute)
		if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: an old check signs: %d", channel, a.status)
		}
		w.post(w.beginCheck(path, channel, form), url.Values{"Outcome": {"pass"}})
		if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
			t.Fatalf("%s: after the check: %d %s", channel, a.status, a.text())
		}
		if a := w.get(path); !strings.Contains(a.text(), "您已完成签署") {
			t.Errorf("%s: %s", channel, a.text())
		}
		if a := w.get(path + "/checks"); string(a.body) != "{}\n" {
			t.Errorf("%s: after signing: %s", channel, a.body)
		}
		if a := w.post(path+"/check/"+channel, form); a.status != http.StatusSeeOther || a.header.Get("Location") != path {
			t.Errorf("%s: a check of nothing: %d", channel, a.status)
		}
	}
}

func TestRefusingAfterACheck(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.VerifyChannel = []string{api.VerifyChannelFace} })
	form := w.get(path).filled(t)
	form.Set("Reason", "价款不对")
	if a := w.post(path+"/reject", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("refused without a check: %d", a.status)
	}
	w.post(w.beginCheck(path, api.VerifyChannelFace, form), url.Values{"Outcome": {"pass"}})
	if a := w.post(path+"/reject", form); a.status != http.StatusSeeOther {
		t.Errorf("refusing after a check: %d %s", a.status, a.text())
	}
	if a := w.post(path+"/check/"+api.VerifyChannelWeChat, form); a.status == http.StatusOK {
		t.Errorf("a channel of nobody: %d", a.status)
	}
}

func TestChecksOfOtherChannelsAndPrograms(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), nil)
	if a := w.post(path+"/check/"+api.VerifyChannelFace, url.Values{}); a.status != http.StatusNotFound {
		t.Errorf("a check that the sender does not want: %d", a.status)
	}
	page := w.get("/f/" + strings.Repeat("a", 22))
	if page.status != http.StatusNotFound {
		t.Errorf("a check of nobody: %d", page.status)
	}
	for name, tt := range map[string]struct {
		jumpType, jump, to, policy string
	}{
		"at once":      {"1", "https://app.example:8443/done?x=1", "https://app.example:8443/done?", "form-action 'self' https://app.example:8443;"},
		"by a link":    {"", "https://app.example/done", "/f/", "form-action 'self' https://app.example;"},
		"strange host": {"1", "https://a;script-src/", "https://a;script-src/?", "form-action 'self';"},
	} {
		made, err := api.CreateH5FaceIdUrl.Call(t.Context(), w.client, &api.CreateH5FaceIdUrlRequest{Caller: w.caller(), JumpUrl: tt.jump, JumpType: tt.jumpType})
		must(t, err)
		u, err := url.Parse(made.Url)
		must(t, err)
		page := w.get(u.Path)
		if got := page.header.Get("Content-Security-Policy"); !strings.Contains(got, tt.policy) {
			t.Errorf("%s: policy %q", name, got)
		}
		a := w.post(u.Path, url.Values{"Outcome": {"pass"}})
		to := a.header.Get("Location")
		if a.status != http.StatusSeeOther || !strings.HasPrefix(to, tt.to) {
			t.Errorf("%s: %d to %s", name, a.status, to)
		}
		if tt.jumpType == "" {
			to, _ = w.get(u.Path).doc.Find(`a[rel="noreferrer"]`).Attr("href")
		}
		back, err := url.Parse(to)
		must(t, err)
		if q := back.Query(); q.Get("code") != "0" || len(q.Get("orderNo")) != 32 || q.Get("liveRate") != "99" {
			t.Errorf("%s: leads to %s", name, to)
		}
	}
	made, err := w.engine.BeginUserCheck(t.Context(), w.user, api.VerifyChannelWeChat)
	must(t, err)
	u, err := url.Parse(made)
	must(t, err)
	w.clock.pass(30 * time.Minute)
	if a := w.get(u.Path); a.status != http.StatusGone {
		t.Errorf("an old page: %d", a.status)
	}
}

// TestReadingOutlivesTheServer begins reading with one handler and ends with another.
func TestReadingOutlivesTheServer(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.IsFullText, r.PreReadTime = true, 20 })
	form := w.get(path).filled(t)
	form.Set("Agree", "on")
	for page := range 3 {
		w.get(fmt.Sprintf("%s/files/0/%d.png", path, page+1))
	}
	w.clock.pass(20 * time.Second)
	handler, err := New(Options{Engine: w.engine, Clock: w.clock.Now})
	must(t, err)
	w.server.Close()
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("read before, signed after a restart: %d %s", a.status, a.text())
	}
}

// TestSignersWaitByTheEnginesClock advances the engine's clock, not the world's.
func TestSignersWaitByTheEnginesClock(t *testing.T) {
	w := newWorld(t)
	path := w.send(w.flow(), func(r *api.SendFlowUrlRequest) { r.PreReadTime = 600 })
	form := w.get(path).filled(t)
	form.Set("Agree", "on")
	if a := w.post(path+"/sign", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("at once: %d", a.status)
	}
	must(t, w.engine.AdvanceClock(t.Context(), 10*time.Minute))
	if a := w.post(path+"/sign", form); a.status != http.StatusSeeOther {
		t.Errorf("after the time: %d %s", a.status, a.text())
	}
	if s, err := w.engine.SigningSession(t.Context(), strings.TrimPrefix(path, "/s/")); err != nil || s.Approver.Status != engine.ApproverSigned {
		t.Errorf("%+v, %v", s, err)
	}
}
