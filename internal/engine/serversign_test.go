package engine_test

import (
	"strings"
	"testing"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

func silentRequest(flowID string, q party, components ...api.Component) *api.CreateServerFlowSignRequest {
	return &api.CreateServerFlowSignRequest{Caller: q.caller(), FlowId: flowID, SourceIp: "203.0.113.7", SignComponents: components}
}

func TestSilentSignature(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)

	// Before anything was sent: the signature is a task of its own, and the flow waits for nobody.
	flowID := p.flow(first)
	if got := do(p, api.CreateServerFlowSign, silentRequest(flowID, first, box("mine", "SIGN_SEAL", 80, 200))).SignStatus; got != 1 {
		t.Errorf("SignStatus = %d", got)
	}
	if got := p.status(flowID); got != 7 {
		t.Errorf("status = %d", got)
	}
	a := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
	if a.UserId != first.user || a.SubOrganizationId != first.organization || a.ApproveStatus != 1 || a.ComponentSeals[0] != (api.ComponentSeal{ComponentId: "mine", SealId: first.seal}) {
		t.Errorf("%+v", a)
	}
	other := p.task(flowID, first, second, 400)
	do(p, api.CreateServerFlowSign, silentRequest(flowID, first, box("more", "SIGN_SIGNATURE", 300, 200)))
	if got := p.status(flowID); got != 1 {
		t.Errorf("status while another is to sign = %d", got)
	}
	do(p, api.SignFlow, signRequest(flowID, other, second))
	p.checkSigned(p.signedFile(flowID), first.name, first.name, second.name)

	// An open task of the initiator's is done, by its components' ids alone.
	flowID = p.flow(first)
	p.task(flowID, first, first, 200)
	do(p, api.CreateServerFlowSign, silentRequest(flowID, first, api.Component{ComponentId: "seal", ComponentValue: "SUBORG_DEFAULT_SEAL"}, api.Component{ComponentId: "hand"}))
	approvers := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers
	if len(approvers) != 1 || approvers[0].ApproveStatus != 1 || approvers[0].ComponentSeals[0].SealId != first.seal || approvers[0].ComponentSeals[1].SealId != first.handwriting {
		t.Errorf("%+v", approvers)
	}
	p.checkSigned(p.signedFile(flowID), first.name)
	events, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "flow.sign"}, 0, 1)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].DetailText, `"channel":"SERVER"`) || !strings.Contains(events[0].DetailText, "203.0.113.7") {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestWhatSilentSigningRefuses(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	p.task(flowID, first, first, 200)
	silent := func(code string, req *api.CreateServerFlowSignRequest) {
		t.Helper()
		refused(p, code, api.CreateServerFlowSign, req)
	}
	wrong := api.CodeUnknownParameter
	silent(unknown, silentRequest("nothing", first, api.Component{ComponentId: "seal"}))
	silent(unknown, silentRequest(flowID, first, api.Component{ComponentId: "nothing"}))
	silent(unknown, silentRequest(flowID, party{user: "nobody"}, api.Component{ComponentId: "seal"}))
	silent(api.CodeResourceUnavailable, silentRequest(flowID, second, box("x", "SIGN_SEAL", 1, 1)))
	silent(api.CodeResourceUnavailable, silentRequest(flowID, party{user: first.user}, box("x", "SIGN_SIGNATURE", 1, 1)))
	silent(wrong, silentRequest(flowID, party{}, api.Component{ComponentId: "seal"}))
	silent(wrong, silentRequest(flowID, first, api.Component{ComponentId: "seal", FileIndex: 1}))
	silent(wrong, silentRequest(flowID, first, api.Component{ComponentId: "seal", ComponentValue: second.seal}))
	silent(wrong, silentRequest(flowID, first, api.Component{ComponentId: "x", ComponentType: "SIGN_SEAL", ComponentPage: 9}))
	silent(wrong, silentRequest(flowID, first, api.Component{ComponentId: "x", ComponentType: "SIGN_SEAL", GenerateMode: 2}))
	do(p, api.ModifySubOrganizationInfo, &api.ModifySubOrganizationInfoRequest{Caller: first.caller(), Name: "改名后的公司"})
	silent(api.CodeFailedOperationAccountVerifyFail, silentRequest(flowID, first, api.Component{ComponentId: "seal"}))
	do(p, api.VerifySubOrganization, &api.VerifySubOrganizationRequest{Caller: first.caller()})
	if err := p.engine.SetRight(t.Context(), engine.RightCreateServerFlowSign, false); err != nil {
		t.Fatal(err)
	}
	silent(api.CodeAuthFailureUnauthorizedOperation, silentRequest(flowID, first, api.Component{ComponentId: "seal"}))
	if err := p.engine.SetRight(t.Context(), engine.RightCreateServerFlowSign, true); err != nil {
		t.Fatal(err)
	}
	if got := p.status(flowID); got != 1 {
		t.Errorf("a refused signature left the flow in state %d", got)
	}
	do(p, api.CreateServerFlowSign, silentRequest(flowID, first, api.Component{ComponentId: "seal"}))
	do(p, api.ArchiveFlow, &api.ArchiveFlowRequest{Caller: first.caller(), FlowId: flowID})
	silent(api.CodeResourceUnavailable, silentRequest(flowID, first, box("x", "SIGN_SEAL", 1, 1)))

	flowID, sign := p.offline(first)
	do(p, api.SignFlow, sign)
	silent(api.CodeResourceUnavailable, silentRequest(flowID, first, box("x", "SIGN_SEAL", 1, 1)))
}

// keywords is a contract with words to sign at, and one page without.
func keywords(t *testing.T) []byte {
	t.Helper()
	face, _ := drawing(t)
	data, err := pdf.NewComposer(face).Title("合同").Paragraph("甲方盖章处").Paragraph("乙方（盖章）：").PageBreak().Paragraph("盖章").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestComponentsAtKeywords(t *testing.T) {
	p := start(t)
	q := p.party(0)
	p.fileID = p.upload(q, keywords(t))
	send := func(c api.Component) (flowID string, err error) {
		c.ComponentType, c.GenerateMode = "SIGN_SEAL", 3
		flowID = p.flow(q)
		_, err = api.SendFlow.Call(t.Context(), p.client, &api.SendFlowRequest{Caller: q.caller(), FlowId: flowID, UserId: q.user, SubOrganizationId: q.organization,
			VerifyChannel: []string{"NONE"}, SignComponents: []api.Component{c}})
		return flowID, err
	}
	placed := func(c api.Component) []engine.SessionComponent {
		t.Helper()
		flowID, err := send(c)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.engine.SigningSession(t.Context(), p.link(flowID, q))
		if err != nil {
			t.Fatal(err)
		}
		return s.Components
	}
	all := placed(api.Component{ComponentId: "盖章"})
	if len(all) != 3 || all[0].ID != "盖章" || all[0].Page != 1 || all[2].Page != 2 || all[0].Width != 119 || all[1].Y <= all[0].Y {
		t.Fatalf("%+v", all)
	}
	if got := placed(api.Component{ComponentId: "^盖章^"}); len(got) != 2 || got[0].Page != 1 || got[0].Y != all[1].Y {
		t.Errorf("alone: %+v", got)
	}
	if got := placed(api.Component{ComponentId: "盖章", GenerateExtra: `{"KeywordOrder":"Reverse","KeywordIndexes":[0]}`}); len(got) != 1 || got[0].Page != 2 {
		t.Errorf("the last: %+v", got)
	}
	got := placed(api.Component{ComponentId: "盖章", ComponentWidth: 40, ComponentHeight: 20, GenerateExtra: `{"KeywordPage":2}`})
	if len(got) != 1 || got[0].Page != 2 || got[0].Width != 40 {
		t.Fatalf("page 2: %+v", got)
	}
	middle := got[0]
	for where, moved := range map[string]func(engine.SessionComponent) bool{
		"Right":      func(c engine.SessionComponent) bool { return c.X > middle.X+20 && c.Y == middle.Y },
		"Below":      func(c engine.SessionComponent) bool { return c.X == middle.X && c.Y > middle.Y+10 },
		"LowerRight": func(c engine.SessionComponent) bool { return c.X > middle.X+20 && c.Y > middle.Y+10 },
		"UpperRight": func(c engine.SessionComponent) bool { return c.X > middle.X+20 && c.Y < middle.Y-10 },
		"Middle":     func(c engine.SessionComponent) bool { return c.X == middle.X && c.Y == middle.Y },
	} {
		c := api.Component{ComponentId: "盖章", ComponentWidth: 40, ComponentHeight: 20, GenerateExtra: `{"KeywordPage":2,"RelativeLocation":"` + where + `"}`}
		if got := placed(c); !moved(got[0]) {
			t.Errorf("%s: %+v, middle %+v", where, got[0], middle)
		}
	}
	c := api.Component{ComponentId: "盖章", ComponentWidth: 40, ComponentHeight: 20, GenerateExtra: `{"KeywordPage":2,"OffsetX":30,"OffsetY":-5}`}
	if got := placed(c)[0]; got.X != middle.X+30 || got.Y != middle.Y-5 {
		t.Errorf("%+v", got)
	}
	for name, c := range map[string]struct {
		code string
		api.Component
	}{
		"nowhere":                   {value, api.Component{ComponentId: "签字"}},
		"no word":                   {api.CodeMissingParameter, api.Component{}},
		"no JSON":                   {value, api.Component{ComponentId: "盖章", GenerateExtra: "Right"}},
		"order":                     {value, api.Component{ComponentId: "盖章", GenerateExtra: `{"KeywordOrder":"Random"}`}},
		"index":                     {value, api.Component{ComponentId: "盖章", GenerateExtra: `{"KeywordIndexes":[3]}`}},
		"direction":                 {value, api.Component{ComponentId: "盖章", GenerateExtra: `{"RelativeLocation":"Above"}`}},
		"ignored, but the only one": {value, api.Component{ComponentId: "签字", GenerateExtra: `{"IgnoreKeywordError":1}`}},
	} {
		if _, err := send(c.Component); !api.IsCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}

	// One choice signs every place.
	flowID, err := send(api.Component{ComponentId: "盖章"})
	if err != nil {
		t.Fatal(err)
	}
	do(p, api.SignFlow, &api.SignFlowRequest{Caller: q.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1",
		SignSeals: []api.SignSeal{{ComponentId: "盖章", SignType: "SIGN_SEAL", SealId: q.seal}}})
	p.checkSigned(p.signedFile(flowID), q.name)
}

// formPDF is a page with the text field "party.seal" at 100, 200 from the top left, 150 × 60 points.
func formPDF() []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[5 0 R]>>", "<</T(party)/Kids[5 0 R]>>",
		"<</T(seal)/FT/Tx/Parent 4 0 R/Type/Annot/Subtype/Widget/Rect[100 582 250 642]/P 3 0 R>>"}
	return assemble(objects)
}

func TestComponentsOnFormFields(t *testing.T) {
	p := start(t)
	q := p.party(0)
	p.fileID = p.upload(q, formPDF())
	flowID := p.flow(q)
	req := &api.SendFlowRequest{Caller: q.caller(), FlowId: flowID, UserId: q.user, SubOrganizationId: q.organization, VerifyChannel: []string{"NONE"},
		SignComponents: []api.Component{{ComponentId: "party.nothing", ComponentType: "SIGN_SEAL", GenerateMode: 1}}}
	refused(p, value, api.SendFlow, req)
	req.SignComponents = []api.Component{{ComponentId: "party.seal", ComponentType: "SIGN_SEAL", GenerateMode: 1},
		{ComponentId: "by name", ComponentName: "party.seal", ComponentType: "SIGN_SIGNATURE", GenerateMode: 1, ComponentWidth: 50, ComponentHeight: 20}}
	do(p, api.SendFlow, req)
	s, err := p.engine.SigningSession(t.Context(), p.link(flowID, q))
	if err != nil {
		t.Fatal(err)
	}
	if c := s.Components[0]; c.Page != 1 || c.X != 100 || c.Y != 200 || c.Width != 150 || c.Height != 60 {
		t.Errorf("%+v", c)
	}
	if c := s.Components[1]; c.X != 150 || c.Y != 220 || c.Width != 50 || c.Height != 20 {
		t.Errorf("%+v", c)
	}
	do(p, api.SignFlow, &api.SignFlowRequest{Caller: q.caller(), FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", SignSeals: []api.SignSeal{}})
	p.checkSigned(p.signedFile(flowID), q.name)
}

// TestOptionalComponentsMayStayEmpty signs without a signature of one's own.
func TestOptionalComponentsMayStayEmpty(t *testing.T) {
	p := start(t)
	q := p.party(0)
	u := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "bare", Name: "周强", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
	do(p, api.VerifyUser, &api.VerifyUserRequest{UserId: u})
	optional := box("hand", "SIGN_SIGNATURE", 300, 200)
	optional.ComponentRequired = false
	send := func(components ...api.Component) *api.SignFlowRequest {
		flowID := p.flow(q)
		do(p, api.SendFlow, &api.SendFlowRequest{Caller: q.caller(), FlowId: flowID, UserId: u, SubOrganizationId: q.organization, VerifyChannel: []string{"NONE"}, SignComponents: components})
		return &api.SignFlowRequest{Caller: api.Caller{OperatorId: u, SubOrganizationId: q.organization}, FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1", SignSeals: []api.SignSeal{}}
	}
	sign := send(box("seal", "SIGN_SEAL", 80, 200), optional)
	do(p, api.SignFlow, sign)
	a := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: sign.FlowId}).Approvers[0]
	if a.ComponentSeals[0].SealId != q.seal || a.ComponentSeals[1].SealId != "" {
		t.Errorf("%+v", a.ComponentSeals)
	}
	refused(p, api.CodeInvalidParameter, api.SignFlow, send(optional)) // nothing at all
}
