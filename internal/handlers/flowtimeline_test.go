package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/i18n"
)

func TestATimelineIsFilteredByKindAndPerson(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	business := p.as(auth.Business, a.organization)
	p.as(auth.Compliance)
	flow := p.sendRouted(business, a, b)
	lines := func(v *visitor, kind, person string) string {
		t.Helper()
		page := v.get(flow + "?" + url.Values{"kind": {kind}, "person": {person}}.Encode()).wantStatus(http.StatusOK)
		return page.find("main .card:has(form.filters) .timeline").Text()
	}
	wantOnly := func(kind, person string, there, away []string) {
		t.Helper()
		got := lines(business, kind, person)
		for _, text := range there {
			if !strings.Contains(got, text) {
				t.Errorf("kind %q, person %q: no %q in %s", kind, person, text, got)
			}
		}
		for _, text := range away {
			if strings.Contains(got, text) {
				t.Errorf("kind %q, person %q: %q in %s", kind, person, text, got)
			}
		}
	}
	wantOnly("", "", []string{"王小明 已签署", "已发送给 王小明", "合规审计 审批"}, nil)
	wantOnly("signing", "", []string{"王小明 已签署"}, []string{"已发送给", "审批"})
	wantOnly("sending", a.personName, []string{"已发送给 王小明"}, []string{"已签署", "平台已创建流程"})
	wantOnly("", string(auth.Compliance), []string{"合规审计 审批"}, []string{"王小明"})

	// What is offered is what this contract has, and what was chosen stays chosen.
	page := business.get(flow + "?kind=approval").wantStatus(http.StatusOK)
	if chosen := page.find("select[name=kind] option[selected]").AttrOr("value", ""); chosen != "approval" {
		t.Errorf("chosen is %q", chosen)
	}
	if page.find("select[name=kind] option[value=change]").Length() != 0 || page.find("select[name=person] option[value=李娜]").Length() != 0 {
		t.Error("something is offered that leaves nothing")
	}
	business.get(flow+"?kind=approval&person="+url.QueryEscape(a.personName)).wantText("#timeline-empty", "没有同时符合")

	// The page that follows the contract by itself keeps the filter.
	if address := page.find(".live").AttrOr("hx-sse:connect", ""); address != flow+"/events?kind=approval" {
		t.Errorf("it follows %q", address)
	}
	p.as(auth.Business, b.organization).get(flow + "?kind=signing").wantStatus(http.StatusNotFound)
}

// Each event that a timeline tells of can be found by a kind.
func TestEveryEventHasAKind(t *testing.T) {
	seen := 0
	for _, key := range i18n.Keys(i18n.Chinese) {
		event, is := strings.CutPrefix(key, "flows.event.")
		if !is {
			continue
		}
		seen++
		if kind := timelineKind(event); !i18n.Has(t.Context(), "timeline.kind."+kind) || kind == "" {
			t.Errorf("%s has the kind %q", event, kind)
		}
	}
	if seen < 20 {
		t.Errorf("only %d events", seen)
	}
}
