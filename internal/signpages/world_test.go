package signpages

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"

	"github.com/PuerkitoBio/goquery"
)

// noTrail is a recorder for calls of the tests.
type noTrail struct{}

func (noTrail) Intent(context.Context, api.CallRecord) error  { return nil }
func (noTrail) Outcome(context.Context, api.CallRecord) error { return nil }

// renderer is shared by all tests, since it compiles PDFium first.
var renderer = sync.OnceValues(func() (*pdf.Renderer, error) {
	return pdf.NewRenderer(context.Background(), pdf.RendererOptions{CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium")})
})

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is an engine with an organisation and a person who signs for it, and its pages on a real server.
type world struct {
	t      *testing.T
	engine *engine.Engine
	client *api.Client
	server *httptest.Server
	clock  *clock

	organization, seal, user string
}

func newWorld(t *testing.T, change ...func(*engine.Options)) *world {
	t.Helper()
	face, err := font.Default()
	must(t, err)
	r, err := renderer()
	must(t, err)
	w := &world{t: t, clock: &clock{now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}}
	options := engine.Options{Memory: true, Simulate: true, PublicURL: "http://127.0.0.1:8081", Clock: w.clock.Now, Face: face, Renderer: r}
	for _, f := range change {
		f(&options)
	}
	w.engine, err = engine.New(t.Context(), options)
	must(t, err)
	t.Cleanup(func() { must(t, w.engine.Close()) })
	handler, err := New(Options{Engine: w.engine, Clock: w.clock.Now})
	must(t, err)
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	credentials, err := w.engine.Credentials(t.Context())
	must(t, err)
	w.client, err = api.NewClient(api.ClientOptions{Endpoint: credentials.Endpoint, SecretID: credentials.SecretID, SecretKey: credentials.SecretKey,
		ApplicationID: credentials.ApplicationID, Transport: w.engine.Transport(), Recorder: noTrail{}, Clock: w.clock.Now})
	must(t, err)

	org, err := api.CreateSubOrganizationAndSeal.Call(t.Context(), w.client, &api.CreateSubOrganizationAndSealRequest{
		Name: "深圳市示例科技有限公司", IdCardType: "USCC", IdCardNumber: "91440300MA5EXAMP1F", OrganizationType: "ENTERPRISE",
		LegalName: "王小明", LegalIdCardType: "ID_CARD", LegalIdCardNumber: "440301198001010018", VerifyClientIp: "127.0.0.1"})
	must(t, err)
	w.organization, w.seal = org.SubOrganizationId, org.SealId
	user, err := api.CreateUserAndSeal.Call(t.Context(), w.client, &api.CreateUserAndSealRequest{OpenId: "wang", Name: "王小明", IdCardType: "ID_CARD",
		IdCardNumber: "440301198001010018", SourceIp: "127.0.0.1", Mobile: "13800000001"})
	must(t, err)
	w.user = user.UserId
	return w
}

// message is the text of the newest message.
func (w *world) message() string {
	w.t.Helper()
	all, _, err := w.engine.ListMessages(w.t.Context(), "", 1)
	if err != nil || len(all) != 1 {
		w.t.Fatalf("%+v, %v", all, err)
	}
	return all[0].Body
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) caller() api.Caller {
	return api.Caller{OperatorId: w.user, SubOrganizationId: w.organization}
}

// flow makes a contract of three pages.
func (w *world) flow() string {
	w.t.Helper()
	face, err := font.Default()
	must(w.t, err)
	contract, err := pdf.NewComposer(face).Title("软件服务采购合同").Paragraph("甲方向乙方采购软件服务。").PageBreak().Paragraph("价款。").PageBreak().
		Paragraph("签署页。").Bytes()
	must(w.t, err)
	files, err := api.UploadFiles.Call(w.t.Context(), w.client, &api.UploadFilesRequest{Caller: w.caller(), BusinessType: api.BusinessDocument,
		FileInfos: []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(contract), FileName: "合同.pdf"}}})
	must(w.t, err)
	flow, err := api.CreateFlowByFiles.Call(w.t.Context(), w.client, &api.CreateFlowByFilesRequest{Caller: w.caller(), FileIds: files.FileIds,
		FlowInfo: api.FlowInfo{FlowName: "软件服务采购合同", Deadline: w.clock.Now().Add(7 * 24 * time.Hour).Unix()}})
	must(w.t, err)
	return flow.FlowId
}

// send sends a contract to the person, for their organisation, and returns the path of the link.
func (w *world) send(flow string, change func(*api.SendFlowUrlRequest)) string {
	w.t.Helper()
	req := &api.SendFlowUrlRequest{Caller: w.caller(), FlowId: flow, UserId: w.user, SubOrganizationId: w.organization,
		VerifyChannel: []string{api.VerifyChannelNone}, Deadline: w.clock.Now().Add(24 * time.Hour).Unix(), SignComponents: []api.Component{
			{ComponentId: "a", ComponentType: api.ComponentTypeSeal, ComponentPage: 3, ComponentPosX: 90, ComponentPosY: 560, ComponentWidth: 119, ComponentHeight: 119},
			{ComponentId: "b", ComponentType: api.ComponentTypeSignature, ComponentPage: 3, ComponentPosX: 260, ComponentPosY: 600, ComponentWidth: 119, ComponentHeight: 43},
			{ComponentId: "c", ComponentType: api.ComponentTypeSignDate, ComponentPage: 3, ComponentPosX: 260, ComponentPosY: 660, ComponentWidth: 119, ComponentHeight: 20},
		}}
	if change != nil {
		change(req)
	}
	sent, err := api.SendFlowUrl.Call(w.t.Context(), w.client, req)
	must(w.t, err)
	u, err := url.Parse(sent.SignUrl)
	must(w.t, err)
	return u.Path
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
	doc    *goquery.Document
}

func (w *world) do(req *http.Request) answer {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(w.t, err)
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		a.doc, err = goquery.NewDocumentFromReader(bytes.NewReader(body))
		must(w.t, err)
	}
	return a
}

func (w *world) get(path string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.server.URL+path, nil)
	must(w.t, err)
	return w.do(req)
}

func (w *world) post(path string, form url.Values, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(form.Encode()))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return w.do(req)
}

// filled is the form as a browser without scripts would send it from the page.
func (a answer) filled(t *testing.T) url.Values {
	t.Helper()
	form := url.Values{}
	a.doc.Find("#sign input, #sign textarea").Each(func(_ int, in *goquery.Selection) {
		name, _ := in.Attr("name")
		value, _ := in.Attr("value")
		_, checked := in.Attr("checked")
		switch kind, _ := in.Attr("type"); {
		case (kind == "radio" || kind == "checkbox") && !checked, name == "":
		default:
			form.Set(name, value)
		}
	})
	return form
}

func (a answer) text() string { return strings.Join(strings.Fields(a.doc.Text()), " ") }

func drawing(t *testing.T, ink bool, side int) string {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, side, 80))
	if ink {
		for x := range side {
			for y := 38; y < 42; y++ {
				m.Set(x, y, color.NRGBA{A: 255})
			}
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
