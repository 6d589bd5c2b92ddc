package api

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Common parameters of a request with signature v1: they travel among those of the action.
const (
	ParamAction          = "Action"
	ParamVersion         = "Version"
	ParamLanguage        = "Language"
	ParamRequestClient   = "RequestClient"
	paramRegion          = "Region"
	paramTimestamp       = "Timestamp"
	paramNonce           = "Nonce"
	paramSecretID        = "SecretId"
	paramSignatureMethod = "SignatureMethod"
	paramToken           = "Token"
	paramSignature       = "Signature"
)

// Methods of signature v1; a request that names none means the first.
const (
	MethodHmacSHA1   = "HmacSHA1"
	MethodHmacSHA256 = "HmacSHA256"
)

// UsesV1 tells whether parameters carry a signature v1.
func UsesV1(params url.Values) bool { return params.Has(paramSignature) || params.Has(paramSecretID) }

// WithoutCommon removes the common parameters, so that those of the action are left.
func WithoutCommon(params url.Values) url.Values {
	own := maps.Clone(params)
	for _, name := range []string{ParamAction, ParamVersion, ParamLanguage, ParamRequestClient, paramRegion, paramTimestamp, paramNonce, paramSecretID,
		paramSignatureMethod, paramToken, paramSignature} {
		delete(own, name)
	}
	return own
}

// SignV1 adds the common parameters and the signature to params: method POST or GET, host with its port, path as sent.
func SignV1(params url.Values, method, host, path, secretID, secretKey, signatureMethod, nonce string, now time.Time) {
	params.Set(paramSecretID, secretID)
	params.Set(paramSignatureMethod, signatureMethod)
	params.Set(paramTimestamp, formatSeconds(now))
	params.Set(paramNonce, nonce)
	params.Del(paramSignature)
	params.Set(paramSignature, base64.StdEncoding.EncodeToString(hmacV1(signatureMethod, secretKey, stringV1(method, host, path, params))))
}

// V1 checks a request with Tencent Cloud's signature version 1, whose parameters came in the query of a GET or the form of a POST, and
// returns whose it is. A request that came before is refused: the platform joins Nonce and Timestamp against replays. SDKs choose the
// nonce among 65,536 numbers, so that two requests of one second may well share it; what is remembered is the whole signature.
func (v *Verifier) V1(req *http.Request, params url.Values, now time.Time) (string, *Error) {
	for name, values := range params {
		if len(values) != 1 {
			return "", NewError(CodeInvalidRequest, "The parameter %s occurs more than once.", name)
		}
	}
	for _, name := range []string{paramSecretID, paramNonce, paramSignature} {
		if params.Get(name) == "" {
			return "", NewError(CodeAuthFailureInvalidAuthorization, "The parameter %s is missing.", name)
		}
	}
	method := methodV1(params)
	if method != MethodHmacSHA1 && method != MethodHmacSHA256 {
		return "", NewError(CodeAuthFailureInvalidAuthorization, "The SignatureMethod is neither %s nor %s.", MethodHmacSHA1, MethodHmacSHA256)
	}
	if strings.Trim(params.Get(paramNonce), "0123456789") != "" {
		return "", NewError(CodeAuthFailureInvalidAuthorization, "The Nonce is not a positive number.")
	}
	secretKey, refused := v.secretKey(params.Get(paramSecretID))
	if refused != nil {
		return "", refused
	}
	if _, refused := checkTimestamp(paramTimestamp, params.Get(paramTimestamp), now); refused != nil {
		return "", refused
	}
	want, err := base64.StdEncoding.DecodeString(params.Get(paramSignature))
	if err != nil {
		return "", NewError(CodeAuthFailureSignatureFailure, "The signature is not base64.")
	}
	for _, path := range uris(req) {
		for _, host := range hosts(req) {
			if !hmac.Equal(want, hmacV1(method, secretKey, stringV1(req.Method, host, path, params))) {
				continue
			}
			if !v.seen.first(string(want), now) {
				return "", NewError(CodeAuthFailureSignatureFailure, "The request came before: Nonce and Timestamp may be used once.")
			}
			return params.Get(paramSecretID), checkToken(params.Get(paramToken))
		}
	}
	return "", NewError(CodeAuthFailureSignatureFailure, "The signature does not fit the request.")
}

// ExplainV1 tells what the signature of a request was compared with first.
func ExplainV1(req *http.Request, params url.Values) Explanation {
	return Explanation{StringToSign: stringV1(req.Method, req.Host, uris(req)[0], params)}
}

func methodV1(params url.Values) string {
	if method := params.Get(paramSignatureMethod); method != "" {
		return method
	}
	return MethodHmacSHA1
}

// stringV1 is what is signed: the parameters decoded, sorted by name.
func stringV1(method, host, path string, params url.Values) string {
	var b strings.Builder
	b.WriteString(method + host + path)
	join := byte('?')
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name == paramSignature {
			continue
		}
		b.WriteByte(join)
		b.WriteString(name + "=" + params.Get(name))
		join = '&'
	}
	return b.String()
}

func hmacV1(method, secretKey, text string) []byte {
	newHash := func() hash.Hash { return sha1.New() } // the platform's choice; the key, not the hash, carries the strength here
	if method == MethodHmacSHA256 {
		newHash = sha256.New
	}
	mac := hmac.New(newHash, []byte(secretKey))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// replays remembers signatures for as long as their timestamp is accepted: twice MaxClockSkew. Two generations take turns, so that
// forgetting costs nothing.
type replays struct {
	mu       sync.Mutex
	now, old map[string]struct{}
	turned   time.Time
}

// maxReplays bounds one generation; beyond it the oldest half is forgotten early.
const maxReplays = 1 << 17

// first notes a signature and tells whether it had not come before.
func (r *replays) first(signature string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.turned) > 2*MaxClockSkew || len(r.now) >= maxReplays {
		r.old, r.now, r.turned = r.now, map[string]struct{}{}, now
	}
	_, young := r.now[signature]
	_, aged := r.old[signature]
	r.now[signature] = struct{}{}
	return !young && !aged
}
