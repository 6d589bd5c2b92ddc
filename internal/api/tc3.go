package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"iter"
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

	headerAction  = "X-TC-Action"
	headerVersion = "X-TC-Version"
	// In Go's spelling, which costs nothing to look up.
	headerTimestamp   = "X-Tc-Timestamp"
	headerToken       = "X-Tc-Token"
	headerContentHash = "X-Tc-Content-Sha256"
)

// SignTC3 signs a request by Tencent Cloud's signature version 3: it sets X-TC-Timestamp and Authorization. The headers content-type and
// host are signed; they must be set before.
func SignTC3(req *http.Request, body []byte, secretID, secretKey string, now time.Time) {
	SignTC3Service(req, body, Service, secretID, secretKey, now)
}

// SignTC3Service is SignTC3 for another product of the cloud, such as sms.
func SignTC3Service(req *http.Request, body []byte, service, secretID, secretKey string, now time.Time) {
	timestamp := formatSeconds(now)
	req.Header.Set(headerTimestamp, timestamp)
	auth := authorization{
		secretID: secretID, date: now.UTC().Format(time.DateOnly), service: service,
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

func formatSeconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

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
	var credential, signedHeaders, signature string
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		into := &signature
		switch name {
		case "Credential":
			into = &credential
		case "SignedHeaders":
			into = &signedHeaders
		case "Signature":
		default:
			return bad("has a part that is not known")
		}
		if *into != "" {
			return bad("names a part twice")
		}
		*into = value
	}
	id, rest, _ := strings.Cut(credential, "/")
	date, rest, _ := strings.Cut(rest, "/")
	service, terminator, _ := strings.Cut(rest, "/")
	if id == "" || service == "" || terminator != tc3Terminator {
		return bad("has no readable Credential")
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return bad("has no date in its Credential")
	}
	if signature == "" {
		return bad("has no Signature")
	}
	signed := strings.Split(strings.ToLower(signedHeaders), ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "content-type") {
		return bad("must sign content-type and host")
	}
	return authorization{secretID: id, date: date, service: service, signedHeaders: signed, signature: signature}, nil
}

// sign computes the signature with a key derived from the scope that was sent: Node's SDK takes the first label of the host for the
// service, so that the scope on 127.0.0.1 reads "127".
func (a authorization) sign(secretKey, timestamp string, canonicalRequest []byte) []byte {
	return hmacSHA256(a.key(secretKey), a.stringToSign(timestamp, canonicalRequest))
}

// key derives the key of the scope's day and service.
func (a authorization) key(secretKey string) []byte {
	key := hmacSHA256([]byte("TC3"+secretKey), a.date)
	key = hmacSHA256(key, a.service)
	return hmacSHA256(key, tc3Terminator)
}

func (a authorization) stringToSign(timestamp string, canonicalRequest []byte) string {
	sum := sha256.Sum256(canonicalRequest)
	b := make([]byte, 0, 192) // room for all that is usual
	b = append(append(append(b, tc3Algorithm+"\n"...), timestamp...), '\n')
	b = append(append(append(b, a.date...), '/'), a.service...)
	b = append(b, "/"+tc3Terminator+"\n"...)
	return string(hex.AppendEncode(b, sum[:]))
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
	b := make([]byte, 0, 384+len(c.uri)+len(c.query)) // room for all that is usual
	for _, part := range []string{c.method, c.uri, c.query} {
		b = append(append(b, part...), '\n')
	}
	for i, name := range c.signedHeaders {
		b = append(append(append(append(b, name...), ':'), c.values[i]...), '\n')
	}
	for i, name := range c.signedHeaders {
		separator := byte(';')
		if i == 0 {
			separator = '\n' // an empty line stands before the names
		}
		b = append(append(b, separator), name...)
	}
	return append(append(b, '\n'), c.payloadHash...)
}

// candidates yields what the sender may have signed, the likeliest first.
func candidates(req *http.Request, signedHeaders []string, payloadHash string) iter.Seq[canonical] {
	query := ""
	if req.Method == http.MethodGet {
		query = req.URL.RawQuery
	}
	return func(yield func(canonical) bool) {
		for _, uri := range uris(req) {
			for _, host := range hosts(req) {
				for _, lower := range []bool{false, true} {
					c := canonical{
						method: req.Method, uri: uri, query: query, signedHeaders: signedHeaders,
						values: headerValues(req, host, signedHeaders, lower), payloadHash: payloadHash,
					}
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}

// uris lists the paths that may have been signed: Go's SDK signs "/" wherever it posts to, Node's the path itself.
func uris(req *http.Request) []string {
	if path := req.URL.EscapedPath(); path != "/" && path != "" {
		return []string{"/", path}
	}
	return []string{"/"}
}

// hosts lists the hosts that may have been signed: Node's SDK leaves the port out.
func hosts(req *http.Request) []string {
	if name, _, err := net.SplitHostPort(req.Host); err == nil {
		return []string{req.Host, name}
	}
	return []string{req.Host}
}

// headerValues returns the values of the signed headers. The documents want them in lower case, the SDKs sign content-type as it is;
// the two differ where a value has capitals, as x-tc-action always has.
func headerValues(req *http.Request, host string, names []string, lower bool) []string {
	values := make([]string, len(names))
	for i, name := range names {
		value := host
		if name != "host" {
			value = strings.TrimSpace(req.Header.Get(name))
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
