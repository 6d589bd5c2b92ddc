package engine_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"image/gif"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/audit"
	"sealdesk/internal/engine"
)

const wbApp = "IDATEST1"

// faceCheck begins a face check and does it, and gives what the browser is sent back with.
func (p *platform) faceCheck(req *api.CreateH5FaceIdUrlRequest, passed bool) url.Values {
	p.Helper()
	req.WbAppId, req.JumpUrl = wbApp, "https://app.example/back?x=1"
	return p.decide(do(p, api.CreateH5FaceIdUrl, req).Url, passed)
}

// decide chooses on the page of a check.
func (p *platform) decide(page string, passed bool) url.Values {
	p.Helper()
	c, err := p.engine.DecideCheck(p.Context(), strings.TrimPrefix(page, "http://engine.test/f/"), passed, "203.0.113.7", "phone")
	if err != nil {
		p.Fatal(err)
	}
	outcome := audit.Failed
	if c.State == engine.CheckPassed {
		outcome = audit.OK
	}
	all, err := p.engine.Evidence().Query(p.Context(), audit.Filter{Action: "check.decide"}, 0, 1)
	if err != nil || len(all) != 1 || all[0].Outcome != outcome || all[0].Actor.Session == "" {
		p.Errorf("evidence of a check that ended with %v: %+v, %v", c.State, all, err)
	}
	u, err := url.Parse(c.Jump())
	if err != nil {
		p.Fatal(err)
	}
	q := u.Query()
	q.Set("ticket", c.Ticket)
	return q
}

func TestFaceIDSign(t *testing.T) {
	p := start(t)
	q := p.party(0)
	values := []string{wbApp, q.user, "1.0.0", "nonce", "1611108096"}
	sorted := append(slices.Clone(values), p.engine.FaceAPITicket())
	slices.Sort(sorted)
	sum := sha1.Sum([]byte(strings.Join(sorted, "")))
	for range 2 {
		got := do(p, api.CreateFaceIdSign, &api.CreateFaceIdSignRequest{Caller: q.caller(), Values: values}).Sign
		if want := strings.ToUpper(hex.EncodeToString(sum[:])); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		slices.Reverse(values) // the order is none of the caller's business
	}
	refused(p, unknown, api.CreateFaceIdSign, &api.CreateFaceIdSignRequest{Caller: api.Caller{OperatorId: "nobody"}, Values: values})
	broken := testIdentity(t, func(i engine.Identity) bool { return i.FaceResult == "error" })
	user := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "broken", Name: broken.Name, IdCardType: "ID_CARD", IdCardNumber: broken.IDCard}).UserId
	refused(p, api.CodeInternalErrorApi, api.CreateFaceIdSign, &api.CreateFaceIdSignRequest{Caller: api.Caller{OperatorId: user}, Values: values})
}

func TestFaceChecks(t *testing.T) {
	p := start(t)
	q := p.party(0)
	lin := engine.TestIdentities()[0]
	passed := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: q.caller()}, true)
	if passed.Get("code") != "0" || passed.Get("x") != "1" || passed.Get("liveRate") != "99" || passed.Get("orderNo") != passed.Get("ticket") {
		t.Errorf("%v", passed)
	}
	failed := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: q.caller()}, false)
	if failed.Get("code") == "0" || failed.Get("liveRate") == "99" {
		t.Errorf("%v", failed)
	}
	stranger := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Name: lin.Name, IdCardNumber: strings.ToLower(lin.IDCard), IdCardType: "ID_CARD"}, true)
	never := testIdentity(t, func(i engine.Identity) bool { return i.FaceResult == "1" })
	twin := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Name: never.Name, IdCardNumber: never.IDCard}, true)
	waiting := do(p, api.CreateH5FaceIdUrl, &api.CreateH5FaceIdUrlRequest{Caller: q.caller(), WbAppId: wbApp}).Url
	c, err := p.engine.FindCheck(t.Context(), strings.TrimPrefix(waiting, "http://engine.test/f/"))
	if err != nil {
		t.Fatal(err)
	}

	identify := func(order string, change func(*api.CheckFaceIdentifyRequest)) *api.CheckFaceIdentifyResponse {
		req := &api.CheckFaceIdentifyRequest{Caller: q.caller(), VerifyChannel: "FACEID", VerifyResult: wbApp + ":" + order, GetPhoto: true}
		if change != nil {
			change(req)
		}
		return do(p, api.CheckFaceIdentify, req)
	}
	r := identify(passed.Get("orderNo"), nil)
	if r.Result != 0 || r.Description == "" || r.ChannelName == "" || r.VerifiedOn != p.clock.Now().Unix() || r.SerialNumber == "" || r.VerifyServerIp == "" || r.PhotoFileName == "" {
		t.Errorf("%+v", r)
	}
	if _, err := png.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.PhotoFileData))); err != nil {
		t.Error(err)
	}
	byName := func(name, card string) func(*api.CheckFaceIdentifyRequest) {
		return func(r *api.CheckFaceIdentifyRequest) {
			r.Caller.OperatorId, r.Name, r.IdCardNumber, r.GetPhoto = "", name, card, false
		}
	}
	for name, tt := range map[string]struct {
		got  *api.CheckFaceIdentifyResponse
		want int64
	}{
		"failed":             {identify(failed.Get("orderNo"), nil), 1},
		"not done":           {identify(c.Ticket, nil), 1},
		"another's":          {identify(stranger.Get("orderNo"), nil), 1},
		"by name":            {identify(stranger.Get("orderNo"), byName(lin.Name, "")), 0},
		"by name and number": {identify(stranger.Get("orderNo"), byName(lin.Name, lin.IDCard)), 0},
		"another number":     {identify(stranger.Get("orderNo"), byName(lin.Name, never.IDCard)), 1},
		"never their face":   {identify(twin.Get("orderNo"), byName(never.Name, never.IDCard)), 1},
		"no check":           {do(p, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{VerifyChannel: "None", VerifyResult: "x"}), 0},
	} {
		if tt.got.Result != tt.want || tt.got.PhotoFileData != "" || tt.got.Description == "" {
			t.Errorf("%s: %+v", name, tt.got)
		}
	}

	results := do(p, api.DescribeFaceIdResults, &api.DescribeFaceIdResultsRequest{WbAppId: wbApp, FileType: 1,
		OrderNumbers: []string{passed.Get("orderNo"), failed.Get("orderNo"), c.Ticket}}).Results
	if len(results) != 3 || results[0].Result != 0 || results[1].Result != 1 || results[2].Result != 1 || results[1].Photo+results[2].Video != "" {
		t.Fatalf("%+v", results)
	}
	if f := results[0]; f.OrderNumber != passed.Get("orderNo") || f.Name != q.person || f.IdCardType != "ID_CARD" || !strings.Contains(f.IdCardNumber, "***") || f.LiveRate != 99 ||
		f.Similarity < 90 || f.OccurredTime != p.clock.Now().Unix() || f.Description == "" {
		t.Errorf("%+v", f)
	}
	if clip, err := gif.DecodeAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader(results[0].Video))); err != nil || len(clip.Image) < 2 {
		t.Errorf("video: %v", err)
	}
	for fileType, want := range map[int64][2]bool{0: {false, false}, 1: {true, true}, 2: {true, false}, 3: {false, true}} {
		r := do(p, api.DescribeFaceIdResults, &api.DescribeFaceIdResultsRequest{WbAppId: wbApp, FileType: fileType, OrderNumbers: []string{passed.Get("orderNo")}}).Results[0]
		if got := [2]bool{r.Photo != "", r.Video != ""}; got != want {
			t.Errorf("FileType %d: photo, video = %v", fileType, got)
		}
	}
	photos := do(p, api.DescribeFaceIdPhotos, &api.DescribeFaceIdPhotosRequest{WbAppId: wbApp, OrderNumbers: []string{passed.Get("orderNo"), failed.Get("orderNo")}}).Photos
	if len(photos) != 2 || photos[0].Result != 0 || photos[0].Photo == "" || photos[0].OrderNumber != passed.Get("orderNo") || photos[1].Result != 1 || photos[1].Photo != "" {
		t.Errorf("%+v", photos)
	}

	order := []string{passed.Get("orderNo")}
	refused(p, unknown, api.DescribeFaceIdResults, &api.DescribeFaceIdResultsRequest{WbAppId: "IDAOTHER", OrderNumbers: order})
	refused(p, unknown, api.DescribeFaceIdPhotos, &api.DescribeFaceIdPhotosRequest{WbAppId: wbApp, OrderNumbers: []string{"1"}})
	refused(p, unknown, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{Caller: q.caller(), VerifyChannel: "FACEID", VerifyResult: wbApp + ":1"})
	refused(p, unknown, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{Caller: q.caller(), VerifyChannel: "FACEID", VerifyResult: ":" + order[0]})
	refused(p, unknown, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{Caller: q.caller(), VerifyChannel: "WEIXINAPP", VerifyResult: order[0]})
	refused(p, value, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{Caller: q.caller(), VerifyChannel: "FACEID", VerifyResult: order[0]})
	refused(p, api.CodeMissingParameter, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{VerifyChannel: "FACEID", VerifyResult: wbApp + ":" + order[0]})
	p.engineRight(engine.RightChannelNone, false)
	if r := do(p, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{VerifyChannel: "None", VerifyResult: "x"}); r.Result != 1 {
		t.Errorf("%+v", r)
	}
}

func (p *platform) engineRight(right engine.Right, granted bool) {
	p.Helper()
	if err := p.engine.SetRight(p.Context(), right, granted); err != nil {
		p.Fatal(err)
	}
}

func TestWhatFaceChecksRefuse(t *testing.T) {
	p := start(t)
	plain := do(p, api.CreateUser, &api.CreateUserRequest{OpenId: "plain", Name: "未核", IdCardType: "ID_CARD", IdCardNumber: "440301198001010010"}).UserId
	lin := engine.TestIdentities()[0]
	broken := testIdentity(t, func(i engine.Identity) bool { return i.FaceResult == "error" })
	for name, tt := range map[string]struct {
		req  api.CreateH5FaceIdUrlRequest
		code string
	}{
		"nobody":               {api.CreateH5FaceIdUrlRequest{}, api.CodeMissingParameter},
		"no number":            {api.CreateH5FaceIdUrlRequest{Name: lin.Name}, api.CodeMissingParameter},
		"not verified":         {api.CreateH5FaceIdUrlRequest{Caller: api.Caller{OperatorId: plain}}, api.CodeMissingParameter},
		"an unknown operator":  {api.CreateH5FaceIdUrlRequest{Caller: api.Caller{OperatorId: "nobody"}}, unknown},
		"a wrong number":       {api.CreateH5FaceIdUrlRequest{Name: lin.Name, IdCardNumber: "110105194912310021"}, value},
		"a wrong name":         {api.CreateH5FaceIdUrlRequest{Name: "1", IdCardNumber: lin.IDCard}, value},
		"a script":             {api.CreateH5FaceIdUrlRequest{Name: lin.Name, IdCardNumber: lin.IDCard, JumpUrl: "javascript:alert(1)"}, value},
		"a service that fails": {api.CreateH5FaceIdUrlRequest{Name: broken.Name, IdCardNumber: broken.IDCard}, api.CodeInternalErrorApi},
	} {
		if _, err := api.CreateH5FaceIdUrl.Call(t.Context(), p.client, &tt.req); api.CodeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	do(p, api.CreateH5FaceIdUrl, &api.CreateH5FaceIdUrlRequest{Caller: api.Caller{OperatorId: plain}, Name: lin.Name, IdCardNumber: lin.IDCard})
	refused(p, api.CodeInternalErrorApi, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{VerifyChannel: "FACEID", VerifyResult: "a:b", Name: broken.Name, IdCardNumber: broken.IDCard})
}

// TestTicketsSignOverTheWire signs with the tickets of checks: once, soon, and the person's own.
func TestTicketsSignOverTheWire(t *testing.T) {
	p := start(t)
	first, second := p.party(0), p.party(1)
	const invalid = api.CodeInvalidParameterInvalidVerifyResult
	task := func(channels ...string) string {
		flowID := p.flow(first)
		req := taskRequest(flowID, first, first, 200)
		req.VerifyChannel = channels
		do(p, api.SendFlow, req)
		return flowID
	}
	sign := func(flowID, channel, ticket string) *api.SignFlowRequest {
		req := signRequest(flowID, "", first)
		req.VerifyChannel, req.VerifyResult = channel, ticket
		return req
	}
	order := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: first.caller()}, true).Get("orderNo")
	flowID := task("FACEID", "WEIXINAPP")
	others := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: second.caller()}, true).Get("orderNo")
	failed := p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: first.caller()}, false).Get("orderNo")
	for name, req := range map[string]*api.SignFlowRequest{
		"another's":           sign(flowID, "FACEID", others),
		"a failed one":        sign(flowID, "FACEID", failed),
		"one of nobody":       sign(flowID, "FACEID", "1"),
		"of another channel":  sign(flowID, "WEIXINAPP", order),
		"a channel not asked": sign(flowID, "VERIFYCODE", order),
	} {
		if _, err := api.SignFlow.Call(t.Context(), p.client, req); api.CodeOf(err) != invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	do(p, api.SignFlow, sign(flowID, "FACEID", order))
	flowID = task("FACEID", "WEIXINAPP")
	refused(p, invalid, api.SignFlow, sign(flowID, "FACEID", order)) // spent

	order = p.faceCheck(&api.CreateH5FaceIdUrlRequest{Caller: first.caller()}, true).Get("orderNo")
	p.clock.Add(10 * time.Minute)
	refused(p, invalid, api.SignFlow, sign(flowID, "FACEID", order)) // too old
	page, err := p.engine.BeginUserCheck(t.Context(), first.user, "WEIXINAPP")
	if err != nil {
		t.Fatal(err)
	}
	ticket := p.decide(page, true).Get("ticket")
	if r := do(p, api.CheckFaceIdentify, &api.CheckFaceIdentifyRequest{Caller: first.caller(), VerifyChannel: "WEIXINAPP", VerifyResult: ticket}); r.Result != 0 {
		t.Errorf("%+v", r)
	}
	do(p, api.RejectFlow, &api.RejectFlowRequest{Caller: first.caller(), FlowId: flowID, VerifyChannel: "WEIXINAPP", VerifyResult: ticket, SourceIp: "127.0.0.1"})
	refused(p, invalid, api.SignFlow, sign(task("WEIXINAPP"), "WEIXINAPP", ticket))

	p.clock.Add(time.Second) // the list at the end is by time
	// A check that a contract's page began is good for that contract only.
	flowID, other := task("FACEID"), task("FACEID")
	page, err = p.engine.BeginCheck(t.Context(), p.link(flowID, first), "FACEID")
	if err != nil {
		t.Fatal(err)
	}
	ticket = p.decide(page, true).Get("ticket")
	refused(p, invalid, api.SignFlow, sign(other, "FACEID", ticket))
	do(p, api.SignFlow, sign(flowID, "FACEID", "IDASEAL0:"+ticket))

	if _, err := p.engine.BeginUserCheck(t.Context(), first.user, "NONE"); !errors.Is(err, engine.ErrCheckChannel) {
		t.Errorf("%v", err)
	}
	if _, err := p.engine.BeginUserCheck(t.Context(), "nobody", "FACEID"); !api.IsCode(err, unknown) {
		t.Errorf("%v", err)
	}
	list, err := p.engine.ListChecks(t.Context(), 100)
	if err != nil || len(list) != 6 || !list[0].Used || list[0].SignID == "" {
		t.Errorf("%+v, %v", list, err)
	}
}
