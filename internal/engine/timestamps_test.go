package engine_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/engine"
	"sealdesk/internal/pdf"
)

// outsideAuthority is openssl's time-stamping authority behind an HTTP server, with a CA of its own.
type outsideAuthority struct {
	t    *testing.T
	dir  string
	url  string
	root *x509.Certificate
	// change may answer in the authority's place, or change its answer.
	change func(w http.ResponseWriter, query, answer []byte) (changed []byte, answered bool)
	asked  atomic.Int64
}

// certify makes a certificate with its key in PEM files, under an issuer or for itself.
func (o *outsideAuthority) certify(name string, template, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	o.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), issuerKey)
	if err != nil {
		o.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		o.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		o.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(filepath.Join(o.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	return cert, key
}

const opensslConfig = `[tsa]
serial = DIR/serial
signer_cert = DIR/tsa.pem
signer_key = DIR/tsa.key
certs = DIR/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

func newOutsideAuthority(t *testing.T) *outsideAuthority {
	t.Helper()
	o := &outsideAuthority{t: t, dir: t.TempDir()}
	year := time.Now().AddDate(1, 0, 0)
	var rootKey *ecdsa.PrivateKey
	o.root, rootKey = o.certify("ca", &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Outside Root"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: year, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, nil)
	o.certify("tsa", &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Outside TSA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: year,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 37}, Critical: true,
			Value: []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08}}}}, o.root, rootKey)
	for file, text := range map[string]string{"serial": "01\n", "openssl.cnf": strings.ReplaceAll(opensslConfig, "DIR", o.dir)} {
		if err := os.WriteFile(filepath.Join(o.dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(o.serve))
	t.Cleanup(server.Close)
	o.url = server.URL + "/tsa"
	return o
}

func (o *outsideAuthority) serve(w http.ResponseWriter, r *http.Request) {
	o.asked.Add(1)
	query, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "no query", http.StatusBadRequest)
		return
	}
	answer := o.reply(query)
	if o.change != nil {
		changed, answered := o.change(w, query, answer)
		if answered {
			return
		}
		answer = changed
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}

func (o *outsideAuthority) reply(query []byte) []byte {
	in, out := filepath.Join(o.dir, "query"), filepath.Join(o.dir, "answer")
	if err := os.WriteFile(in, query, 0o600); err != nil {
		o.t.Error(err)
	}
	text, err := exec.Command("openssl", "ts", "-reply", "-config", filepath.Join(o.dir, "openssl.cnf"), "-section", "tsa", "-queryfile", in, "-out", out).CombinedOutput()
	if err != nil {
		o.t.Errorf("openssl ts: %v\n%s", err, text)
	}
	answer, err := os.ReadFile(out)
	if err != nil {
		o.t.Error(err)
	}
	return answer
}

// stamped starts an engine for real whose signatures this authority stamps.
func (o *outsideAuthority) stamped(change ...func(*engine.Options)) *platform {
	return start(o.t, append([]func(*engine.Options){forReal, func(opts *engine.Options) {
		opts.TimestampURL, opts.TimestampRoots = o.url, []*x509.Certificate{o.root}
	}}, change...)...)
}

// TestAnOutsideAuthorityStampsTheTime signs with openssl's time stamps; our verifier and pdfsig accept them, also after the setting is gone.
func TestAnOutsideAuthorityStampsTheTime(t *testing.T) {
	o := newOutsideAuthority(t)
	dir := t.TempDir()
	inFolder := func(opts *engine.Options) { opts.Memory, opts.DataDir = false, dir }
	p := o.stamped(inFolder)
	q := p.party(0)
	flowID, s := p.signedBy(q)
	if s.TimestampTime.IsZero() || time.Until(s.TimestampTime).Abs() > time.Minute {
		t.Errorf("stamped at %v", s.TimestampTime)
	}
	p.checkSigned(p.signedFile(flowID), q.name)
	if r, err := pdf.Verify(p.signedFile(flowID), onlyRoot(p.engine)); err != nil || r.OK {
		t.Errorf("the stamp leads to the engine's own root: %v", err)
	}
	if e := p.evidence("flow.sign"); !strings.Contains(e[0].DetailText, o.url) {
		t.Errorf("the evidence does not name who stamped: %s", e[0].DetailText)
	}
	if state := p.engine.TimestampState(); state.URL != o.url || state.Problem != "" || state.Tried.IsZero() {
		t.Errorf("%+v", state)
	}
	if err := p.engine.Close(); err != nil {
		t.Fatal(err)
	}
	p = start(t, forReal, inFolder)
	p.checkSigned(p.fileOf(flowID), q.name)
	if own, s := p.signedBy(q); s.TimestampTime.IsZero() || len(p.engine.TimestampRoots()) != 1 {
		t.Errorf("without the setting, flow %s: %+v", own, s)
	}
}

// onlyRoot is the engine's own root without those of outside authorities.
func onlyRoot(e *engine.Engine) *x509.CertPool {
	pool := x509.NewCertPool()
	own, err := x509.ParseCertificate(e.RootCertificate())
	if err == nil {
		pool.AddCert(own)
	}
	return pool
}

// TestWithoutItsStampNothingIsSigned lets the authority fail in every way. No signature is made then, and none with the engine's own stamp;
// the same act works once the authority is well again.
func TestWithoutItsStampNothingIsSigned(t *testing.T) {
	o := newOutsideAuthority(t)
	other := newOutsideAuthority(t)
	p := o.stamped()
	q := p.party(0)
	flowID := p.flow(q)
	sign := signRequest(flowID, p.task(flowID, q, q, 200), q)
	before := p.signedFile(flowID)
	var kept []byte
	swap := func(answer []byte) func(http.ResponseWriter, []byte, []byte) ([]byte, bool) {
		return func(http.ResponseWriter, []byte, []byte) ([]byte, bool) { return answer, false }
	}
	for _, c := range []struct {
		name   string
		say    string // of the reason that the caller is told
		change func(w http.ResponseWriter, query, answer []byte) ([]byte, bool)
	}{
		{"an error", "status 500", func(w http.ResponseWriter, _, answer []byte) ([]byte, bool) {
			kept = bytes.Clone(answer)
			http.Error(w, "down", http.StatusInternalServerError)
			return nil, true
		}},
		{"an old answer", "not a time stamp over", func(http.ResponseWriter, []byte, []byte) ([]byte, bool) { return kept, false }},
		{"no time stamp", "not a time stamp over", swap([]byte("hello"))},
		{"too much", "not a time stamp over", swap(make([]byte, 100<<10))},
		{"a changed byte", "not a time stamp over", func(_ http.ResponseWriter, _, answer []byte) ([]byte, bool) {
			answer[len(answer)-1] ^= 1
			return answer, false
		}},
		{"a refusal", "refuses", swap([]byte{0x30, 0x09, 0x30, 0x07, 0x02, 0x01, 0x02, 0x03, 0x02, 0x05, 0x20})},
		{"a way to elsewhere", "status 302", func(w http.ResponseWriter, _, _ []byte) ([]byte, bool) {
			w.Header().Set("Location", other.url)
			w.WriteHeader(http.StatusFound)
			return nil, true
		}},
		{"another authority", "trusted root", func(_ http.ResponseWriter, query, _ []byte) ([]byte, bool) { return other.reply(query), false }},
	} {
		o.change = c.change
		_, err := api.SignFlow.Call(t.Context(), p.client, sign)
		if err == nil || !strings.Contains(err.Error(), "nothing was signed") || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
		if p.status(flowID) != 1 || !bytes.Equal(p.signedFile(flowID), before) || p.engine.TimestampState().Problem == "" {
			t.Errorf("%s: status %d, the file changed: %v, state %+v", c.name, p.status(flowID), !bytes.Equal(p.signedFile(flowID), before), p.engine.TimestampState())
		}
	}
	if other.asked.Load() != 0 {
		t.Error("a redirect was followed")
	}
	o.change = nil
	asked := o.asked.Load()
	if state := p.engine.AskTimestamp(t.Context()); state.Problem == "" || o.asked.Load() != asked {
		t.Errorf("asked again within a minute: %+v", state)
	}
	p.clock.Add(time.Minute)
	if state := p.engine.AskTimestamp(t.Context()); state.Problem != "" || o.asked.Load() != asked+1 {
		t.Errorf("a minute later: %+v", state)
	}
	p.clock.Add(10 * time.Minute)
	if _, err := api.SignFlow.Call(t.Context(), p.client, sign); err == nil || !strings.Contains(err.Error(), "check the clock") {
		t.Errorf("a clock that is ahead: %v", err)
	}
	p.clock.Add(-10 * time.Minute)
	do(p, api.SignFlow, sign)
	if s := p.signature(flowID); s.TimestampTime.IsZero() {
		t.Error("no time stamp")
	}
}
