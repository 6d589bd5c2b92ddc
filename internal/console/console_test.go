package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"

	"github.com/PuerkitoBio/goquery"
)

// desk is a console over an engine in memory, and a browser that can be logged in.
type desk struct {
	t       *testing.T
	engine  *engine.Engine
	client  *api.Client
	server  *httptest.Server
	browser *http.Client
}

type noTrail struct{}

func (noTrail) Intent(context.Context, api.CallRecord) error  { return nil }
func (noTrail) Outcome(context.Context, api.CallRecord) error { return nil }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newDesk(t *testing.T, change ...func(*engine.Options)) *desk {
	t.Helper()
	face, err := font.Default()
	must(t, err)
	renderer, err := pdf.NewRenderer(t.Context(), pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium"), Deadline: 5 * time.Minute})
	must(t, err)
	t.Cleanup(func() { must(t, renderer.Close()) })
	d := &desk{t: t}
	d.server = httptest.NewUnstartedServer(nil)
	address := "http://" + d.server.Listener.Addr().String()
	options := engine.Options{Memory: true, Simulate: true, PublicURL: address, Face: face, Renderer: renderer}
	for _, f := range change {
		f(&options)
	}
	d.engine, err = engine.New(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { must(t, d.engine.Close()) })
	d.server.Config.Handler, err = New(Options{Engine: d.engine, PublicURL: address})
	must(t, err)
	d.server.Start()
	t.Cleanup(d.server.Close)
	keys, err := d.engine.Credentials(t.Context())
	must(t, err)
	d.client, err = api.NewClient(api.ClientOptions{Endpoint: keys.Endpoint, SecretID: keys.SecretID, SecretKey: keys.SecretKey,
		ApplicationID: keys.ApplicationID, Transport: d.engine.Transport(), Recorder: noTrail{}})
	must(t, err)
	jar, err := cookiejar.New(nil)
	must(t, err)
	d.browser = &http.Client{Jar: jar}
	return d
}

// answer is what a browser got.
type answer struct {
	t      *testing.T
	status int
	path   string
	header http.Header
	body   string
}

func (d *desk) send(method, path, contentType, body string, headers ...string) answer {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.server.URL+path, strings.NewReader(body))
	must(d.t, err)
	req.Header.Set("Accept-Language", "en")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := d.browser.Do(req)
	must(d.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(d.t, err)
	return answer{d.t, resp.StatusCode, resp.Request.URL.Path, resp.Header, string(data)}
}

func (d *desk) get(path string) answer { d.t.Helper(); return d.send("GET", path, "", "") }

func (d *desk) post(path string, form url.Values) answer {
	d.t.Helper()
	return d.send("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

func (d *desk) logIn() {
	d.t.Helper()
	token, err := d.engine.ConsoleToken(d.t.Context())
	must(d.t, err)
	d.post("/console/login", url.Values{"token": {token}}).want(200, "/console/requests")
}

func (a answer) want(status int, path string) answer {
	a.t.Helper()
	if a.status != status || a.path != path {
		a.t.Fatalf("%d at %s, want %d at %s:\n%s", a.status, a.path, status, path, a.text("main"))
	}
	return a
}

func (a answer) text(selector string) string {
	a.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	must(a.t, err)
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}

func (a answer) wantText(selector, part string) answer {
	a.t.Helper()
	if got := a.text(selector); !strings.Contains(got, part) {
		a.t.Errorf("%s shows %q, not %q", selector, got, part)
	}
	return a
}

// TestNothingIsServedWithoutASession asks for every page of the table.
func TestNothingIsServedWithoutASession(t *testing.T) {
	d := newDesk(t)
	s := &server{}
	for pattern := range s.pages() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "1", "{seq}", "1").Replace(path)
		d.send(method, path, "application/x-www-form-urlencoded", "").want(200, "/console/login")
	}
	d.logIn()
	for pattern := range s.pages() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "1", "{seq}", "1").Replace(path)
		if method == "POST" {
			d.send(method, path, "application/x-www-form-urlencoded", "by=24h", "Sec-Fetch-Site", "cross-site").want(403, path)
			continue
		}
		if a := d.get(path); a.status != 200 && a.status != 404 {
			t.Errorf("%s: %d", pattern, a.status)
		} else if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none';") && !strings.HasSuffix(path, "/export") {
			t.Errorf("%s: no policy", pattern)
		}
	}
	if d.engine.ClockOffset() != 0 {
		t.Error("another site set the clock")
	}
	d.post("/console/logout", nil).want(200, "/console/login")
	d.get("/console/clock").want(200, "/console/login")
	d.post("/console/login", url.Values{"token": {"guessed"}}).want(422, "/console/login")
}

// TestTheWorldIsBentInSimulationOnly asks an engine that serves for real for every page that bends the world.
func TestTheWorldIsBentInSimulationOnly(t *testing.T) {
	simulated := newDesk(t)
	simulated.logIn()
	for _, path := range []string{"/console/requests", "/console/clock"} {
		if a := simulated.get(path); !strings.Contains(a.text("[data-simulation]"), "SIMULATED") {
			t.Errorf("%s does not say that it is simulated", path)
		}
	}
	d := newDesk(t, func(o *engine.Options) { o.Simulate = false })
	d.logIn()
	bent := 0
	for pattern := range (&server{}).pages() {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "1", "{seq}", "1").Replace(path)
		page := strings.Split(path, "/")[2]
		if page != "clock" && page != "identities" && page != "faces" && page != "reviews" {
			continue
		}
		bent++
		a := d.send(method, path, "application/x-www-form-urlencoded", "by=24h&name=林一帆&mobile=13490000001&accept=1")
		if a.status != 404 || !strings.Contains(a.body, "--simulate") {
			t.Errorf("%s: %d", pattern, a.status)
		}
	}
	if bent < 14 {
		t.Errorf("only %d pages were tried", bent)
	}
	a := d.get("/console/requests")
	for _, key := range []string{"clock", "identities", "faces", "reviews"} {
		if strings.Contains(a.body, "/console/"+key) {
			t.Errorf("the navigation offers %s", key)
		}
	}
	if strings.Contains(a.body, "data-simulation") {
		t.Error("a real console says that it is simulated")
	}
	if d.engine.ClockOffset() != 0 {
		t.Error("the clock was set")
	}
}

func TestRightsAndClock(t *testing.T) {
	d := newDesk(t)
	d.logIn()
	d.post("/console/rights", url.Values{"right": {"VerifyUser"}, "granted": {"0"}}).want(200, "/console/rights").wantText(".notice", "Refused")
	if d.engine.HasRight(engine.RightVerifyUser) {
		t.Error("the right is still there")
	}
	d.post("/console/rights", url.Values{"right": {"VerifyUser"}, "granted": {"1"}}).want(200, "/console/rights")
	d.post("/console/rights", url.Values{"right": {"Everything"}, "granted": {"1"}}).want(404, "/console/rights")
	if !d.engine.HasRight(engine.RightVerifyUser) {
		t.Error("the right is not back")
	}
	d.post("/console/clock", url.Values{"by": {"24h"}}).want(200, "/console/clock").wantText("main", "1 d 0 h 0 min")
	for _, form := range []url.Values{{"by": {"-1h"}}, {"by": {"soon"}}, {"amount": {"9999"}, "unit": {"d"}}, {"amount": {"1e9"}, "unit": {"d"}},
		{"amount": {"99999999999999"}, "unit": {"d"}}, {"amount": {"1"}, "unit": {"y"}}, {}} {
		if a := d.post("/console/clock", form); a.status != 422 {
			t.Errorf("%v: %d", form, a.status)
		}
	}
	if got := d.engine.ClockOffset(); got != 24*time.Hour {
		t.Errorf("the clock is %v ahead", got)
	}
	d.post("/console/clock/reset", nil).want(200, "/console/clock").wantText("main", "Not at all")
}

func TestTheRegisterOfIdentities(t *testing.T) {
	d := newDesk(t)
	d.logIn()
	d.get("/console/identities").want(200, "/console/identities").wantText("tbody", "110101190001010014")
	row := url.Values{"name": {"钱进"}, "id_card": {"110101199003074419"}, "mobile": {"13800000001"}}
	d.post("/console/identities/new", row).want(422, "/console/identities/new").wantText("#f-id_card-problem", "check digit")
	d.post("/console/identities/new", url.Values{"name": {"钱进"}}).want(422, "/console/identities/new").wantText(".notice", "at least one")
	row = url.Values{"name": {"钱进"}, "mobile": {"13800000001"}, "mobile_result": {"3"}}
	d.post("/console/identities/new", row).want(200, "/console/identities")
	found, _, err := d.engine.ListIdentities(t.Context(), "13800000001", "", 10)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	path := "/console/identities/" + found[0].ID
	d.get(path).want(200, path)
	row.Set("mobile_result", "")
	d.post(path, row).want(200, "/console/identities")
	d.get("/console/identities?q=13800000001").wantText("tbody", "钱进")
	d.upload("name,mobile\n孙立,13800000001\n周全,13800000002\n").want(200, "/console/identities").wantText(".notice", "1 added, 1 replaced")
	d.upload("name,mobile\n孙立,1\n").want(422, "/console/identities/import").wantText(".notice", "Line 2 mobile")
	if got := d.get("/console/identities/export"); !strings.Contains(got.body, "孙立") || got.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%v %.200s", got.header, got.body)
	}
	d.post(path+"/delete", nil).want(200, "/console/identities")
	d.get(path).want(404, path)
	d.post(path, row).want(404, path)
	d.post(path+"/delete", nil).want(404, path+"/delete")
}

func (d *desk) upload(csv string) answer {
	d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", "identities.csv")
	must(d.t, err)
	_, err = io.WriteString(part, csv)
	must(d.t, err)
	must(d.t, w.Close())
	return d.send("POST", "/console/identities/import", w.FormDataContentType(), body.String())
}

// sent is a contract with one signer.
func (d *desk) sent(channel string) (flow, sign string, by api.Caller) {
	d.t.Helper()
	ctx := d.t.Context()
	user, err := api.CreateUserAndSeal.Call(ctx, d.client, &api.CreateUserAndSealRequest{OpenId: "wang", Name: "王小明", IdCardType: "ID_CARD",
		IdCardNumber: "110101190001010014", SourceIp: "127.0.0.1", Mobile: "13800000001"})
	must(d.t, err)
	by = api.Caller{OperatorId: user.UserId}
	face, err := font.Default()
	must(d.t, err)
	data, err := pdf.NewComposer(face).Title("合同").Bytes()
	must(d.t, err)
	file, err := api.UploadFiles.Call(ctx, d.client, &api.UploadFilesRequest{Caller: by, BusinessType: "DOCUMENT",
		FileInfos: []api.UploadFile{{FileBody: base64Of(data), FileName: "合同.pdf"}}})
	must(d.t, err)
	made, err := api.CreateFlowByFiles.Call(ctx, d.client, &api.CreateFlowByFilesRequest{Caller: by, FileIds: file.FileIds,
		FlowInfo: api.FlowInfo{FlowName: "采购合同", Deadline: time.Now().Add(time.Hour).Unix(), CallbackUrl: "http://127.0.0.1:1/"}})
	must(d.t, err)
	task, err := api.SendFlowUrl.Call(ctx, d.client, &api.SendFlowUrlRequest{Caller: by, FlowId: made.FlowId, UserId: user.UserId, VerifyChannel: []string{channel},
		SignComponents: []api.Component{{ComponentId: "s", ComponentType: "SIGN_SIGNATURE", ComponentPage: 1, ComponentPosX: 80, ComponentPosY: 600}}})
	must(d.t, err)
	return made.FlowId, task.SignId, by
}

func TestReviewsCatalogsChecksAndMessages(t *testing.T) {
	d := newDesk(t)
	d.logIn()
	flow, sign, by := d.sent("OFFLINE")
	resp, err := api.SignFlow.Call(t.Context(), d.client, &api.SignFlowRequest{Caller: by, FlowId: flow, SignId: sign, VerifyChannel: "OFFLINE",
		VerifyResult: "当面核实", SourceIp: "127.0.0.1", SignSeals: []api.SignSeal{{ComponentId: "s", SignType: "SIGN_SIGNATURE"}}})
	must(t, err)
	if resp.Status != "REVIEW" {
		t.Fatal(resp)
	}
	d.get("/console/reviews").want(200, "/console/reviews").wantText("main", "采购合同").wantText("main", "当面核实")
	list, err := d.engine.ListReviews(t.Context(), 1)
	must(t, err)
	review := "/console/reviews/" + list[0].ID
	d.post("/console/reviews/none", url.Values{"accept": {"1"}}).want(404, "/console/reviews/none")
	d.post(review, url.Values{"accept": {"1"}, "note": {"本人"}}).want(200, "/console/reviews").wantText("main", "Accepted").wantText("main", "本人")
	d.post(review, url.Values{"accept": {"0"}}).want(409, review).wantText(".notice", "already")

	d.post("/console/catalogs", url.Values{"name": {"一组"}, "flows": {flow + ",\n none"}}).want(422, "/console/catalogs").wantText(".notice", "none")
	d.post("/console/catalogs", url.Values{"name": {"一组"}, "flows": {" " + flow + "\r\n"}}).want(200, "/console/catalogs").wantText("tbody", "一组")

	d.post("/console/faces", url.Values{"user": {"nobody"}, "channel": {"FACEID"}}).want(422, "/console/faces")
	d.post("/console/faces", url.Values{"user": {by.OperatorId}, "channel": {"THIRD"}}).want(404, "/console/faces")
	begun := d.post("/console/faces", url.Values{"user": {by.OperatorId}, "channel": {"FACEID"}})
	if !strings.HasPrefix(begun.path, "/f/") {
		t.Errorf("a check led to %s", begun.path)
	}
	d.get("/console/faces").want(200, "/console/faces").wantText("tbody", "王小明 1****************4").wantText("tbody", "Waiting")
	ticket := d.engine.FaceAPITicket()
	if strings.Contains(d.get("/console/faces").body, ticket) || !strings.Contains(d.post("/console/faces/ticket", nil).body, ticket) {
		t.Error("the api_ticket is not shown on demand")
	}

	_, err = api.SendSignInnerVerifyCode.Call(t.Context(), d.client, &api.SendSignInnerVerifyCodeRequest{Mobile: "13800000001", VerifyType: "SIGN"})
	must(t, err)
	d.get("/console/messages").want(200, "/console/messages").wantText("tbody", "13800000001").wantText("tbody", "Kept here only")
}

func TestCallbacksAreShownAndSentAgain(t *testing.T) {
	d := newDesk(t)
	d.logIn()
	d.get("/console/callbacks").want(200, "/console/callbacks").wantText("main", "No callbacks yet")
	d.sent("NONE")
	_, err := d.engine.SendCallbacks(t.Context())
	must(t, err)
	d.get("/console/callbacks").wantText("tbody", "start").wantText("tbody", "Waiting")
	d.get("/console/callbacks/1").want(200, "/console/callbacks/1").wantText("tbody", "A private address").wantText("#body", "138****0001")
	d.post("/console/callbacks/1/redeliver", nil).want(200, "/console/callbacks/1").wantText(".notice", "It is sent again")
	_, err = d.engine.SendCallbacks(t.Context())
	must(t, err)
	if got := strings.Count(d.get("/console/callbacks/1").body, "A private address"); got != 2 {
		t.Errorf("%d tries are shown", got)
	}
	d.post("/console/callbacks/2/redeliver", nil).want(404, "/console/callbacks/2/redeliver")
	d.get("/console/callbacks/x").want(404, "/console/callbacks/x")
	d.post("/console/callbacks/encrypt", url.Values{"on": {"1"}}).want(200, "/console/callbacks").wantText("main", "Callbacks are encrypted")
	keys, err := d.engine.CallbackKeys(t.Context())
	must(t, err)
	if page := d.get("/console/callbacks").body; strings.Contains(page, keys.Token) || strings.Contains(page, keys.Key) {
		t.Error("the keys are shown without being asked for")
	}
	if page := d.post("/console/callbacks/keys", nil).body; !strings.Contains(page, keys.Token) || !strings.Contains(page, keys.Key) {
		t.Error("the keys are not shown")
	}
}

func TestOverTLSTheCookieIsForTLSOnly(t *testing.T) {
	s := &server{tls: true}
	rec := httptest.NewRecorder()
	s.setCookie(rec, "v", 0)
	if got := rec.Header().Get("Set-Cookie"); got != "__Host-sealdesk_console=v; Path=/; HttpOnly; Secure; SameSite=Strict" {
		t.Error(got)
	}
}

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }
