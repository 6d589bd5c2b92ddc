package handlers

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
	"sealdesk/internal/engine"
	"sealdesk/internal/files"
	"sealdesk/internal/font"
	"sealdesk/internal/gateway"
	"sealdesk/internal/pdf"
	"sealdesk/internal/routing"
	"sealdesk/internal/watch"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/crypto/argon2"
)

// portal is the whole portal over a real database, files and the embedded engine, in a folder of its own. Use it like this:
//
//	p := startPortal(t)
//	admin := p.as(auth.Admin)
//	got := admin.post("/seals", url.Values{"SealName": {"公章"}})   // follows redirects, as a browser does
//	got.wantStatus(200)
//	got.wantText("h1", "印章")
type portal struct {
	t          testing.TB
	url        string
	server     *server
	db         *db.DB
	client     *api.Client
	engine     *engine.Engine
	files      *files.Store
	routing    *routing.Router
	watch      *watch.Watcher
	clock      *testClock
	logs       *lockedBuffer
	setupToken string
	dir        string // of the database
}

// testClock is the real time plus what a test has added.
type testClock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// lockedBuffer collects what the portal logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// drawing is the font and the PDF renderer, which are dear to make and shared by all tests.
var drawing = sync.OnceValues(func() (*font.Face, *pdf.Renderer) {
	face, err := font.Default()
	if err != nil {
		panic(err)
	}
	renderer, err := pdf.NewRenderer(context.Background(), pdf.RendererOptions{
		CacheDir: filepath.Join(os.TempDir(), "sealdesk-test-pdfium"),
		Deadline: 5 * time.Minute, // the race detector makes it many times slower
	})
	if err != nil {
		panic(err)
	}
	return face, renderer
})

// portalSettings are what a test may change before the portal starts.
type portalSettings struct {
	publicURL string // empty: the test server's
	oidc      config.OIDC
	settings  []config.Setting
	endpoint  string            // empty: the engine in this process; else where the client calls
	real      bool              // the engine serves for real, without simulation
	gateways  *gateway.Gateways // of the engine; nil: messages reach nobody

	timestamps    func() (url, problem string)
	askTimestamps func(context.Context) (url, problem string)
	strict        bool // as a portal is without configuration: outside signers must prove who they are
}

func startPortal(t testing.TB, change ...func(*portalSettings)) *portal {
	t.Helper()
	var settings portalSettings
	for _, c := range change {
		c(&settings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	p := &portal{t: t, clock: new(testClock), logs: new(lockedBuffer), files: files.OpenMemory(), setupToken: "set-up-token"}
	face, renderer := drawing()
	logger := slog.New(slog.NewTextHandler(p.logs, nil))
	var err error
	must := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p.dir = t.TempDir()
	p.db, err = db.Open(ctx, db.Options{Dir: p.dir, Clock: p.clock.now})
	must()
	t.Cleanup(func() { closeAll(t, p.db) })
	if !settings.strict { // most tests are about other things: their administrator lets everybody sign by link
		policy := p.db.Policy()
		policy.LinkOnly = true
		err = p.db.SetPolicy(ctx, policy)
		must()
	}
	p.engine, err = engine.New(ctx, engine.Options{Memory: true, Simulate: !settings.real, PublicURL: "http://engine.test", Clock: p.clock.now, Logger: logger, Face: face, Renderer: renderer,
		AllowPrivateCallbacks: true, Gateways: settings.gateways})
	must()
	t.Cleanup(func() { closeAll(t, p.engine) })
	credentials, err := p.engine.Credentials(ctx)
	must()
	options := api.ClientOptions{Endpoint: credentials.Endpoint, Region: credentials.Region, SecretID: credentials.SecretID, SecretKey: credentials.SecretKey,
		ApplicationID: credentials.ApplicationID, Transport: p.engine.Transport(), Recorder: p.db.Recorder(), Clock: p.clock.now}
	if settings.endpoint != "" {
		options.Endpoint, options.Transport = settings.endpoint, nil
	}
	p.client, err = api.NewClient(options)
	must()
	server := httptest.NewUnstartedServer(nil)
	p.url = "http://" + server.Listener.Addr().String()
	p.routing, err = routing.New(routing.Options{Embedded: true, DB: p.db, Client: p.client, Files: p.files, Logger: logger, Clock: p.clock.now, RetryDelay: time.Millisecond, CodesStay: settings.strict,
		CallbackURL: p.url + CallbackPath, NoChannels: p.engine.MissingChannels(), RemindSigner: p.engine.Remind})
	must()
	p.watch, err = watch.New(watch.Options{DB: p.db, Client: p.client, Routing: p.routing, Logger: logger, Clock: p.clock.now, Interval: 20 * time.Millisecond})
	must()
	if settings.publicURL == "" {
		settings.publicURL = p.url
	}
	p.server, err = newServer(Options{DB: p.db, Client: p.client, Files: p.files, Renderer: renderer, Face: face, Routing: p.routing, Watch: p.watch,
		Platform:  config.Platform{Endpoint: config.Embedded, SecretID: credentials.SecretID, ApplicationID: credentials.ApplicationID},
		PublicURL: settings.publicURL, EngineURL: "http://engine.test", SetupToken: p.setupToken, Version: "test", Logger: logger, Clock: p.clock.now,
		CallbackKeys: p.engine.CallbackKeys, Evidence: p.engine.Evidence(), Messages: p.engine, OIDC: settings.oidc, Settings: settings.settings,
		Simulated: p.engine.Simulated(), SimulatedChannels: engine.SimulatedChannels(), IsSimulated: engine.IsSimulated, Timestamps: settings.timestamps, AskTimestamps: settings.askTimestamps, Roots: p.engine.Roots(), Later: p.later, SignedBy: p.signedBy})
	must()
	server.Config.Handler, err = p.server.handler()
	must()
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// later asks the engine what a file is an earlier state of, as the program does.
func (p *portal) later(ctx context.Context, sha256 string) (db.FileEarlier, bool, error) {
	state, ok, err := p.engine.LaterState(ctx, sha256)
	return db.FileEarlier{Contract: state.FlowName, FlowID: state.FlowID, Later: state.Signatures}, ok, err
}

// signedBy asks the engine who made a signature, as the program does.
func (p *portal) signedBy(ctx context.Context, field, serial string) (db.SignedBy, bool, error) {
	by, ok, err := p.engine.SignedBy(ctx, field, serial)
	return db.SignedBy{PlatformID: by.FlowID, Person: by.Person}, ok, err
}

func closeAll(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// background runs what main runs beside the portal: sending and watching. It ends with the test.
func (p *portal) background() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, run := range []func(context.Context) error{p.routing.Run, p.watch.Run, p.engine.RunMessages} {
		all.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				p.t.Errorf("background: %v", err)
			}
		})
	}
	p.t.Cleanup(func() { cancel(); all.Wait() })
}

// testPassword is every test account's.
const testPassword = "correct-horse-battery"

// testHash is the hash of testPassword at the least cost that there is. A stored hash carries its own, and at the real one the log-ins of
// all tests take longer than all else that they do.
var testHash = sync.OnceValue(func() string {
	salt := []byte("salt of no worth")
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=8,t=1,p=1$%s$%s", argon2.Version, encode(salt), encode(argon2.IDKey([]byte(testPassword), salt, 1, 8, 1, 32)))
})

// addAccount adds an account of the role; with organisations it reaches only those.
func (p *portal) addAccount(name string, role auth.Role, organizations ...string) db.Account {
	p.t.Helper()
	a, err := p.db.AddAccount(context.Background(), db.NewAccount{Name: name, DisplayName: name, Role: role, PasswordHash: testHash(),
		Scope: db.Scope{All: len(organizations) == 0, Organizations: organizations}})
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// as adds an account of the role, named like it, and returns a browser in which it is logged in. A second one of the same role gets a
// further name.
func (p *portal) as(role auth.Role, organizations ...string) *visitor {
	p.t.Helper()
	name := string(role)
	for range 9 {
		if _, err := p.db.AccountByName(context.Background(), name); err != nil {
			break
		}
		name += "-" + string(role[:1])
	}
	p.addAccount(name, role, organizations...)
	v := p.visitor()
	v.logIn(name, testPassword).wantStatus(http.StatusOK)
	return v
}

// visitor is a browser with cookies of its own.
type visitor struct {
	p      *portal
	client *http.Client
	header http.Header // sent with every request
}

// visitor opens a browser in which nobody is logged in. It reads Chinese.
func (p *portal) visitor() *visitor {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &visitor{p: p, client: &http.Client{Jar: jar, Timeout: 5 * time.Minute}, header: http.Header{"Accept-Language": {"zh-CN"}}}
}

// still returns the same browser that stays where a redirect would lead it on.
func (v *visitor) still() *visitor {
	client := *v.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{p: v.p, client: &client, header: v.header}
}

// with returns the same browser with one more header, such as HX-Request: true.
func (v *visitor) with(name, value string) *visitor {
	header := v.header.Clone()
	header.Set(name, value)
	return &visitor{p: v.p, client: v.client, header: header}
}

func (v *visitor) logIn(name, password string) *reply {
	v.p.t.Helper()
	return v.post("/login", url.Values{"Name": {name}, "Password": {password}})
}

func (v *visitor) get(path string) *reply {
	v.p.t.Helper()
	return v.send(http.MethodGet, path, "", nil)
}

func (v *visitor) post(path string, form url.Values) *reply {
	v.p.t.Helper()
	return v.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// upload is a file of a form.
type uploadFile struct {
	field, name string
	data        []byte
}

// postFiles sends a form with files, as multipart/form-data.
func (v *visitor) postFiles(path string, form url.Values, uploads ...uploadFile) *reply {
	v.p.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	var err error
	for name, values := range form {
		for _, value := range values {
			if err == nil {
				err = w.WriteField(name, value)
			}
		}
	}
	for _, f := range uploads {
		part, partErr := w.CreateFormFile(f.field, f.name)
		if partErr == nil {
			_, partErr = part.Write(f.data)
		}
		if err == nil {
			err = partErr
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		v.p.t.Fatal(err)
	}
	return v.send(http.MethodPost, path, w.FormDataContentType(), &body)
}

// send sends a request to the portal and reads the whole answer.
func (v *visitor) send(method, path, contentType string, body io.Reader) *reply {
	v.p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, v.p.url+path, body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	req.Header = v.header.Clone()
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.p.t.Fatal(err)
	}
	return &reply{t: v.p.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, body: string(data), path: resp.Request.URL.RequestURI()}
}

// reply is an answer of the portal, after redirects.
type reply struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
	path   string // where the last request went
}

// find selects elements of the page.
func (r *reply) find(selector string) *goquery.Selection {
	r.t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(r.body))
	if err != nil {
		r.t.Fatal(err)
	}
	return doc.Find(selector)
}

func (r *reply) wantStatus(status int) *reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s answered %d at %s, want %d:\n%s", r.what, r.status, r.path, status, clip(r.body, 4000))
	}
	return r
}

func (r *reply) wantPath(path string) *reply {
	r.t.Helper()
	if r.path != path {
		r.t.Fatalf("%s (%d) led to %s, want %s", r.what, r.status, r.path, path)
	}
	return r
}

// wantText wants the text somewhere within the elements of the selector.
func (r *reply) wantText(selector, text string) *reply {
	r.t.Helper()
	if got := r.find(selector).Text(); !strings.Contains(got, text) {
		r.t.Fatalf("%s: %q is not in %s: %q", r.what, text, selector, strings.Join(strings.Fields(got), " "))
	}
	return r
}

// wantProblem wants the field of a refused form to carry a message.
func (r *reply) wantProblem(field string) *reply {
	r.t.Helper()
	if r.find("#f-"+field+"-problem").Length() == 0 {
		r.t.Fatalf("%s: the field %s has no message; problems: %q", r.what, field, r.find(".problem").Text())
	}
	return r
}
