package engine_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

// forReal opens an engine that serves for real.
func forReal(o *engine.Options) { o.Simulate = false }

// TestNothingBendsTheRealWorld tries every door of the console behind which the world can be bent, and every channel and action whose
// outcome somebody would choose.
func TestNothingBendsTheRealWorld(t *testing.T) {
	p := start(t, forReal)
	q := p.party(0)
	ctx := t.Context()
	_, putErr := p.engine.PutIdentity(ctx, engine.Identity{Name: "林一帆", Mobile: "13490000001"})
	_, _, importErr := p.engine.ImportIdentities(ctx, strings.NewReader("name,mobile\n林一帆,13490000001\n"))
	_, findErr := p.engine.FindCheck(ctx, "a token")
	_, decideErr := p.engine.DecideCheck(ctx, "a token", true, "", "")
	for what, err := range map[string]error{
		"advance the clock": p.engine.AdvanceClock(ctx, time.Hour), "reset the clock": p.engine.ResetClock(ctx), "put an identity": putErr,
		"import identities": importErr, "delete an identity": p.engine.DeleteIdentity(ctx, "x"), "open a check": findErr, "decide a check": decideErr,
		"accept a review": p.engine.DecideReview(ctx, "x", true, ""),
	} {
		if !errors.Is(err, engine.ErrNotSimulated) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if rows, _, err := p.engine.ListIdentities(ctx, "", "", 10); err != nil || len(rows) != 0 {
		t.Errorf("there are people in the register: %v, %v", rows, err)
	}
	for _, channel := range []string{"FACEID", "WEIXINAPP"} {
		if _, err := p.engine.BeginUserCheck(ctx, q.user, channel); !errors.Is(err, engine.ErrCheckChannel) {
			t.Errorf("begin a check by %s: %v", channel, err)
		}
	}
	flowID := p.flow(q)
	for _, channels := range [][]string{{"FACEID"}, {"WEIXINAPP"}, {"VERIFYCODE", "FACEID"}} {
		req := taskRequest(flowID, q, q, 200)
		req.Mobile, req.VerifyChannel = canaryMobile, channels
		if text := refused(p, denied, api.SendFlow, req); !strings.Contains(text, "--simulate") {
			t.Errorf("%v: the refusal does not say why: %s", channels, text)
		}
	}
	offline := api.SendFlowUrlRequest(*taskRequest(flowID, q, q, 200))
	offline.VerifyChannel = []string{"OFFLINE"}
	refused(p, denied, api.SendFlowUrl, &offline)
	byPaper := taskRequest(flowID, q, q, 200)
	byPaper.CanOffLine = true
	refused(p, denied, api.SendFlow, byPaper)

	simulatedOnly := func(err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "--simulate") {
			t.Errorf("an answer that only simulation can give: %v", err)
		}
	}
	_, err := api.CheckIdCardVerification.Call(ctx, p.client, &api.CheckIdCardVerificationRequest{Name: "林一帆", IdCardNumber: "110101190001010014"})
	simulatedOnly(err)
	_, err = api.CheckMobileAndName.Call(ctx, p.client, &api.CheckMobileAndNameRequest{Name: "林一帆", Mobile: "13490000001"})
	simulatedOnly(err)
	_, err = api.CheckBankCard2EVerification.Call(ctx, p.client, &api.CheckBankCard2EVerificationRequest{Name: "林一帆", BankCard: "6200000000000000018"})
	simulatedOnly(err)
	_, err = api.CreateH5FaceIdUrl.Call(ctx, p.client, &api.CreateH5FaceIdUrlRequest{Name: "林一帆", IdCardNumber: "110101190001010014"})
	simulatedOnly(err)
	_, err = api.CheckFaceIdentify.Call(ctx, p.client, &api.CheckFaceIdentifyRequest{Name: "林一帆", VerifyChannel: "FACEID", VerifyResult: "a:b"})
	simulatedOnly(err)
	_, err = api.SendSignInnerVerifyCode.Call(ctx, p.client, &api.SendSignInnerVerifyCodeRequest{Mobile: canaryMobile, UserId: q.user, VerifyType: "SIGN", CheckThreeElementResult: 1})
	simulatedOnly(err)
}

// signedBy signs a flow of q's and gives what the signature says of itself.
func (p *platform) signedBy(q party) (flowID string, s pdf.SignatureReport) {
	p.Helper()
	flowID = p.flow(q)
	do(p, api.SignFlow, signRequest(flowID, p.task(flowID, q, q, 200), q))
	return flowID, p.signature(flowID)
}

func (p *platform) signature(flowID string) pdf.SignatureReport {
	p.Helper()
	report, err := pdf.Verify(p.fileOf(flowID), p.engine.Roots())
	if err != nil || !report.OK || len(report.Signatures) != 1 {
		p.Fatalf("%+v, %v", report, err)
	}
	return report.Signatures[0]
}

// marked tells whether a signature says SIMULATED in its reason and in its certificate.
func marked(s pdf.SignatureReport) (reason, certificate bool) {
	return strings.HasPrefix(s.Reason, engine.SimulatedMark), slices.Contains(s.Certificate.Subject.OrganizationalUnit, engine.SimulatedMark)
}

// evidence reads the events of an action.
func (p *platform) evidence(action string) []audit.Event {
	p.Helper()
	events, err := p.engine.Evidence().Query(p.Context(), audit.Filter{Action: action}, 0, 100)
	if err != nil {
		p.Fatal(err)
	}
	return events
}

// TestWhatWasSimulatedStaysSo serves one folder with simulation and then for real: what was made before keeps its mark, nothing of it
// counts afterwards, and what is made then has none.
func TestWhatWasSimulatedStaysSo(t *testing.T) {
	dir := t.TempDir()
	in := func(simulate bool) *platform {
		p := start(t, func(o *engine.Options) { o.Memory, o.DataDir, o.Simulate = false, dir, simulate })
		if err := p.engine.BeginServing(t.Context()); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := in(true)
	q := p.party(0)
	old, s := p.signedBy(q)
	if reason, certificate := marked(s); !reason || !certificate {
		t.Errorf("a simulated signature: reason %q, certificate %v", s.Reason, s.Certificate.Subject)
	}
	// A task whose signer has proven their will, as far as simulation goes, by a code and by a face.
	flowID := p.flow(q)
	req := taskRequest(flowID, q, q, 200)
	req.Mobile, req.VerifyChannel = canaryMobile, []string{"VERIFYCODE", "FACEID"}
	signID := do(p, api.SendFlow, req).SignId
	link := p.link(flowID, q)
	if err := p.engine.SendCode(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	messages, _, err := p.engine.ListMessages(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`\d{6}`).FindString(strings.TrimPrefix(messages[0].Body, messages[0].Recipient))
	page, err := p.engine.BeginCheck(t.Context(), link, "FACEID")
	if err != nil {
		t.Fatal(err)
	}
	check, err := p.engine.DecideCheck(t.Context(), page[strings.LastIndex(page, "/")+1:], true, "127.0.0.1", "")
	if err != nil || check.State != engine.CheckPassed {
		t.Fatalf("%+v, %v", check, err)
	}
	for _, e := range p.evidence("check.decide") {
		if !strings.Contains(e.DetailText, `"simulated":true`) {
			t.Errorf("the evidence of a simulated check: %s", e.DetailText)
		}
	}
	if err := p.engine.AdvanceClock(t.Context(), 3*time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}

	p = in(false)
	if d := p.engine.ClockOffset(); d != 0 {
		t.Errorf("the clock is still %v ahead", d)
	}
	if reason, certificate := marked(p.signature(old)); !reason || !certificate {
		t.Error("an old simulated signature looks real")
	}
	sign := signRequest(flowID, signID, q)
	sign.VerifyChannel, sign.VerifyResult = "VERIFYCODE", code
	refused(p, api.CodeInvalidParameterInvalidVerifyResult, api.SignFlow, sign)
	sign.VerifyChannel, sign.VerifyResult = "FACEID", check.Ticket
	if _, err := api.SignFlow.Call(t.Context(), p.client, sign); err == nil || !strings.Contains(err.Error(), "--simulate") {
		t.Errorf("a simulated face signs for real: %v", err)
	}
	if session, err := p.engine.SigningSession(t.Context(), link); err != nil || !slices.Equal(session.Approver.VerifyChannels, []string{"VERIFYCODE"}) {
		t.Errorf("the signer is offered %+v, %v", session.Approver, err)
	}
	fresh, s := p.signedBy(q)
	if reason, certificate := marked(s); reason || certificate {
		t.Errorf("a real signature: reason %q, certificate %v", s.Reason, s.Certificate.Subject)
	}
	for _, action := range []string{"simulation.begin", "simulation.end", "clock.set"} {
		if len(p.evidence(action)) == 0 {
			t.Errorf("the evidence has no %s", action)
		}
	}
	for _, e := range p.evidence("flow.sign") {
		if simulated := strings.Contains(e.DetailText, `"simulated":true`); simulated != (e.ObjectID == old) {
			t.Errorf("flow %s (the real one is %s): %s", e.ObjectID, fresh, e.DetailText)
		}
	}
	if report, err := p.engine.Evidence().Verify(t.Context()); err != nil || !report.OK() {
		t.Errorf("evidence: %+v, %v", report, err)
	}
}
