package engine_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

func TestFlowIsDescribedWhole(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	d := do(p, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID})
	if d.Creator != (api.Caller{ApplicationId: p.keys.ApplicationID, SubOrganizationId: q.organization, OperatorId: q.user}) {
		t.Errorf("creator = %+v", d.Creator)
	}
	if d.FlowName != "采购合同" || d.FlowDescription != "年度" || d.FlowType != "销售" || d.CallbackUrl != "https://callback.example" || d.CreatedOn == 0 || d.UpdatedOn != 0 {
		t.Errorf("%+v", d)
	}
	req := taskRequest(flowID, q, q, 200)
	req.JumpUrl, req.CallbackUrl, req.IsFullText, req.PreReadTime, req.CanOffLine, req.Mobile = "https://jump.example", "https://task.example", true, 20, true, "15012340702"
	req.SmsTemplate = &api.SmsTemplate{TemplateId: "1", Sign: "印台"}
	req.SignComponents[1].ComponentId = ""
	req.SignComponents[0].ComponentValue = "SUBORG_DEFAULT_SEAL"
	signID := do(p, api.SendFlow, req).SignId
	a := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID, SignId: signID}).Approvers[0]
	if a.JumpUrl != req.JumpUrl || a.CallbackUrl != req.CallbackUrl || !a.IsFullText || a.PreReadTime != 20 || !a.CanOffLine || a.Mobile != "150****0702" ||
		a.SmsTemplate == nil || a.SmsTemplate.Sign != "印台" || a.Name != q.person || a.IdCardNumber != "1****************8" || a.IdCardType != "ID_CARD" || a.SignId != signID {
		t.Errorf("%+v", a)
	}
	if len(a.ComponentSeals) != 3 || a.ComponentSeals[0] != (api.ComponentSeal{ComponentId: "seal", SealId: q.seal}) || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(a.ComponentSeals[1].ComponentId) {
		t.Errorf("ComponentSeals = %+v", a.ComponentSeals)
	}
	if got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID, UserId: "nobody"}).Approvers; len(got) != 0 {
		t.Errorf("the filter let %d pass", len(got))
	}
	if got := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: "nothing"}).Approvers; len(got) != 0 {
		t.Errorf("a flow of nobody has %d approvers", len(got))
	}
}

func TestCustomIDs(t *testing.T) {
	p := start(t)
	q := p.party(0)
	req := &api.CreateFlowByFilesRequest{Caller: q.caller(), FileIds: []string{p.upload(q, contract(t))}, CustomId: "c-1",
		FlowInfo: api.FlowInfo{FlowName: "合同", Deadline: p.clock.Now().Add(time.Hour).Unix()}}
	id := do(p, api.CreateFlowByFiles, req).FlowId
	refused(p, value, api.CreateFlowByFiles, req)
	want := []api.CustomFlowIdMap{{CustomId: "c-1", FlowId: id}}
	if got := do(p, api.DescribeCustomFlowIds, &api.DescribeCustomFlowIdsRequest{CustomIds: []string{"c-1", "c-2"}}).CustomIdList; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := do(p, api.DescribeCustomFlowIdsByFlowId, &api.DescribeCustomFlowIdsByFlowIdRequest{FlowIds: []string{id}}).CustomIdList; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	refused(p, unknown, api.DescribeCustomFlowIds, &api.DescribeCustomFlowIdsRequest{CustomIds: []string{"c-2"}})
	req.CustomId, req.FileIds = "", []string{"nothing"}
	refused(p, unknown, api.CreateFlowByFiles, req)
	req.FileIds = []string{do(p, api.UploadFiles, &api.UploadFilesRequest{Caller: q.caller(), BusinessType: "SEAL",
		FileInfos: []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(picture(100, 100))}}}).FileIds[0]}
	refused(p, value, api.CreateFlowByFiles, req)
	req.Caller.OperatorId = ""
	refused(p, api.CodeMissingParameter, api.CreateFlowByFiles, req)
}

func TestWhatSendingRefuses(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	plain := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "plain", Name: "未核", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
	for name, c := range map[string]struct {
		code   string
		change func(*api.SendFlowRequest)
	}{
		"unknown flow":         {value, func(r *api.SendFlowRequest) { r.FlowId = "nothing" }},
		"unknown user":         {value, func(r *api.SendFlowRequest) { r.UserId = "nobody" }},
		"unknown organisation": {value, func(r *api.SendFlowRequest) { r.SubOrganizationId = "nobody" }},
		"unverified user":      {denied, func(r *api.SendFlowRequest) { r.UserId = plain }},
		"no operator":          {api.CodeMissingParameter, func(r *api.SendFlowRequest) { r.Caller.OperatorId = "" }},
		"no such page":         {value, func(r *api.SendFlowRequest) { r.SignComponents[0].ComponentPage = 4 }},
		"page 0":               {value, func(r *api.SendFlowRequest) { r.SignComponents[0].ComponentPage = 0 }},
		"no such file":         {value, func(r *api.SendFlowRequest) { r.SignComponents[0].FileIndex = 1 }},
		"keyword":              {value, func(r *api.SendFlowRequest) { r.SignComponents[0].GenerateMode = 3 }},
		"another's seal":       {value, func(r *api.SendFlowRequest) { r.SignComponents[0].ComponentValue = first.seal }},
		"no seal, no picture":  {value, func(r *api.SendFlowRequest) { r.SignComponents[0].ComponentValue = "nothing" }},
		"the same id twice":    {value, func(r *api.SendFlowRequest) { r.SignComponents[1].ComponentId = "seal" }},
		"nothing to sign": {value, func(r *api.SendFlowRequest) {
			r.SignComponents = []api.Component{box("t", "TEXT", 10, 10)}
			r.SignComponents[0].ComponentRequired = false
		}},
		"a text without value":   {api.CodeMissingParameter, func(r *api.SendFlowRequest) { r.SignComponents = append(r.SignComponents, box("t", "TEXT", 10, 10)) }},
		"a deadline in the past": {value, func(r *api.SendFlowRequest) { r.Deadline = p.clock.Now().Unix() }},
		"a script as JumpUrl":    {value, func(r *api.SendFlowRequest) { r.JumpUrl = "javascript:alert(1)" }},
		"channel THIRD":          {value, func(r *api.SendFlowRequest) { r.VerifyChannel = []string{"THIRD"} }},
		"an unknown glyph": {value, func(r *api.SendFlowRequest) {
			r.SignComponents = append(r.SignComponents, api.Component{ComponentType: "TEXT", ComponentPage: 1, ComponentValue: "\U0002EBD0"})
		}},
	} {
		req := taskRequest(flowID, first, second, 200)
		c.change(req)
		_, err := api.SendFlow.Call(t.Context(), p.client, req)
		if got := api.CodeOf(err); got != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if got := p.status(flowID); got != 0 {
		t.Errorf("a refused sending left the flow in state %d", got)
	}
	p.task(flowID, first, second, 200)
	refused(p, api.CodeInvalidParameterBizApproverAlreadyExists, api.SendFlow, taskRequest(flowID, first, second, 300))
	req := api.SendFlowUrlRequest(*taskRequest("nothing", first, second, 300))
	refused(p, unknown, api.SendFlowUrl, &req)
}

func TestComponentsOffThePageAreClampedAndTextIsFilled(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.SignComponents[0].ComponentPosX, req.SignComponents[0].ComponentPosY = 5000, -50
	req.SignComponents = append(req.SignComponents, api.Component{ComponentId: "price", ComponentType: "TEXT", ComponentPage: 1, ComponentPosX: 100, ComponentPosY: 300,
		ComponentWidth: 200, ComponentHeight: 24, ComponentValue: "人民币壹万元整"})
	do(p, api.SendFlow, req)
	file := t.TempDir() + "/filled.pdf"
	if err := os.WriteFile(file, p.signedFile(flowID), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := command(p, "pdftotext", file, "-"); !strings.Contains(text, "人民币壹万元整") {
		t.Errorf("the value is not in the file: %q", text)
	}
	s, err := p.engine.SigningSession(t.Context(), p.link(flowID, q))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Components[0]
	page := s.Files[0].Pages[2]
	if c.X != page.WidthPt-119 || c.Y != 0 {
		t.Errorf("placed at %g, %g on %+v", c.X, c.Y, page)
	}
	events, err := p.engine.Evidence().Query(t.Context(), audit.Filter{Action: "flow.send"}, 0, 1)
	if err != nil || len(events) != 1 || !strings.Contains(events[0].DetailText, `"clamped":["seal"]`) {
		t.Errorf("the clamping is not noted: %+v, %v", events, err)
	}
	do(p, api.SignFlow, signRequest(flowID, "", q))
	p.checkSigned(p.signedFile(flowID), q.name)
}

// link makes a signing link and gives its token.
func (p *platform) link(flowID string, q party) string {
	p.Helper()
	url := do(p, api.CreateSignUrl, &api.CreateSignUrlRequest{Caller: q.caller(), FlowId: flowID, UserId: q.user, Deadline: p.clock.Now().Add(time.Hour).Unix()}).SignUrl
	return strings.TrimPrefix(url, "http://engine.test/s/")
}

func TestWhatSigningRefuses(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	signID := p.task(flowID, first, first, 200)
	bad := api.CodeInvalidParameter
	for name, c := range map[string]struct {
		code   string
		change func(*api.SignFlowRequest)
	}{
		"unknown flow":          {unknown, func(r *api.SignFlowRequest) { r.FlowId = "nothing" }},
		"unknown task":          {unknown, func(r *api.SignFlowRequest) { r.SignId = "nothing" }},
		"another person":        {unknown, func(r *api.SignFlowRequest) { r.Caller.OperatorId = second.user }},
		"another organisation":  {unknown, func(r *api.SignFlowRequest) { r.Caller.SubOrganizationId = second.organization }},
		"nobody":                {api.CodeMissingParameter, func(r *api.SignFlowRequest) { r.Caller.OperatorId = "" }},
		"a channel not allowed": {api.CodeInvalidParameterInvalidVerifyResult, func(r *api.SignFlowRequest) { r.VerifyChannel, r.VerifyResult = "VERIFYCODE", "123456" }},
		"another's seal":        {bad, func(r *api.SignFlowRequest) { r.SignSeals[0].SealId = second.seal }},
		"unknown seal":          {unknown, func(r *api.SignFlowRequest) { r.SignSeals[0].SealId = "nothing" }},
		"a seal as signature":   {bad, func(r *api.SignFlowRequest) { r.SignSeals[1].SealId = first.seal }},
		"unknown component":     {bad, func(r *api.SignFlowRequest) { r.SignSeals[0].ComponentId = "nothing" }},
		"another type":          {bad, func(r *api.SignFlowRequest) { r.SignSeals[0].SignType = "SIGN_SIGNATURE" }},
		"another file":          {bad, func(r *api.SignFlowRequest) { r.SignSeals[0].FileIndex = 3 }},
		"a broken picture":      {bad, func(r *api.SignFlowRequest) { r.SignSeals[1].SealContent = "AAAA" }},
		"an image without one":  {api.CodeMissingParameter, func(r *api.SignFlowRequest) { r.SignSeals[1].SignType = "SIGN_IMAGE" }},
	} {
		req := signRequest(flowID, signID, first)
		c.change(req)
		_, err := api.SignFlow.Call(t.Context(), p.client, req)
		if got := api.CodeOf(err); got != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if got := p.status(flowID); got != 1 {
		t.Errorf("a refused signature left the flow in state %d", got)
	}
	req := signRequest(flowID, "", first) // SignId is optional
	req.SignSeals[0].SealId = ""          // the default is used
	req.SignSeals[1].SealId, req.SignSeals[1].SignType = "", "SIGN_IMAGE"
	req.SignSeals[1].SealContent = base64.StdEncoding.EncodeToString(picture(300, 100))
	do(p, api.SignFlow, req)
	p.checkSigned(p.signedFile(flowID), first.name)
	a := do(p, api.DescribeFlowApprovers, &api.DescribeFlowApproversRequest{FlowId: flowID}).Approvers[0]
	if a.ApproveStatus != 1 || a.ApproveMessage != "同意" || a.ApproveTime != p.clock.Now().Unix() || a.ComponentSeals[0].SealId != first.seal {
		t.Errorf("%+v", a)
	}
}

// TestAPersonSignsForThemselves: without an organisation the certificate is the person's, made at the first signature.
func TestAPersonSignsForThemselves(t *testing.T) {
	p := start(t)
	q := p.party(0)
	user := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "alone", Name: "周强", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
	do(p, api.VerifyUser, &api.VerifyUserRequest{UserId: user})
	flowID := p.flow(q)
	do(p, api.SendFlow, &api.SendFlowRequest{Caller: q.caller(), FlowId: flowID, UserId: user, VerifyChannel: []string{"NONE"},
		SignComponents: []api.Component{box("hand", "SIGN_SIGNATURE", 100, 100)}})
	req := &api.SignFlowRequest{Caller: api.Caller{OperatorId: user}, FlowId: flowID, VerifyChannel: "NONE", SourceIp: "127.0.0.1",
		SignSeals: []api.SignSeal{{ComponentId: "hand", SignType: "SIGN_SIGNATURE"}}}
	refused(p, api.CodeInvalidParameter, api.SignFlow, req) // neither seal nor picture, and no default
	req.SignSeals[0].SealContent = base64.StdEncoding.EncodeToString(picture(300, 100))
	do(p, api.SignFlow, req)
	p.checkSigned(p.signedFile(flowID), "周强")
}

// TestSignersAtTheSameMoment lets several people sign one file at once: all of them end signed.
func TestSignersAtTheSameMoment(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	signers := []party{first, second}
	for i := range 4 {
		u := do(p, api.CreateUserAndSeal, &api.CreateUserAndSealRequest{OpenId: fmt.Sprintf("more-%d", i), Name: "孙悦", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010", SourceIp: "127.0.0.1"})
		signers = append(signers, party{name: first.name, organization: first.organization, user: u.UserId, seal: first.seal, handwriting: u.SealId})
	}
	ids := make([]string, len(signers))
	for i, s := range signers {
		ids[i] = p.task(flowID, first, s, 60+float64(i)*125)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(signers))
	for i, s := range signers {
		wg.Go(func() { _, errs[i] = api.SignFlow.Call(t.Context(), p.client, signRequest(flowID, ids[i], s)) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := p.status(flowID); got != 7 {
		t.Errorf("status = %d", got)
	}
	report, err := pdf.Verify(p.signedFile(flowID), p.engine.Roots())
	if err != nil || !report.OK || len(report.Signatures) != len(signers) {
		t.Errorf("%d of %d signatures, %v: %+v", len(report.Signatures), len(signers), err, report)
	}
	// The same task a second time, twice at once: it stays signed once.
	for range 2 {
		wg.Go(func() { refused(p, denied, api.SignFlow, signRequest(flowID, ids[0], first)) })
	}
	wg.Wait()
}

func TestOneChangedByteIsFound(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID := p.flow(q)
	p.task(flowID, q, q, 200)
	do(p, api.SignFlow, signRequest(flowID, "", q))
	data := p.signedFile(flowID)
	data[len(contract(t))/2] ^= 1
	if report, err := pdf.Verify(data, p.engine.Roots()); err == nil && report.OK {
		t.Error("a changed byte was not found")
	}
}

func TestSigningPage(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	flowID := p.flow(first)
	p.task(flowID, first, first, 200)
	req := api.SendFlowUrlRequest(*taskRequest(flowID, first, second, 400))
	req.VerifyChannel, req.PreReadTime, req.Mobile = []string{"VERIFYCODE"}, 5, "13800000001"
	token := strings.TrimPrefix(do(p, api.SendFlowUrl, &req).SignUrl, "http://engine.test/s/")
	ctx := t.Context()

	s, err := p.engine.SigningSession(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if !s.CanSign || s.Initiator != first.name || s.Approver.Name != second.person || s.Approver.Organization != second.name || s.Approver.PreReadTime != 5*time.Second ||
		len(s.Parties) != 2 || len(s.Components) != 6 || len(s.Seals) != 2 || s.Approver.Mobile != "138****0001" || len(s.Files) != 1 || len(s.Files[0].Pages) != 3 {
		t.Errorf("%+v", s)
	}
	picturePNG, err := p.engine.SessionPage(ctx, token, 0, 3, false)
	if err != nil {
		t.Fatal(err)
	}
	large, errLarge := png.Decode(bytes.NewReader(picturePNG))
	picturePNG, err = p.engine.SessionPage(ctx, token, 0, 3, true)
	small, errSmall := png.Decode(bytes.NewReader(picturePNG))
	if err := errors.Join(err, errLarge, errSmall); err != nil {
		t.Fatal(err)
	}
	if large.Bounds().Dx() != 1191 || small.Bounds().Dx() != 794 { // A4 at 144 and 96 dpi
		t.Errorf("pictures of %v and %v", large.Bounds(), small.Bounds())
	}
	if _, err := p.engine.SessionPage(ctx, token, 0, 4, false); !errors.Is(err, engine.ErrLinkUnknown) {
		t.Errorf("page 4: %v", err)
	}
	if name, data, err := p.engine.SessionFile(ctx, token, 0); err != nil || name != "合同.pdf" || !bytes.HasPrefix(data, []byte("%PDF")) {
		t.Errorf("%s, %v", name, err)
	}
	if _, err := p.engine.SessionSealPNG(ctx, token, second.seal); err != nil {
		t.Error(err)
	}
	if _, err := p.engine.SessionSealPNG(ctx, token, first.seal); !errors.Is(err, engine.ErrLinkUnknown) {
		t.Errorf("another's seal was shown: %v", err)
	}

	act := engine.SessionSign{Seals: map[string]string{"seal": second.seal}, Handwriting: map[string][]byte{"hand": picture(300, 100)}, VerifyChannel: "VERIFYCODE",
		VerifyResult: "000000", IP: "203.0.113.7", UserAgent: "phone"}
	if err := p.signShown(token, act); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("signed without a code: %v", err)
	}
	if err := p.engine.SendCode(ctx, token); err != nil {
		t.Fatal(err)
	}
	if err := p.engine.SendCode(ctx, token); !errors.Is(err, engine.ErrCodeTooSoon) {
		t.Errorf("two codes at once: %v", err)
	}
	code := regexp.MustCompile(`\d{6}`).FindString(strings.ReplaceAll(p.messages(), "0001", ""))
	for range 5 {
		act.VerifyResult = "x" + code[1:]
		if err := p.signShown(token, act); !errors.Is(err, engine.ErrWrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
	}
	act.VerifyResult = code
	if err := p.signShown(token, act); !errors.Is(err, engine.ErrWrongCode) {
		t.Errorf("the code lives after five wrong ones: %v", err)
	}
	p.clock.Add(time.Minute)
	if err := p.engine.SendCode(ctx, token); err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`：(\d{6})`).FindAllStringSubmatch(p.messages(), -1)
	act.VerifyResult = codes[len(codes)-1][1]
	forged := act
	forged.Seals = map[string]string{"seal": first.seal}
	if err := p.signShown(token, forged); err == nil {
		t.Error("signed with another's seal")
	}
	if err := p.signShown(token, act); err != nil {
		t.Fatal(err)
	}
	p.wantByLink(token, map[string]string{"flow.sign": audit.OK, "code.send": audit.OK, "code.wrong": audit.Failed})
	if err := p.signShown(token, act); !errors.Is(err, engine.ErrNotPending) {
		t.Errorf("signed twice: %v", err)
	}
	p.checkSigned(p.signedFile(flowID), second.name)
	events, err := p.engine.Evidence().Query(ctx, audit.Filter{Action: "flow.sign"}, 0, 1)
	if err != nil || len(events) != 1 {
		t.Fatal(err)
	}
	if ev := events[0]; ev.Actor.Role != "signer" || ev.Actor.Name != second.user || ev.Actor.IP != "203.0.113.7" || ev.Actor.UserAgent != "phone" || !strings.Contains(ev.DetailText, "ticket") {
		t.Errorf("evidence: %+v", ev)
	}

	preview := strings.TrimPrefix(do(p, api.CreatePreviewSignUrl, &api.CreatePreviewSignUrlRequest{FlowId: flowID, Deadline: p.clock.Now().Add(time.Hour).Unix()}).PreviewSignUrl, "http://engine.test/p/")
	if s, err := p.engine.SigningSession(ctx, preview); err != nil || s.Kind != engine.LinkPreview || s.CanSign || s.Approver != nil {
		t.Errorf("%+v, %v", s, err)
	}
	if err := p.signShown(preview, act); !errors.Is(err, engine.ErrLinkUnknown) {
		t.Errorf("a preview link signs: %v", err)
	}
	if _, err := p.engine.SigningSession(ctx, "nothing"); !errors.Is(err, engine.ErrLinkUnknown) {
		t.Errorf("%v", err)
	}
	mine := p.link(flowID, first)
	if err := p.engine.SessionReject(ctx, mine, engine.SessionReject{Reason: "金额不符", VerifyChannel: "NONE"}); err != nil {
		t.Fatal(err)
	}
	p.wantByLink(mine, map[string]string{"flow.reject": audit.OK})
	if d := do(p, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID}); d.FlowStatus != 2 || d.FlowMessage != "金额不符" || d.UpdatedOn == 0 {
		t.Errorf("%+v", d)
	}
	p.clock.Add(2 * time.Hour)
	if _, err := p.engine.SigningSession(ctx, mine); !errors.Is(err, engine.ErrLinkExpired) {
		t.Errorf("%v", err)
	}
}

// signShown signs by a link what its page shows now.
func (p *platform) signShown(token string, act engine.SessionSign) error {
	s, err := p.engine.SigningSession(p.Context(), token)
	if err != nil {
		return err
	}
	act.Shown = s.Shown
	return p.engine.SessionSign(p.Context(), token, act)
}

// wantByLink holds that the evidence of each action names the link by which the signer acted, and how it ended.
func (p *platform) wantByLink(token string, outcomes map[string]string) {
	p.Helper()
	for action, outcome := range outcomes {
		all, err := p.engine.Evidence().Query(p.Context(), audit.Filter{Action: action}, 0, 100)
		if err != nil {
			p.Fatal(err)
		}
		found := false
		for _, e := range all {
			if e.Outcome != outcome || outcome == audit.Failed && e.ErrorCode == "" {
				p.Errorf("%s ended with %s %q, want %s", action, e.Outcome, e.ErrorCode, outcome)
			}
			found = found || e.Actor.Session == engine.LinkName(token) && e.Actor.Role == "signer"
		}
		if !found {
			p.Errorf("no event %s names the link", action)
		}
	}
}
