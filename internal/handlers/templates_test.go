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
)

// templateOf makes a template of a draft between two parties, with a seal for each and a text field to fill in, and returns its path.
func (v *visitor) templateOf(name string, a, b side) string {
	v.p.t.Helper()
	draft := v.draft(name, a, a, b)
	v.seals(draft)
	state := v.builder(draft)
	text := db.Component{ID: "amount", Type: db.FillText, Approver: state.Approvers[0].ID, Page: 1, X: 80, Y: 100, Width: 119, Height: 24, Required: true, Name: "金额"}
	fixed := text
	fixed.ID, fixed.Name, fixed.Value, fixed.Y = "fixed", "", "人民币", 140
	v.save(draft, state.revision, append(state.Components, text, fixed)...).wantStatus(http.StatusOK)
	form := v.get(draft + "/template").wantStatus(http.StatusOK)
	if role := form.find("[name='Roles[1].Role']").AttrOr("value", ""); role != "乙方" {
		v.p.t.Errorf("the second role is offered as %q", role)
	}
	got := v.post(draft+"/template", url.Values{"Name": {name + "模板"}, "Roles[0].Role": {"甲方"}, "Roles[1].Role": {"乙方"}}).wantStatus(http.StatusOK)
	v.get(draft).wantStatus(http.StatusOK) // it stays
	return got.path
}

// use is the form of a template, filled in.
func use(p *portal, a, b side, amount string) url.Values {
	return url.Values{"Name": {"{甲方}与{乙方}的合同（{金额}元）"}, "Deadline": {p.clock.now().In(beijing()).AddDate(0, 0, 9).Format(deadlineLayout)}, "OperatorId": {a.person},
		"Roles[0].UserId": {a.person}, "Roles[1].UserId": {b.person}, "Roles[1].OrganizationId": {b.organization}, "Fields[0].Value": {amount}}
}

func TestATemplateOfADraftBecomesContracts(t *testing.T) {
	p := startPortal(t)
	p.background()
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	page := admin.get(template).wantStatus(http.StatusOK).wantText("h1", "采购合同模板").wantText(".reader-people", "甲方").wantText(".facts", "金额").wantText(".reader-people a", "金额")
	if strings.Contains(page.body, a.personName) || strings.Contains(page.body, b.organizationName) {
		t.Error("the template still names the people of the draft")
	}

	refused := use(p, a, b, "")
	refused.Del("Roles[1].UserId")
	refused.Set("Deadline", "2020-01-01T10:00")
	admin.post(template+"/use", refused).wantStatus(http.StatusUnprocessableEntity).wantProblem(`Fields\[0\]\.Value`).wantProblem(`Roles\[1\]\.UserId`).wantProblem("Deadline")
	same := use(p, a, a, "1")
	admin.post(template+"/use", same).wantStatus(http.StatusUnprocessableEntity).wantProblem(`Roles\[1\]\.UserId`)

	draft := admin.post(template+"/use", use(p, a, b, "8,000")).wantStatus(http.StatusOK).wantText("h1", a.organizationName+"与"+b.organizationName+"的合同（8,000元）")
	path := strings.TrimSuffix(draft.path, "/builder")
	made, err := p.db.Draft(context.Background(), db.Everything(), strings.TrimPrefix(path, "/drafts/"))
	if err != nil {
		t.Fatal(err)
	}
	if made.Approvers[0].OrganizationID != a.organization || made.Approvers[1].UserID != b.person || made.OperatorID != a.person || made.Template != nil {
		t.Errorf("the draft is %+v", made)
	}
	values := map[string]string{}
	for _, c := range made.Components {
		values[c.ID] = c.Value
	}
	if values["amount"] != "8,000" || values["fixed"] != "人民币" {
		t.Errorf("filled in %v", values)
	}
	form := use(p, a, b, "9,000")
	form.Set("send", "1")
	flow := admin.post(template+"/use", form).wantStatus(http.StatusOK)
	p.until("the contract is sent", func() bool { return p.flow(flow.path).State == db.FlowSigning })
}

func TestATemplateIsMadeAndChangedLikeADraft(t *testing.T) {
	p := startPortal(t)
	a := p.side(0)
	admin := p.as(auth.Admin)
	admin.get("/templates").wantStatus(http.StatusOK).wantText(".empty", "还没有模板")
	admin.postFiles("/templates", url.Values{"Days": {"0"}}).wantStatus(http.StatusUnprocessableEntity).
		wantProblem("Name").wantProblem("ContractName").wantProblem("Days").wantProblem("OrganizationId").wantProblem("Files")
	form := url.Values{"Name": {"保密协议"}, "ContractName": {"{甲方}保密协议"}, "Days": {"7"}, "OrganizationId": {a.organization}}
	got := admin.postFiles("/templates", form, uploadFile{"Files", "协议.pdf", contract(t)}).wantStatus(http.StatusOK)
	template := strings.TrimSuffix(got.path, "/roles")
	id := strings.TrimPrefix(template, "/templates/")
	draft := "/drafts/" + id

	admin.get(draft + "/builder").wantStatus(http.StatusOK).wantPath(template + "/roles")
	role := url.Values{"Role": {"甲方"}, "ForOrganization": {"true"}, "Channel": {"NONE"}, "Step": {"1"}}
	role["Channel"], role["PreRead"] = []string{"WEIXINAPP", "FACEID"}, []string{"30"}
	admin.post(template+"/roles", role).wantStatus(http.StatusOK).wantText("table", "甲方")
	first, err := p.db.Template(t.Context(), db.Everything(), id)
	if err != nil || len(first.Approvers[0].Channels) != 2 || first.Approvers[0].PreRead != 30 {
		t.Errorf("the role became %+v, %v", first.Approvers, err)
	}
	admin.post(template+"/roles", role).wantStatus(http.StatusUnprocessableEntity).wantProblem("Role")
	role.Set("Role", "{乙}")
	admin.post(template+"/roles", role).wantStatus(http.StatusUnprocessableEntity).wantProblem("Role")
	state := admin.builder(draft)
	if len(state.Approvers) != 1 || state.Approvers[0].Name != "甲方" {
		t.Fatalf("the builder got %+v", state.Approvers)
	}
	admin.get(template+"/use").wantStatus(http.StatusConflict).wantText("main", "补全")
	unnamed := db.Component{ID: "x", Type: db.FillText, Approver: state.Approvers[0].ID, Page: 1, X: 80, Y: 100, Width: 119, Height: 24}
	admin.save(draft, state.revision, unnamed).wantStatus(http.StatusOK)
	admin.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "甲方 还没有印章或签名控件").wantText("*", "没有名称")
	admin.seals(draft)
	admin.get(draft+"/preflight").wantStatus(http.StatusOK).wantText("*", "可以使用")

	role.Set("Role", "披露方")
	role.Set("edit", state.Approvers[0].ID)
	admin.post(template+"/roles", role).wantStatus(http.StatusOK).wantText("table", "披露方")
	form.Set("Name", "双方保密协议")
	form.Set("stay", "1")
	admin.postFiles(template+"/edit", form).wantStatus(http.StatusOK).wantPath(template).wantText("h1", "双方保密协议").wantText(".reader-people", "披露方")

	// What a draft can, a template cannot.
	for _, path := range []string{"", "/people", "/template"} {
		admin.get(draft + path).wantStatus(http.StatusNotFound)
	}
	admin.post(draft+"/send", nil).wantStatus(http.StatusNotFound)
	admin.post(draft+"/delete", nil).wantStatus(http.StatusNotFound)
	if _, err := p.routing.Send(context.Background(), db.Everything(), id, 1); err == nil {
		t.Error("a template was sent")
	}
	admin.get("/drafts").wantStatus(http.StatusOK).wantText(".empty", "没有草稿")

	admin.get("/templates?q=保密").wantStatus(http.StatusOK).wantText("table", "双方保密协议")
	admin.get("/templates?q=租赁").wantStatus(http.StatusOK).wantText(".empty", "没有找到")
	admin.post(template+"/duplicate", nil).wantStatus(http.StatusOK).wantText("h1", "双方保密协议（副本）")
	admin.post(template+"/delete", nil).wantStatus(http.StatusOK).wantPath("/templates").wantText("table", "副本")
	admin.get(template).wantStatus(http.StatusNotFound)
	counts, err := p.db.Counters(context.Background(), db.Everything())
	if err != nil || counts["templates"] != 1 || counts["drafts"] != 0 {
		t.Errorf("counted %v, %v", counts, err)
	}
	events, err := p.db.Audit().Query(context.Background(), audit.Filter{ObjectType: "template", ObjectID: id, Outcome: audit.OK}, 0, 20)
	if err != nil || len(events) < 5 || events[0].Action != "template.delete" {
		t.Errorf("recorded %+v, %v", events, err)
	}
}

func TestTemplatesOfOtherOrganisationsDoNotExist(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	template := p.as(auth.Admin).templateOf("采购合同", a, b)
	draft := strings.Replace(template, "/templates/", "/drafts/", 1)
	stranger := p.as(auth.Business, b.organization)
	for _, path := range []string{template, template + "/edit", template + "/roles", template + "/use", draft + "/builder", draft + "/preflight", draft + "/files/0/pages/1.png"} {
		if got := stranger.get(path); got.status != http.StatusNotFound && got.status != http.StatusNoContent || strings.Contains(got.body, "采购合同") {
			t.Errorf("%s answers %d", path, got.status)
		}
	}
	for _, path := range []string{"/edit", "/roles", "/use", "/duplicate", "/delete", "/roles/x/remove"} {
		stranger.post(template+path, use(p, a, b, "1")).wantStatus(http.StatusNotFound)
	}
	stranger.get("/templates").wantStatus(http.StatusOK).wantText(".empty", "还没有模板")
	p.as(auth.Business, a.organization).get(template).wantStatus(http.StatusOK)
}

func TestWhoeverWasChosenForARoleStaysChosen(t *testing.T) {
	p := startPortal(t)
	a, b := p.side(0), p.side(1)
	admin := p.as(auth.Admin)
	template := admin.templateOf("采购合同", a, b)
	for i := range db.MaxChoices { // newer than the two, so that the list does not hold them by itself
		if err := p.db.AddUser(t.Context(), db.User{ID: fmt.Sprintf("u%03d", i), Name: "周杰", Created: p.clock.now().Add(time.Duration(i+1) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	form := use(p, a, b, "5")
	form.Del("OperatorId")
	got := admin.post(template+"/use", form).wantStatus(http.StatusUnprocessableEntity)
	if value := got.find(`[name='Roles[0].UserId'] option[selected]`).AttrOr("value", ""); value != a.person {
		t.Errorf("the choice is now %q", value)
	}
	if where := got.find(`[name='Roles[0].UserId']`).Parent().Find("input[type=search]").AttrOr("hx-get", ""); where != "/choices/parties" {
		t.Errorf("people are searched at %q", where)
	}
	if deadline, err := time.Parse(deadlineLayout, got.find("#f-Deadline").AttrOr("value", "")); err != nil || deadline.IsZero() {
		t.Errorf("the deadline is now %v, %v", deadline, err)
	}
}
