package api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// Version is the only version of essbasic that is spoken here.
	Version = "2020-12-22"
	// Service is the product's name in the scope of a signature.
	Service = "essbasic"
	// MaxClockSkew is how far a request's timestamp may be off (Tencent Cloud, signature v3).
	MaxClockSkew = 300 * time.Second

	tc3Algorithm    = "TC3-HMAC-SHA256"
	tc3Terminator   = "tc3_request"
	unsignedPayload = "UNSIGNED-PAYLOAD"

	headerAction      = "X-TC-Action"
	headerVersion     = "X-TC-Version"
	headerTimestamp   = "X-TC-Timestamp"
	headerContentHash = "X-TC-Content-SHA256"
)

// SignTC3 signs a request by Tencent Cloud's signature version 3: it sets X-TC-Timestamp and Authorization. The headers content-type and
// host are signed; they must be set before.
func SignTC3(req *http.Request, body []byte, secretID, secretKey string, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	req.Header.Set(headerTimestamp, timestamp)
	auth := authorization{
		secretID: secretID, date: now.UTC().Format(time.DateOnly), service: Service,
		signedHeaders: []string{"content-type", "host"},
	}
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	query := ""
	if req.Method == http.MethodGet {
		query = req.URL.RawQuery
	}
	uri := req.URL.EscapedPath()
	if uri == "" {
		uri = "/"
	}
	c := canonical{
		method: req.Method, uri: uri, query: query, signedHeaders: auth.signedHeaders,
		values:      []string{strings.TrimSpace(req.Header.Get("Content-Type")), host},
		payloadHash: payloadHash(req.Header, body),
	}
	auth.signature = hex.EncodeToString(auth.sign(secretKey, timestamp, c.bytes()))
	req.Header.Set("Authorization", auth.String())
}

// VerifyTC3 checks the signature of a request whose body has been read, and returns whose it is. It follows what Tencent's own SDKs
// send to a server that does not run at the cloud's address (observed): the host signed with or without its port, the path signed as
// "/" whatever it is, any service in the scope, the query as it was sent, and the headers that SignedHeaders lists.
//
// The errors come in the order in which the cloud checks: the form of the header, the key, the time, the signature.
func VerifyTC3(req *http.Request, body []byte, lookup func(secretID string) (secretKey string, ok bool), now time.Time) (string, *Error) {
	auth, err := parseAuthorization(req.Header.Get("Authorization"))
	if err != nil {
		return "", err
	}
	secretKey, ok := lookup(auth.secretID)
	if !ok {
		return "", NewError(CodeAuthFailureSecretIdNotFound, "The SecretId is not found.")
	}
	timestamp := req.Header.Get(headerTimestamp)
	if err := checkTimestamp(timestamp, now); err != nil {
		return "", err
	}
	if sent, _ := strconv.ParseInt(timestamp, 10, 64); time.Unix(sent, 0).UTC().Format(time.DateOnly) != auth.date {
		return "", NewError(CodeAuthFailureSignatureFailure, "The date of the credential scope is not the day of X-TC-Timestamp in UTC.")
	}
	want, hexErr := hex.DecodeString(auth.signature)
	if hexErr != nil {
		return "", NewError(CodeAuthFailureSignatureFailure, "The signature is not hexadecimal.")
	}
	for _, c := range candidates(req, auth.signedHeaders, payloadHash(req.Header, body)) {
		if hmac.Equal(want, auth.sign(secretKey, timestamp, c.bytes())) {
			return auth.secretID, nil
		}
	}
	return "", NewError(CodeAuthFailureSignatureFailure, "The signature does not fit the request.")
}

func checkTimestamp(timestamp string, now time.Time) *Error {
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return NewError(CodeAuthFailureInvalidAuthorization, "%s is missing or not a number of seconds.", headerTimestamp)
	}
	if skew := now.Sub(time.Unix(sent, 0)); skew > MaxClockSkew || skew < -MaxClockSkew {
		return NewError(CodeAuthFailureSignatureExpire, "The request's time is more than %d seconds off.", int(MaxClockSkew.Seconds()))
	}
	return nil
}

// authorization is the content of an Authorization header.
type authorization struct {
	secretID, date, service string
	signedHeaders           []string
	signature               string
}

// String writes the header as the cloud reads it.
func (a authorization) String() string {
	return tc3Algorithm + " Credential=" + a.secretID + "/" + a.scope() +
		", SignedHeaders=" + strings.Join(a.signedHeaders, ";") + ", Signature=" + a.signature
}

func (a authorization) scope() string { return a.date + "/" + a.service + "/" + tc3Terminator }

// parseAuthorization reads the header; the three parts may stand in any order. Both headers that must be signed have to be listed.
func parseAuthorization(header string) (authorization, *Error) {
	bad := func(why string) (authorization, *Error) {
		return authorization{}, NewError(CodeAuthFailureInvalidAuthorization, "The Authorization header %s.", why)
	}
	rest, ok := strings.CutPrefix(header, tc3Algorithm+" ")
	if !ok {
		return bad("does not begin with " + tc3Algorithm)
	}
	parts := make(map[string]string, 3)
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := parts[name]; twice {
			return bad("names a part twice")
		}
		parts[name] = value
	}
	scope := strings.Split(parts["Credential"], "/")
	if len(scope) != 4 || scope[0] == "" || scope[2] == "" || scope[3] != tc3Terminator {
		return bad("has no readable Credential")
	}
	if _, err := time.Parse(time.DateOnly, scope[1]); err != nil {
		return bad("has no date in its Credential")
	}
	if parts["Signature"] == "" {
		return bad("has no Signature")
	}
	signed := strings.Split(strings.ToLower(parts["SignedHeaders"]), ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "content-type") {
		return bad("must sign content-type and host")
	}
	return authorization{secretID: scope[0], date: scope[1], service: scope[2], signedHeaders: signed, signature: parts["Signature"]}, nil
}

// sign computes the signature with a key derived from the scope that was sent: Node's SDK takes the first label of the host for the
// service, so that the scope on 127.0.0.1 reads "127".
func (a authorization) sign(secretKey, timestamp string, canonicalRequest []byte) []byte {
	sum := sha256.Sum256(canonicalRequest)
	text := strings.Join([]string{tc3Algorithm, timestamp, a.scope(), hex.EncodeToString(sum[:])}, "\n")
	key := hmacSHA256([]byte("TC3"+secretKey), a.date)
	key = hmacSHA256(key, a.service)
	key = hmacSHA256(key, tc3Terminator)
	return hmacSHA256(key, text)
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonical is what is signed of a request; values stand in the order of signedHeaders.
type canonical struct {
	method, uri, query    string
	signedHeaders, values []string
	payloadHash           string
}

func (c canonical) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(c.method + "\n" + c.uri + "\n" + c.query + "\n")
	for i, name := range c.signedHeaders {
		b.WriteString(name + ":" + c.values[i] + "\n")
	}
	b.WriteString("\n" + strings.Join(c.signedHeaders, ";") + "\n" + c.payloadHash)
	return b.Bytes()
}

// candidates lists what the sender may have signed, the likeliest first.
func candidates(req *http.Request, signedHeaders []string, payloadHash string) []canonical {
	query := ""
	if req.Method == http.MethodGet {
		query = req.URL.RawQuery
	}
	uris := []string{"/"}
	if path := req.URL.EscapedPath(); path != "/" && path != "" {
		uris = append(uris, path)
	}
	hosts := []string{req.Host}
	if name, _, err := net.SplitHostPort(req.Host); err == nil {
		hosts = append(hosts, name)
	}
	var all []canonical
	for _, uri := range uris {
		for _, host := range hosts {
			for _, lower := range []bool{false, true} {
				all = append(all, canonical{
					method: req.Method, uri: uri, query: query, signedHeaders: signedHeaders,
					values: headerValues(req, host, signedHeaders, lower), payloadHash: payloadHash,
				})
			}
		}
	}
	return all
}

// headerValues returns the values of the signed headers. The documents want them in lower case, the SDKs sign content-type as it is;
// the two differ where a value has capitals, as x-tc-action always has.
func headerValues(req *http.Request, host string, names []string, lower bool) []string {
	values := make([]string, len(names))
	for i, name := range names {
		value := strings.TrimSpace(req.Header.Get(name))
		if name == "host" {
			value = host
		}
		if lower || strings.HasPrefix(name, "x-tc-") {
			value = strings.ToLower(value)
		}
		values[i] = value
	}
	return values
}

// payloadHash hashes the bytes as they came, or the word that stands for a body left out of the signature.
func payloadHash(header http.Header, body []byte) string {
	if header.Get(headerContentHash) == unsignedPayload {
		body = []byte(unsignedPayload)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
