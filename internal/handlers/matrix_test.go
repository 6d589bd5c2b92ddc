package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
)

var signLink = regexp.MustCompile(`http://engine\.test/s/([A-Za-z0-9_-]+)`)

// attempt is one cell of the matrix: who sends in which way to whom, and how that person is to show their will.
type attempt struct {
	role         string
	way, channel string
	own          bool
}

// TestNoSignatureWithoutTheSigner is role × channel × own or foreign organisation × way of sending. Whoever sends then tries everything that
// the portal, and whatever link of the signer's it shows, can do without the signer. One thing signs: the link of a signer of one's own
// organisation who was ordered no verification.
func TestNoSignatureWithoutTheSigner(t *testing.T) {
	p := startPortal(t, strict)
	p.background()
	a, b := p.side(0), p.side(1)
	colleague := a
	colleague.person, colleague.personName = p.person("周强", "440301198001010010", true), "周强"
	if err := p.db.AddUser(t.Context(), db.User{ID: colleague.person, Name: "周强", IDCardType: "ID_CARD", Verified: p.clock.now(),
		Organizations: []db.UserOrganization{{ID: a.organization}}}); err != nil {
		t.Fatal(err)
	}
	admin := p.as(auth.Admin)
	visitors := map[string]*visitor{"admin": admin, "business": p.as(auth.Business, a.organization), "stranger": p.as(auth.Business, b.organization),
		"compliance": p.as(auth.Compliance)}
	for i, s := range []side{colleague, b} { // both have an account of their own, which the sender is not logged in to
		own := p.addAccount(fmt.Sprint("own", i), auth.Business, s.organization)
		admin.post("/accounts/"+own.ID+"/person", url.Values{"PersonId": {s.person}}).wantStatus(http.StatusOK)
	}
	templates := map[string]string{}
	for _, channel := range []string{"NONE", "VERIFYCODE", "FACEID", "WEIXINAPP", "ACCOUNT"} {
		template := admin.templateOf("采购合同"+channel, a, colleague)
		id := strings.TrimPrefix(template, "/templates/")
		if _, err := p.db.SaveDraft(t.Context(), db.Everything(), id, 0, func(d *db.Draft) error {
			d.Approvers[1].Channels, d.Approvers[1].Step = []string{channel}, 1
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		templates[channel] = template
	}
	sent := map[string]int{}
	for role, v := range visitors {
		for _, channel := range []string{"NONE", "VERIFYCODE", "FACEID", "WEIXINAPP", "ACCOUNT"} {
			for _, to := range []side{colleague, b} {
				for way, send := range map[string]func() string{
					"draft":    func() string { return v.sendDraftTo(a, to, channel) },
					"template": func() string { return v.useTemplateFor(p, templates[channel], a, to) },
					"bulk":     func() string { return v.bulkFor(p, templates[channel], a, to) },
					"replace":  func() string { return v.replaceBy(p, a, to, channel) },
				} {
					c := attempt{role, way, channel, to.organization == a.organization}
					flow := send()
					if flow == "" {
						continue
					}
					sent[fmt.Sprint(c.channel, " own ", c.own)]++
					p.tryWithout(v, c, flow)
				}
			}
		}
	}
	// Nothing above says anything if nothing was sent.
	for _, want := range []string{"NONE own true", "FACEID own true", "FACEID own false", "WEIXINAPP own false", "ACCOUNT own true", "ACCOUNT own false"} {
		if sent[want] == 0 {
			t.Errorf("%s was never sent: %v", want, sent)
		}
	}
	if n := sent["NONE own false"]; n > 0 {
		t.Errorf("%d contracts went to others by their link only", n)
	}
}

// tryWithout tries to sign for the last approver of a flow without them, and looks what the platform says afterwards.
func (p *portal) tryWithout(v *visitor, c attempt, path string) {
	p.t.Helper()
	f := p.flow(path)
	a := f.Approvers[len(f.Approvers)-1]
	for _, action := range []string{"SignFlow", "CreateServerFlowSign"} {
		form := url.Values{"FlowId": {f.PlatformID}, "SignId": {a.SignID}, "VerifyChannel": {"NONE"}, "CallerOperatorId": {a.UserID}, "CallerSubOrganizationId": {a.OrganizationID},
			"Confirmed": {"true"}}
		got := v.post("/calls/"+action, form)
		if got.status == http.StatusOK || c.role == "admin" && !strings.Contains(got.body, "签署人本人的行为") {
			p.t.Errorf("%+v: the portal answers %d to %s", c, got.status, action)
		}
	}
	status := func() int64 {
		resp, err := api.DescribeFlowApprovers.Call(p.t.Context(), p.client, &api.DescribeFlowApproversRequest{FlowId: f.PlatformID, SignId: a.SignID})
		if err != nil || len(resp.Approvers) != 1 {
			p.t.Fatalf("%+v: %v", c, err)
		}
		return resp.Approvers[0].ApproveStatus
	}
	if status() == api.ApproverSigned {
		p.t.Errorf("%+v: signed from the portal", c)
	}
	link := signLink.FindStringSubmatch(v.post(path+"/approvers/"+a.ID+"/link", nil).body)
	if link == nil {
		if c.channel == "ACCOUNT" {
			p.tryWithoutAccount(v, c, f, a)
		}
		return
	}
	if c.channel == "ACCOUNT" {
		p.t.Errorf("%+v: the sender is shown the link", c)
	}
	seals := map[string]string{}
	for _, component := range f.Document.Components {
		if component.Approver == a.ID && component.Signs() {
			seals[component.ID] = ""
		}
	}
	shown, err := p.engine.SigningSession(p.t.Context(), link[1])
	if err != nil {
		p.t.Fatal(err)
	}
	for _, way := range [][2]string{{"", ""}, {"VERIFYCODE", "000000"}, {"FACEID", "x"}, {"WEIXINAPP", "x"}, {"OFFLINE", "x"}, {"SERVER", ""}, {"ACCOUNT", "x"}, {"NONE", ""}} {
		err := p.engine.SessionSign(p.t.Context(), link[1], engine.SessionSign{Seals: seals, Shown: shown.Shown,
			VerifyChannel: way[0], VerifyResult: way[1], IP: "203.0.113.9"})
		if linkOnly := c.own && c.channel == "NONE" && way[0] == "NONE"; (err == nil) != linkOnly {
			p.t.Errorf("%+v: by the link and %q: %v", c, way[0], err)
		}
	}
	if signed := status() == api.ApproverSigned; signed != (c.own && c.channel == "NONE") {
		p.t.Errorf("%+v: signed is %v", c, signed)
	}
}

// tryWithoutAccount opens the signing of a task, and asks for its link by a raw call, as somebody whose account is not the signer's.
func (p *portal) tryWithoutAccount(v *visitor, c attempt, f db.Flow, a db.FlowApprover) {
	p.t.Helper()
	if got := v.post("/signings/"+f.ID+"/"+a.ID, url.Values{"Current": {testPassword}}); got.status != http.StatusNotFound {
		p.t.Errorf("%+v: opening it answered %d", c, got.status)
	}
	call := url.Values{"FlowId": {f.PlatformID}, "SignId": {a.SignID}, "UserId": {a.UserID}, "Deadline": {"4102444800"}, "Confirmed": {"true"}}
	if got := v.post("/calls/CreateSignUrl", call); signLink.MatchString(got.body) {
		p.t.Errorf("%+v: a raw call gives the link", c)
	}
}

// sentFlow waits until a flow was sent to everybody of its first step; empty where what answered is no flow.
func (v *visitor) sentFlow(got *reply) string {
	if got.status != http.StatusOK || !strings.HasPrefix(got.path, "/flows/") {
		return ""
	}
	v.p.until("sent", func() bool { s := v.p.flow(got.path).State; return s == db.FlowSigning || s == db.FlowFailed })
	if v.p.flow(got.path).State == db.FlowFailed {
		return ""
	}
	return got.path
}

func (v *visitor) sendDraftTo(from, to side, channel string) string {
	got := v.postFiles("/drafts", draftForm(v.p, "合同", from), uploadFile{"Files", "合同.pdf", contract(v.p.t)})
	path, ok := strings.CutSuffix(got.path, "/people")
	if got.status != http.StatusOK || !ok {
		return ""
	}
	if v.post(path+"/people", url.Values{"UserId": {to.person}, "OrganizationId": {to.organization}, "Channel": {channel}, "Step": {"1"}}).status != http.StatusOK {
		return ""
	}
	v.seals(path)
	return v.sentFlow(v.post(path+"/send", nil))
}

func (v *visitor) useTemplateFor(p *portal, template string, from, to side) string {
	form := use(p, from, to, "1")
	form.Set("send", "1")
	return v.together(v.sentFlow(v.post(template+"/use", form)))
}

// together lets the first approver of a flow sign, so that the second one's turn comes.
func (v *visitor) together(flow string) string {
	if flow == "" || v.p.flow(flow).Approvers[1].SignID != "" {
		return flow
	}
	v.p.sign(flow, 0)
	v.p.until("the second turn", func() bool {
		f := v.p.flow(flow)
		return f.Approvers[1].SignID != "" || f.State == db.FlowFailed
	})
	if v.p.flow(flow).Approvers[1].SignID == "" {
		return ""
	}
	return flow
}

func (v *visitor) bulkFor(p *portal, template string, from, to side) string {
	got := v.bulk(template, from, "甲方签署人,乙方签署人,乙方机构,金额\n"+from.person+","+to.person+","+to.organization+",1\n")
	if got.status != http.StatusOK {
		return ""
	}
	id := strings.TrimPrefix(got.path, "/bulk/")
	v.post(got.path+"/start", nil).wantStatus(http.StatusOK)
	flow := ""
	p.until("the batch", func() bool {
		rows, err := p.db.BatchRows(p.t.Context(), id, "", 0, 1)
		if err != nil {
			p.t.Fatal(err)
		}
		flow = rows[0].FlowID
		return rows[0].State == db.RowFailed || rows[0].State == db.RowSent
	})
	if flow == "" {
		return ""
	}
	return v.together("/flows/" + flow)
}

// replaceBy sends to two of one's own, one after the other, and puts somebody else in the place of the second.
func (v *visitor) replaceBy(p *portal, from, to side, channel string) string {
	got := v.postFiles("/drafts", draftForm(p, "合同", from), uploadFile{"Files", "合同.pdf", contract(p.t)})
	path, ok := strings.CutSuffix(got.path, "/people")
	if got.status != http.StatusOK || !ok {
		return ""
	}
	for i, how := range []string{"NONE", channel} {
		as := url.Values{"UserId": {from.person}, "OrganizationId": {[]string{from.organization, ""}[i]}, "Channel": {how}, "Step": {fmt.Sprint(i + 1)}}
		if v.post(path+"/people", as).status != http.StatusOK {
			return ""
		}
	}
	v.seals(path)
	flow := v.sentFlow(v.post(path+"/send", nil))
	if flow == "" {
		return ""
	}
	later := p.flow(flow).Approvers[1].ID
	if v.post(flow+"/people/"+later+"/replace", url.Values{"UserId": {to.person}, "OrganizationId": {to.organization}, "Channel": {channel}}).status != http.StatusOK {
		return ""
	}
	return v.together(flow)
}
