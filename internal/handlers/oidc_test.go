package handlers

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/internal/audit"
	"sealdesk/internal/auth"
	"sealdesk/internal/config"
	"sealdesk/internal/db"
)

// issuer is a small OpenID Connect provider, who signs in whoever comes as the subject that the test names.
type issuer struct {
	t   *testing.T
	url string
	key *rsa.PrivateKey
	now func() time.Time

	mu      sync.Mutex
	down    bool
	subject string
	bend    func(claims map[string]any) // changes the next tokens
	codes   map[string]url.Values       // what was asked for
}

var issuerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func startIssuer(t *testing.T) *issuer {
	i := &issuer{t: t, key: issuerKey(), now: time.Now, subject: "subject-1", codes: make(map[string]url.Values)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.answer(w, map[string]any{"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token", "jwks_uri": i.url + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		i.answer(w, map[string]any{"keys": []map[string]any{{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": b64(i.key.N.Bytes()),
			"e": b64(big.NewInt(int64(i.key.E)).Bytes())}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		i.mu.Lock()
		defer i.mu.Unlock()
		code := rand.Text()
		i.codes[code] = q
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {i.url}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i.isDown() {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) isDown() bool { i.mu.Lock(); defer i.mu.Unlock(); return i.down }

func (i *issuer) set(change func()) { i.mu.Lock(); defer i.mu.Unlock(); change() }

func (i *issuer) answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		i.t.Error(err)
	}
}

// token gives a code's token, once, to whoever knows the verifier and the client's secret.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	asked := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if asked == nil || id != "desk" || secret != "s3cret" || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.Get("redirect_uri") != r.FormValue("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		i.answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := i.now()
	claims := map[string]any{"iss": i.url, "sub": i.subject, "aud": "desk", "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
	if i.bend != nil {
		i.bend(claims)
	}
	i.answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": i.sign(claims)})
}

// sign makes the claims a JSON Web Token.
func (i *issuer) sign(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, sum[:])
	if err != nil {
		i.t.Error(err)
	}
	return text + "." + b64(signature)
}

// withIssuer starts a portal that people may sign in to through the issuer.
func withIssuer(t *testing.T) (*portal, *issuer) {
	i := startIssuer(t)
	p := startPortal(t, func(s *portalSettings) {
		s.oidc = config.OIDC{Issuer: i.url, ClientID: "desk", ClientSecret: "s3cret", Label: "测试身份"}
	})
	i.set(func() { i.now = p.clock.now })
	return p, i
}

// link links the account that is logged in to the issuer's subject, as a browser does.
func (v *visitor) link() *reply {
	v.p.t.Helper()
	page := v.post("/account/oidc", url.Values{"Current": {testPassword}}).wantStatus(http.StatusOK)
	target := page.find(".card a.button-primary").AttrOr("href", "")
	return v.follow(target)
}

// follow opens an address outside of the portal, and goes where it leads.
func (v *visitor) follow(address string) *reply {
	v.p.t.Helper()
	resp, err := v.client.Get(address)
	if err != nil {
		v.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	return v.get(resp.Request.URL.RequestURI()) // the page once more: flashes are gone, what counts is where it led
}

// outside begins a log-in and returns where the provider would send the browser back to, without going there.
func (v *visitor) outside() *url.URL {
	v.p.t.Helper()
	address := v.still().get("/login/oidc?next=%2Fflows").wantStatus(http.StatusSeeOther).header.Get("Location")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(address)
	if err != nil {
		v.p.t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		v.p.t.Fatalf("%s: %v", address, err)
	}
	return back
}

func (p *portal) wantRefused(code string) {
	p.t.Helper()
	list := p.events("session.login")
	if last := list[0]; last.Outcome != audit.Failed || last.ErrorCode != code {
		p.t.Errorf("recorded %s %q, want %q", last.Outcome, last.ErrorCode, code)
	}
}

func TestALinkedAccountLogsInThroughTheProvider(t *testing.T) {
	p, i := withIssuer(t)
	v := p.as(auth.Business)
	v.post("/account/oidc", url.Values{"Current": {"wrong-password-1"}}).wantStatus(http.StatusUnprocessableEntity).wantProblem("Current")
	v.link().wantPath("/account/oidc").wantText(".facts", i.url)

	w := p.visitor()
	w.get("/login?next=%2Fflows").wantText("a[href='/login/oidc?next=%2Fflows']", "以 测试身份 登录")
	back := w.outside()
	before := w.cookie("sealdesk")
	w.get(back.RequestURI()).wantStatus(http.StatusOK).wantPath("/flows")
	if after := w.cookie("sealdesk"); after == "" || after == before {
		t.Errorf("the session is %q after %q", after, before)
	}
	w.get("/account").wantText(".facts", "business")
	if list := p.events("session.oidc"); len(list) != 1 || list[0].Actor.Name != "business" || list[0].ObjectID != p.account("business").ID {
		t.Errorf("recorded %+v", list)
	}
	p.visitor().get(back.RequestURI()).wantStatus(http.StatusForbidden).wantText(".notice", "不是从这个浏览器开始的")
	w.get(back.RequestURI()).wantPath("/account/oidc").wantText(".notice", "已过期") // the answer works once

	v.post("/account/oidc/unlink", nil).wantStatus(http.StatusOK).wantText(".notice", "已取消关联")
	v.post("/account/oidc/unlink", nil).wantStatus(http.StatusNotFound)
	x := p.visitor()
	x.get(x.outside().RequestURI()).wantStatus(http.StatusForbidden).wantText(".notice", "还没有关联")
	p.wantRefused("oidc_unknown")
	for _, action := range []string{"account.oidc.link", "account.oidc.unlink"} {
		if list := p.events(action); len(list) != 1 || list[0].Actor.Name != "business" || list[0].Outcome != audit.OK {
			t.Errorf("%s recorded %+v", action, list)
		}
	}
}

func TestWhatTheProviderAnswersIsChecked(t *testing.T) {
	p, i := withIssuer(t)
	p.as(auth.Business).link().wantPath("/account/oidc")
	for name, bend := range map[string]func(map[string]any){
		"nonce":      func(c map[string]any) { c["nonce"] = "another" },
		"no nonce":   func(c map[string]any) { delete(c, "nonce") },
		"audience":   func(c map[string]any) { c["aud"] = "another" },
		"issuer":     func(c map[string]any) { c["iss"] = i.url + "/another" },
		"expired":    func(c map[string]any) { c["exp"] = p.clock.now().Add(-time.Minute).Unix() },
		"no subject": func(c map[string]any) { c["sub"] = "" },
	} {
		i.set(func() { i.bend = bend })
		v := p.visitor()
		got := v.get(v.outside().RequestURI())
		if got.status != http.StatusForbidden || !strings.Contains(got.find(".notice").Text(), "没有通过检查") {
			t.Errorf("%s: %d %q", name, got.status, got.find(".notice").Text())
		}
		p.wantRefused("oidc_token")
		v.get("/flows").wantPath("/login?next=%2Fflows")
		p.clock.advance(2 * time.Hour) // the throttle forgets
	}
	i.set(func() { i.bend = nil })

	for name, change := range map[string]func(q url.Values){
		"state":    func(q url.Values) { q.Set("state", "another") },
		"no state": func(q url.Values) { q.Del("state") },
		"code":     func(q url.Values) { q.Set("code", "another") },
		"iss":      func(q url.Values) { q.Set("iss", "https://another.example.com") },
		"denied":   func(q url.Values) { q.Del("code"); q.Set("error", "access_denied") },
	} {
		v := p.visitor()
		back := v.outside()
		q := back.Query()
		change(q)
		v.get(back.Path + "?" + q.Encode()).wantStatus(http.StatusForbidden)
		want := map[string]string{"state": "oidc_state", "no state": "oidc_state", "denied": "oidc_denied"}[name]
		if want == "" {
			want = "oidc_token"
		}
		p.wantRefused(want)
		p.clock.advance(2 * time.Hour)
	}
	v := p.visitor()
	back := v.outside()
	p.clock.advance(db.StepLife + time.Second)
	v.get(back.RequestURI()).wantStatus(http.StatusForbidden).wantText(".notice", "已过期")
}

func TestTheProviderOpensNoAccountThatIsShut(t *testing.T) {
	p, i := withIssuer(t)
	admin, v := p.as(auth.Admin), p.as(auth.Business)
	v.link().wantPath("/account/oidc")
	id := p.account("business").ID

	w := p.as(auth.Compliance)
	got := w.link() // the subject is somebody else's
	if got.find(".facts").Length() != 0 {
		t.Error("one subject is linked to two accounts")
	}
	if list := p.events("account.oidc.link"); list[0].ErrorCode != "oidc_taken" {
		t.Errorf("recorded %+v", list[0])
	}

	disabled := true
	if _, err := p.db.ChangeAccount(t.Context(), id, db.AccountChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	x := p.visitor()
	x.get(x.outside().RequestURI()).wantStatus(http.StatusForbidden).wantText(".notice", "已停用")
	p.wantRefused("oidc_disabled")

	disabled = false
	if _, err := p.db.ChangeAccount(t.Context(), id, db.AccountChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	y := p.visitor()
	y.get(y.outside().RequestURI()).wantPath("/flows")
	admin.post("/accounts/"+id+"/password", nil).wantStatus(http.StatusOK) // a reset takes the link away too
	z := p.visitor()
	z.get(z.outside().RequestURI()).wantStatus(http.StatusForbidden).wantText(".notice", "还没有关联")

	i.set(func() { i.subject = "subject-2" })
	w.link().wantPath("/account/oidc").wantText(".facts", i.url)
}

func TestTheProviderDoesNotStandInForTheSecondFactor(t *testing.T) {
	p, _ := withIssuer(t)
	v := p.as(auth.Business)
	secret, _ := v.enrol()
	v.link().wantPath("/account/oidc")
	w := p.visitor()
	back := w.outside()
	w.get("/login/code").wantPath("/login") // nobody has proved anything yet
	w.get(back.RequestURI()).wantStatus(http.StatusOK).wantPath("/login/code")
	w.get("/flows").wantPath("/login?next=%2Fflows")
	p.clock.advance(time.Minute)
	w.post("/login/code", codeForm(p.code(secret))).wantPath("/flows")
}

func TestAPortalStartsAndSaysSoWithoutItsProvider(t *testing.T) {
	p, i := withIssuer(t)
	i.set(func() { i.down = true })
	v := p.visitor()
	v.get("/login/oidc").wantStatus(http.StatusServiceUnavailable).wantText(".notice", "连不上 测试身份")
	p.wantRefused("oidc_unreachable")
	p.as(auth.Business).post("/account/oidc", url.Values{"Current": {testPassword}}).wantPath("/account/oidc").wantText(".notice", "连不上")
	i.set(func() { i.down = false })
	v.outside()
	startPortal(t).visitor().get("/login/oidc").wantStatus(http.StatusNotFound)
}

func TestTriesThroughTheProviderAreSlowedDown(t *testing.T) {
	p, _ := withIssuer(t)
	p.addAccount("business", auth.Business)
	v := p.visitor()
	for range 3 {
		v.with("Sec-Fetch-Site", "cross-site").get("/login/oidc").wantPath("/login") // by a picture of another site
	}
	var last *reply
	for range 6 {
		last = v.still().get("/login/oidc")
	}
	last.wantStatus(http.StatusTooManyRequests)
	for n := range 12 { // answers that nobody asked for: a flood does not fill the log
		v.get(fmt.Sprintf("/login/oidc/callback?code=%d&state=x", n)).wantStatus(http.StatusForbidden)
	}
	if n := len(p.events("session.login")); n != 5 {
		t.Errorf("%d events", n)
	}
}

// cookie is the value of a cookie of the portal.
func (v *visitor) cookie(name string) string {
	v.p.t.Helper()
	u, err := url.Parse(v.p.url)
	if err != nil {
		v.p.t.Fatal(err)
	}
	for _, c := range v.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
