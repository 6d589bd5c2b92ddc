package engine_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
)

// sendCode sends a code and reads it from the outbox.
func (p *platform) sendCode(req *api.SendSignInnerVerifyCodeRequest) string {
	p.Helper()
	req.VerifyType = "SIGN"
	if !do(p, api.SendSignInnerVerifyCode, req).Result {
		p.Error("the message was not sent")
	}
	messages, _, err := p.engine.ListMessages(p.Context(), "", 1)
	if err != nil || len(messages) != 1 || messages[0].Recipient != req.Mobile || messages[0].State != engine.MessageKept {
		p.Fatalf("%+v, %v", messages, err)
	}
	return regexp.MustCompile(`：(\d{6})`).FindStringSubmatch(messages[0].Body)[1]
}

func (p *platform) matches(mobile, flowID, code string) int64 {
	p.Helper()
	r := do(p, api.CheckVerifyCodeMatchFlowId, &api.CheckVerifyCodeMatchFlowIdRequest{Mobile: mobile, FlowId: flowID, VerifyCode: code})
	if r.Success != (r.Result == 0) || r.Description == "" {
		p.Errorf("%+v", r)
	}
	return r.Result
}

// wrong is another code of six digits.
func wrong(code string) string { return string('0'+(code[0]-'0'+1)%10) + code[1:] }

const phone = "13800138000"

func TestCodesAreMatched(t *testing.T) {
	p := start(t)
	q := p.party(0)
	flowID, other := p.flow(q), p.flow(q)
	if got := p.matches(phone, flowID, "123456"); got != 1 {
		t.Errorf("none was sent: %d", got)
	}
	code := p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: flowID, UserId: q.user, VerifySign: "某某", VerifyTemplateId: "1"})
	messages, _, err := p.engine.ListMessages(t.Context(), "", 1)
	if err != nil || !strings.Contains(messages[0].Body, "【某某】") || !strings.Contains(messages[0].Body, "采购合同") || !strings.Contains(p.messages(), code) {
		t.Errorf("%+v, %v", messages, err)
	}
	for name, tt := range map[string]struct{ got, want int64 }{
		"right":             {p.matches(phone, flowID, code), 0},
		"again":             {p.matches(phone, flowID, code), 0},
		"with +86":          {p.matches("+86"+phone, flowID, code), 0},
		"another flow":      {p.matches(phone, other, code), 3},
		"another mobile":    {p.matches("13900139000", flowID, code), 1},
		"no mobile":         {p.matches("1", flowID, code), 6},
		"no code":           {p.matches(phone, flowID, "1"), 6},
		"no flow":           {p.matches(phone, "nothing", code), 6},
		"an internal error": {p.matches(testIdentity(t, func(i engine.Identity) bool { return i.MobileResult == "106" }).Mobile, flowID, code), 5},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", name, tt.got, tt.want)
		}
	}
	for range 5 {
		if got := p.matches(phone, flowID, wrong(code)); got != 2 {
			t.Errorf("a wrong code: %d", got)
		}
	}
	if got := p.matches(phone, flowID, code); got != 4 {
		t.Errorf("the right code after five wrong ones: %d", got)
	}
	p.clock.Add(time.Minute)
	code = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone})
	for _, id := range []string{flowID, other} {
		if got := p.matches(phone, id, code); got != 0 {
			t.Errorf("a code for no flow in particular: %d", got)
		}
	}
	p.clock.Add(10 * time.Minute)
	if got := p.matches(phone, flowID, code); got != 1 {
		t.Errorf("an old code: %d", got)
	}
	catalog, err := p.engine.CreateCatalog(t.Context(), "目录", []string{flowID})
	if err != nil {
		t.Fatal(err)
	}
	code = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: catalog.ID})
	if in, out := p.matches(phone, flowID, code), p.matches(phone, other, code); in != 0 || out != 3 {
		t.Errorf("a code for a catalog: %d within, %d without", in, out)
	}
}

func testIdentity(t *testing.T, fits func(engine.Identity) bool) engine.Identity {
	t.Helper()
	for _, i := range engine.TestIdentities() {
		if fits(i) {
			return i
		}
	}
	t.Fatal("there is no such test identity")
	return engine.Identity{}
}

func TestWhatSendingACodeRefuses(t *testing.T) {
	p := start(t)
	lin := engine.TestIdentities()[0]
	user := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "lin", Name: lin.Name, IdCardType: "ID_CARD", IdCardNumber: lin.IDCard}).UserId
	broken := testIdentity(t, func(i engine.Identity) bool { return i.MobileResult == "error" })
	for name, tt := range map[string]struct {
		req  api.SendSignInnerVerifyCodeRequest
		code string
	}{
		"no mobile":              {api.SendSignInnerVerifyCodeRequest{Mobile: "12345"}, value},
		"unknown user":           {api.SendSignInnerVerifyCodeRequest{Mobile: phone, UserId: "nobody"}, unknown},
		"unknown flow":           {api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: "nothing"}, unknown},
		"unknown operator":       {api.SendSignInnerVerifyCodeRequest{Mobile: phone, Caller: api.Caller{OperatorId: "nobody"}}, unknown},
		"another's mobile":       {api.SendSignInnerVerifyCodeRequest{Mobile: phone, UserId: user, CheckThreeElementResult: 1}, api.CodeFailedOperation},
		"nobody to compare":      {api.SendSignInnerVerifyCodeRequest{Mobile: phone, CheckThreeElementResult: 1}, api.CodeMissingParameter},
		"unknown to compare":     {api.SendSignInnerVerifyCodeRequest{Mobile: phone, UserId: "nobody", CheckThreeElementResult: 1}, unknown},
		"the codes out of reach": {api.SendSignInnerVerifyCodeRequest{Mobile: broken.Mobile}, api.CodeInternalErrorCache},
		"the register too":       {api.SendSignInnerVerifyCodeRequest{Mobile: broken.Mobile, UserId: user, CheckThreeElementResult: 1}, api.CodeInternalErrorApi},
	} {
		tt.req.VerifyType = "SIGN"
		if _, err := api.SendSignInnerVerifyCode.Call(t.Context(), p.client, &tt.req); api.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	refused(p, api.CodeInternalErrorCache, api.CheckVerifyCodeMatchFlowId, &api.CheckVerifyCodeMatchFlowIdRequest{Mobile: broken.Mobile, VerifyCode: "123456", FlowId: "x"})
	p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: lin.Mobile, UserId: user, CheckThreeElementResult: 1})
	if n, err := p.engine.Count(t.Context(), "engine_outbox"); err != nil || n != 1 {
		t.Errorf("%d messages, %v", n, err)
	}
}

// TestLimitsOfCodes holds the sending to 1 in 30 seconds, 5 in a clock hour and 10 on a calendar day in China.
func TestLimitsOfCodes(t *testing.T) {
	p := start(t)
	const zone = 8 * time.Hour
	midnight := p.clock.Now().Add(zone).Truncate(24 * time.Hour).Add(24*time.Hour - zone) // the next one in China
	p.clock.Add(midnight.Sub(p.clock.Now()) + time.Hour)                                  // one o'clock in China
	send := func() string {
		_, err := api.SendSignInnerVerifyCode.Call(t.Context(), p.client, &api.SendSignInnerVerifyCodeRequest{Mobile: phone, VerifyType: "SIGN"})
		return api.CodeOf(err)
	}
	wantSend := func(want string) {
		t.Helper()
		if got := send(); got != want {
			t.Errorf("at %s: %q, want %q", p.clock.Now(), got, want)
		}
	}
	wantSend("")
	p.clock.Add(30*time.Second - time.Microsecond)
	wantSend(api.CodeFailedOperationRequestLimitExceeded30S)
	p.clock.Add(time.Microsecond)
	for range 4 {
		wantSend("")
		p.clock.Add(30 * time.Second)
	}
	wantSend(api.CodeFailedOperationRequestLimitExceeded1H)
	p.clock.Add(time.Hour - 150*time.Second - time.Microsecond)
	wantSend(api.CodeFailedOperationRequestLimitExceeded1H)
	p.clock.Add(time.Microsecond)
	for range 5 {
		wantSend("")
		p.clock.Add(30 * time.Second)
	}
	p.clock.Add(time.Hour)
	wantSend(api.CodeFailedOperationRequestLimitExceeded1D)
	if code := p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: "13900139000"}); code == "" {
		t.Error("another mobile is held up")
	}
	p.clock.Add(midnight.Add(24*time.Hour).Sub(p.clock.Now()) - time.Microsecond)
	wantSend(api.CodeFailedOperationRequestLimitExceeded1D)
	p.clock.Add(time.Microsecond)
	wantSend("")
}

// TestCodesSignOverTheWire signs with codes that the program itself sent.
func TestCodesSignOverTheWire(t *testing.T) {
	p := start(t)
	q := p.party(0)
	task := func() string {
		flowID := p.flow(q)
		req := taskRequest(flowID, q, q, 200)
		req.VerifyChannel, req.Mobile = []string{"VERIFYCODE"}, phone
		do(p, api.SendFlow, req)
		return flowID
	}
	sign := func(flowID, code string) *api.SignFlowRequest {
		req := signRequest(flowID, "", q)
		req.VerifyChannel, req.VerifyResult = "VERIFYCODE", code
		return req
	}
	const invalid = api.CodeInvalidParameterInvalidVerifyResult
	first, second := task(), task()
	code := p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: first, UserId: q.user})
	refused(p, invalid, api.SignFlow, sign(second, code))
	refused(p, invalid, api.SignFlow, sign(first, wrong(code)))
	do(p, api.SignFlow, sign(first, code))

	p.clock.Add(time.Minute)
	code = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: second, UserId: p.party(1).user})
	refused(p, invalid, api.SignFlow, sign(second, code))
	p.clock.Add(time.Minute)
	code = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: second})
	p.clock.Add(10 * time.Minute)
	refused(p, invalid, api.SignFlow, sign(second, code))
	code = p.sendCode(&api.SendSignInnerVerifyCodeRequest{Mobile: phone, FlowId: second})
	do(p, api.RejectFlow, &api.RejectFlowRequest{Caller: q.caller(), FlowId: second, VerifyChannel: "VERIFYCODE", VerifyResult: code, SourceIp: "127.0.0.1", RejectMessage: "不"})
	refused(p, invalid, api.SignFlow, sign(task(), code)) // spent
}
