package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sealdesk/internal/auth"
	"sealdesk/internal/db"
)

// TestNobodyActsForAnotherOrganisation asks every form in which a person and an organisation stand together for a pair that does not fit.
// Each refuses it, names both, and keeps nothing.
func TestNobodyActsForAnotherOrganisation(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	draft := admin.draft("三方协议", a, a)
	sent := admin.draft("已发送", a, a, b)
	admin.seals(sent)
	flow := admin.post(sent+"/send", nil).wantStatus(http.StatusOK).path
	p.until("sent", func() bool { return p.flow(flow).State == db.FlowSigning })
	later := p.flow(flow).Approvers[1].ID
	foreign := b
	foreign.person = a.person
	person := func(who, organization string) url.Values {
		return url.Values{"UserId": {who}, "OrganizationId": {organization}, "Channel": {"NONE"}, "Step": {"1"}}
	}
	operated := draftForm(p, "合同", a)
	operated.Set("OperatorId", b.person)
	used, usedBy := use(p, a, b, "1"), use(p, a, b, "1")
	used.Set("Roles[1].OrganizationId", a.organization)
	usedBy.Set("OperatorId", b.person)
	seal := url.Values{"Owner": {"organization:" + a.organization}, "SealType": {"CONTRACT"}, "SealName": {"章"}, "OperatorID": {b.person}, "Opacity": {"100"}}
	heading := "合同名称,签署截止时间,甲方签署人,甲方机构,乙方签署人,乙方机构,金额\n"

	before := p.digest()
	for name, c := range map[string]struct {
		field, pair string
		send        func() *reply
	}{
		"a draft's operator": {"OperatorId", "李娜 · 深圳", func() *reply {
			return admin.postFiles("/drafts", operated, uploadFile{"Files", "合同.pdf", contract(t)})
		}},
		"a saved draft's operator": {"OperatorId", "李娜 · 深圳", func() *reply { return admin.postFiles(draft, operated) }},
		"a signer":                 {"OrganizationId", "李娜 · 深圳", func() *reply { return admin.post(draft+"/people", person(b.person, a.organization)) }},
		"a replaced signer":        {"OrganizationId", "王小明 · 北京", func() *reply { return admin.post(flow+"/people/"+later+"/replace", person(a.person, b.organization)) }},
		"a template's role":        {`Roles\[1\]\.OrganizationId`, "李娜 · 深圳", func() *reply { return admin.post(template+"/use", used) }},
		"a template's operator":    {"OperatorId", "李娜 · 深圳", func() *reply { return admin.post(template+"/use", usedBy) }},
		"a batch's operator":       {"OperatorId", "李娜 · 深圳", func() *reply { return admin.bulk(template, b, heading+",,王小明,,李娜,,1\n") }},
		"a seal's operator":        {"OperatorID", "李娜 · 深圳", func() *reply { return admin.post("/seals", seal) }},
	} {
		got := c.send().wantStatus(http.StatusUnprocessableEntity).wantProblem(c.field)
		if text := got.find("#f-" + c.field + "-problem").Text(); !strings.Contains(text, c.pair) {
			t.Errorf("%s: the message does not name %q: %q", name, c.pair, text)
		}
	}
	// Rows of a table: one wrong organisation, and the columns of both parties swapped.
	for row, pair := range map[string]string{
		",,王小明," + b.organizationName + ",李娜,,1":                           "王小明 · 北京",
		",,王小明," + b.organizationName + ",李娜," + a.organizationName + ",1": "李娜 · 深圳",
		",,王小明,," + "李娜," + a.organization + ",1":                          "李娜 · 深圳",
	} {
		got := admin.bulk(template, a, heading+row+"\n").wantStatus(http.StatusUnprocessableEntity)
		if text := got.find("tbody").Text(); !strings.Contains(text, pair) {
			t.Errorf("%q is told as %q", row, strings.Join(strings.Fields(text), " "))
		}
	}
	for _, kept := range []string{"drafts", "flows", "batches", "seals"} {
		if now := p.digest(); now[kept] != before[kept] {
			t.Errorf("something was kept in %s", kept)
		}
	}

	// What stands in a draft by another way, or has become wrong since, is refused at sending.
	admin.seals(draft)
	admin.get(draft+"/builder").wantText("main", "可以发送")
	if err := p.db.UnassignUser(context.Background(), db.Everything(), a.person, a.organization); err != nil {
		t.Fatal(err)
	}
	refused := admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity)
	for _, what := range []string{"王小明 · 深圳", "经办人 王小明 · 深圳"} {
		if !strings.Contains(refused.find("main").Text(), what) {
			t.Errorf("sending does not name %q", what)
		}
	}
}

// TestChoicesAreNarrowed: a list offers what fits the field that it follows, also when it is searched.
func TestChoicesAreNarrowed(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	v := p.as(auth.Business, a.organization)
	for path, want := range map[string][2]string{ // offered, not offered
		"signs-for?follows=UserId&UserId=" + b.person:                          {b.organization, a.organization},
		"signs-for?follows=UserId&UserId=":                                     {a.organization, ""},
		"signs-for?follows=UserId&UserId=nobody":                               {"", a.organization},
		"role-for?follows=Roles%5B0%5D.UserId&Roles%5B0%5D.UserId=" + a.person: {a.organization, b.organization},
		"operators?follows=OrganizationId&OrganizationId=" + a.organization:    {a.person, b.person},
		"operators?follows=OrganizationId&OrganizationId=" + b.organization:    {"", b.person}, // outside of the account's scope
		"party-organizations?q=&follows=UserId&UserId=" + b.person:             {b.organization, a.organization},
		"party-organizations?q=深圳&follows=UserId&UserId=" + b.person:           {"", a.organization},
		"people?q=&follows=OrganizationId&OrganizationId=" + a.organization:    {a.person, b.person},
	} {
		got := v.get("/choices/" + path).wantStatus(http.StatusOK)
		if want[0] != "" && !strings.Contains(got.body, want[0]) {
			t.Errorf("%s does not offer what fits: %s", path, got.body)
		}
		if want[1] != "" && strings.Contains(got.body, want[1]) {
			t.Errorf("%s offers what does not fit: %s", path, got.body)
		}
	}
	p.as(auth.Compliance).get("/choices/signs-for?follows=UserId&UserId=" + b.person).wantStatus(http.StatusForbidden)
	form := v.get(v.draft("合同", a) + "/people").find("#f-OrganizationId")
	if get := form.AttrOr("hx-get", ""); !strings.HasPrefix(get, "/choices/signs-for?follows=UserId") {
		t.Errorf("the organisations follow %q", get)
	}
}

// TestNoVerificationStandsAlone: no form takes "no verification" beside a check, which a signer could then skip.
func TestNoVerificationStandsAlone(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	draft := admin.draft("合同", a, a)
	approver := p.draftOf(draft).Approvers[0].ID
	both := func(form url.Values) url.Values {
		form["Channel"] = []string{"NONE", "FACEID"}
		return form
	}
	for path, form := range map[string]url.Values{
		draft + "/people":             {"UserId": {b.person}, "OrganizationId": {b.organization}, "Step": {"1"}},
		draft + "/people/" + approver: {"Step": {"1"}},
		template + "/roles":           {"Role": {"丙方"}, "ForOrganization": {"true"}, "Step": {"1"}},
	} {
		got := admin.post(path, both(form)).wantStatus(http.StatusUnprocessableEntity).wantProblem("Channel")
		if n := got.find("input[data-alone]").Length(); n != 1 {
			t.Errorf("%s: %d boxes stand alone", path, n)
		}
	}
	// One that stands in a draft or a template from before is told before sending and before use.
	for _, path := range []string{draft, template} {
		id := path[strings.LastIndex(path, "/")+1:]
		if _, err := p.db.SaveDraft(context.Background(), db.Everything(), id, 0, func(d *db.Draft) error {
			d.Approvers[0].Channels = []string{"NONE", "WEIXINAPP"}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	admin.get(draft+"/builder").wantText("main", "可以跳过核验")
	admin.post(draft+"/send", nil).wantStatus(http.StatusUnprocessableEntity).wantText("main", "可以跳过核验")
	admin.get(template).wantText("main", "可以跳过核验")
	admin.get(template + "/use").wantStatus(http.StatusConflict)
	if got := admin.bulk(template, a, "甲方签署人\n王小明\n"); got.status != http.StatusConflict {
		t.Error(fmt.Sprint("a batch of such a template: ", got.status))
	}
}
