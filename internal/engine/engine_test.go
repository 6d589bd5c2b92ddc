package engine_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/font"
	"sealdesk/internal/pdf"
)

// The renderer and the face are shared: compiling PDFium takes seconds.
var shared struct {
	once     sync.Once
	face     *font.Face
	renderer *pdf.Renderer
	err      error
}

// pdfCache is where the tests of all packages keep the compiled PDFium: under the race detector compiling it takes minutes.
var pdfCache = filepath.Join(os.TempDir(), "sealdesk-test-pdfium")

func TestMain(m *testing.M) {
	if dir := os.Getenv("SEALDESK_ENGINE_TEST_CHILD"); dir != "" {
		runChild(dir)
		return
	}
	os.Exit(m.Run())
}

func drawing(t testing.TB) (*font.Face, *pdf.Renderer) {
	t.Helper()
	shared.once.Do(func() {
		if shared.face, shared.err = font.Default(); shared.err != nil {
			return
		}
		shared.renderer, shared.err = warmRenderer(context.Background(), pdfCache)
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.face, shared.renderer
}

// warmRenderer compiles PDFium before a test needs it: on a busy machine that takes longer than any caller waits.
func warmRenderer(ctx context.Context, cache string) (*pdf.Renderer, error) {
	r, err := pdf.NewRenderer(ctx, pdf.RendererOptions{CacheDir: cache, Deadline: patience})
	if err != nil {
		return nil, err
	}
	data, err := contractOnce()
	if err != nil {
		return nil, err
	}
	_, err = r.Inspect(ctx, data)
	return r, err
}

// patience is what tests grant to a busy machine.
const patience = 10 * time.Minute

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// platform is an engine with a client on its wire.
type platform struct {
	*testing.T
	engine *engine.Engine
	client *api.Client
	keys   engine.Credentials
	clock  *clock
	fileID string // of the contract, uploaded once
}

// messages are the texts of all messages that stand on the console, the oldest first.
func (p *platform) messages() string {
	p.Helper()
	all, _, err := p.engine.ListMessages(p.Context(), "", 100)
	if err != nil {
		p.Fatal(err)
	}
	var texts []string
	for _, m := range slices.Backward(all) {
		texts = append(texts, m.Body)
	}
	return strings.Join(texts, "\n")
}

// start opens an engine in memory. Changes of the options come last.
func start(t *testing.T, change ...func(*engine.Options)) *platform {
	t.Helper()
	face, renderer := drawing(t)
	p := &platform{T: t, clock: &clock{now: time.Now().UTC().Truncate(time.Second)}}
	opts := engine.Options{Memory: true, Simulate: true, PublicURL: "http://engine.test", Clock: p.clock.Now, Face: face, Renderer: renderer}
	for _, f := range change {
		f(&opts)
	}
	var err error
	if p.engine, err = engine.New(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	if p.keys, err = p.engine.Credentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.client = newClient(t, p.keys, p.engine.Transport(), p.clock.Now)
	return p
}

func newClient(t testing.TB, keys engine.Credentials, transport http.RoundTripper, now func() time.Time) *api.Client {
	t.Helper()
	c, err := api.NewClient(api.ClientOptions{Endpoint: keys.Endpoint, Region: keys.Region, SecretID: keys.SecretID, SecretKey: keys.SecretKey,
		ApplicationID: keys.ApplicationID, Recorder: unrecorded{}, Transport: transport, Clock: now, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unrecorded stands where the portal writes its audit trail.
type unrecorded struct{}

func (unrecorded) Intent(context.Context, api.CallRecord) error  { return nil }
func (unrecorded) Outcome(context.Context, api.CallRecord) error { return nil }

// do calls an action that must work.
func do[Req, Resp any](p *platform, a api.Action[Req, Resp], req *Req) *Resp {
	p.Helper()
	resp, err := a.Call(p.Context(), p.client, req)
	if err != nil {
		p.Fatalf("%s: %v", a.Name, err)
	}
	return resp
}

// refused calls an action that must fail with a code, and gives the message.
func refused[Req, Resp any](p *platform, code string, a api.Action[Req, Resp], req *Req) string {
	p.Helper()
	_, err := a.Call(p.Context(), p.client, req)
	if !api.IsCode(err, code) {
		p.Errorf("%s: got %v, want %s", a.Name, err, code)
		return ""
	}
	return err.Error()
}

// party is an organisation with a person, both verified, and their seals.
type party struct {
	name, person      string
	organization      string
	user              string
	seal, handwriting string
}

func (q party) caller() api.Caller {
	return api.Caller{SubOrganizationId: q.organization, OperatorId: q.user}
}

var partyNames = []struct{ name, number, person string }{
	{"深圳市示例科技有限公司", "91440300MA5EXAMP1F", "王小明"},
	{"北京样例软件有限责任公司", "91110108MA01EXAM2F", "李娜"},
}

func (p *platform) party(i int) party {
	p.Helper()
	n := partyNames[i]
	q := party{name: n.name, person: n.person}
	org := do(p, api.CreateSubOrganizationAndSeal, &api.CreateSubOrganizationAndSealRequest{
		Name: n.name, IdCardType: "USCC", IdCardNumber: n.number, OrganizationType: "ENTERPRISE", LegalName: n.person, LegalIdCardType: "ID_CARD",
		LegalIdCardNumber: "110101199003074418", VerifyClientIp: "127.0.0.1",
	})
	q.organization, q.seal = org.SubOrganizationId, org.SealId
	user := do(p, api.CreateUserAndSeal, &api.CreateUserAndSealRequest{OpenId: fmt.Sprintf("person-%d", i), Name: n.person, IdCardType: "ID_CARD",
		IdCardNumber: "110101199003074418", SourceIp: "127.0.0.1", Mobile: fmt.Sprintf("1380000000%d", i)})
	q.user, q.handwriting = user.UserId, user.SealId
	return q
}

var contractOnce = sync.OnceValues(func() ([]byte, error) {
	face, err := font.Default()
	if err != nil {
		return nil, err
	}
	c := pdf.NewComposer(face).Title("软件服务采购合同").Paragraph("甲乙双方经友好协商，订立本合同。").PageBreak().Heading("第一条").Paragraph("标的。").
		PageBreak().Heading("签署页").Paragraph("以下无正文。")
	return c.Bytes()
})

// contract is a PDF of three pages.
func contract(t testing.TB) []byte {
	t.Helper()
	data, err := contractOnce()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p *platform) upload(by party, data []byte) string {
	p.Helper()
	return do(p, api.UploadFiles, &api.UploadFilesRequest{Caller: by.caller(), BusinessType: "FLOW",
		FileInfos: []api.UploadFile{{FileBody: base64.StdEncoding.EncodeToString(data), FileName: "合同.pdf"}}}).FileIds[0]
}

// flow creates a flow of one file.
func (p *platform) flow(by party) string {
	p.Helper()
	if p.fileID == "" {
		p.fileID = p.upload(by, contract(p))
	}
	return do(p, api.CreateFlowByFiles, &api.CreateFlowByFilesRequest{Caller: by.caller(), FileIds: []string{p.fileID},
		FlowInfo: api.FlowInfo{FlowName: "采购合同", Deadline: p.clock.Now().Add(30 * 24 * time.Hour).Unix(), FlowDescription: "年度", FlowType: "销售",
			CallbackUrl: "https://callback.example"}}).FlowId
}

func box(id, kind string, x, y float64) api.Component {
	return api.Component{ComponentId: id, ComponentType: kind, ComponentRequired: true, ComponentPage: 3, ComponentPosX: x, ComponentPosY: y}
}

// task sends a flow to a party with a seal, a signature and a date at a height of their own.
func (p *platform) task(flowID string, by, to party, y float64) string {
	p.Helper()
	return do(p, api.SendFlow, taskRequest(flowID, by, to, y)).SignId
}

func taskRequest(flowID string, by, to party, y float64) *api.SendFlowRequest {
	return &api.SendFlowRequest{Caller: by.caller(), FlowId: flowID, UserId: to.user, SubOrganizationId: to.organization, VerifyChannel: []string{"NONE"},
		SignComponents: []api.Component{box("seal", "SIGN_SEAL", 80, y), box("hand", "SIGN_SIGNATURE", 220, y), box("date", "SIGN_DATE", 360, y)}}
}

func signRequest(flowID, signID string, by party) *api.SignFlowRequest {
	return &api.SignFlowRequest{Caller: by.caller(), FlowId: flowID, SignId: signID, VerifyChannel: "NONE", SourceIp: "203.0.113.7", ApproveMessage: "同意",
		SignSeals: []api.SignSeal{{ComponentId: "seal", SignType: "SIGN_SEAL", SealId: by.seal}, {ComponentId: "hand", SignType: "SIGN_SIGNATURE", SealId: by.handwriting},
			{ComponentId: "date", SignType: "SIGN_DATE"}}}
}

func (p *platform) status(flowID string) int64 {
	p.Helper()
	return do(p, api.DescribeFlow, &api.DescribeFlowRequest{FlowId: flowID}).FlowStatus
}

// get follows a download link through the engine's handler.
func (p *platform) get(link string) (int, []byte) {
	p.Helper()
	rec := httptest.NewRecorder()
	p.engine.Downloads().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, strings.TrimPrefix(link, "http://engine.test"), nil))
	body, err := io.ReadAll(rec.Body)
	if err != nil {
		p.Fatal(err)
	}
	return rec.Code, body
}

// signedFile downloads the flow's first file.
func (p *platform) signedFile(flowID string) []byte {
	p.Helper()
	urls := do(p, api.DescribeFileUrls, &api.DescribeFileUrlsRequest{BusinessIds: []string{flowID}, BusinessType: "FLOW", FileType: "PDF"})
	code, data := p.get(urls.FileUrls[0].Url)
	if code != http.StatusOK {
		p.Fatalf("download: %d", code)
	}
	return data
}

// checkSigned verifies a file with our verifier, with pdfsig and with qpdf.
func (p *platform) checkSigned(data []byte, signers ...string) {
	p.Helper()
	report, err := pdf.Verify(data, p.engine.Roots())
	if err != nil {
		p.Fatal(err)
	}
	var names []string
	for _, s := range report.Signatures {
		if !s.Intact || !s.ChainTrusted || s.TimestampTime.IsZero() {
			p.Errorf("signature of %s: %+v", s.Signer, s)
		}
		names = append(names, s.Signer)
	}
	if !report.OK || strings.Join(names, ",") != strings.Join(signers, ",") {
		p.Errorf("ok = %v, signers = %v, want %v: %+v", report.OK, names, signers, report)
	}
	file := p.TempDir() + "/signed.pdf"
	if err := os.WriteFile(file, data, 0o600); err != nil {
		p.Fatal(err)
	}
	if out := command(p, "pdfsig", file); strings.Count(out, "Signature is Valid") != len(signers) {
		p.Errorf("pdfsig:\n%s", out)
	}
	command(p, "qpdf", "--check", file)
}
