package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// secretIDPrefix is how the ids of the cloud's keys begin.
const secretIDPrefix = "AKID"

// Verifier checks the signatures of incoming requests. It is safe for concurrent use.
type Verifier struct {
	lookup func(secretID string) (secretKey string, ok bool)
	seen   replays

	mu   sync.RWMutex
	keys map[scopeKey]*dayKey // derived keys of scopes that have signed something valid
}

// scopeKey names a derived key. The secret key is part of it, so that a key that is replaced is no longer found.
type scopeKey struct{ secretKey, date, service string }

// dayKey is a derived key. Preparing an HMAC costs as much as computing one: prepared ones are used again.
type dayKey struct{ macs sync.Pool }

func newDayKey(key []byte) *dayKey {
	return &dayKey{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sign gives the HMAC of a text.
func (k *dayKey) sign(text string) []byte {
	mac := k.macs.Get().(hash.Hash)
	defer k.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// maxScopes bounds the derived keys that are kept: a program has one or two scopes a day.
const maxScopes = 256

// NewVerifier makes a Verifier that finds secret keys with lookup.
func NewVerifier(lookup func(secretID string) (secretKey string, ok bool)) *Verifier {
	return &Verifier{lookup: lookup, keys: map[scopeKey]*dayKey{}}
}

// VerifyTC3 checks one request, see Verifier.TC3.
func VerifyTC3(req *http.Request, body []byte, lookup func(secretID string) (secretKey string, ok bool), now time.Time) (string, *Error) {
	return NewVerifier(lookup).TC3(req, body, now)
}

// TC3 checks the signature of a request whose body has been read, and returns whose it is. It follows what Tencent's own SDKs send to a
// server that does not run at the cloud's address (observed): the host signed with or without its port, the path signed as "/" whatever
// it is, any service in the scope, the query as it was sent, and the headers that SignedHeaders lists.
//
// The errors come in the order in which the cloud checks: the form of the header, the key, the time, the signature, the token.
func (v *Verifier) TC3(req *http.Request, body []byte, now time.Time) (string, *Error) {
	auth, err := parseAuthorization(req.Header.Get("Authorization"))
	if err != nil {
		return "", err
	}
	secretKey, err := v.secretKey(auth.secretID)
	if err != nil {
		return "", err
	}
	timestamp := req.Header.Get(headerTimestamp)
	sent, err := checkTimestamp("X-TC-Timestamp", timestamp, now)
	if err != nil {
		return "", err
	}
	var day [len(time.DateOnly)]byte
	if string(sent.UTC().AppendFormat(day[:0], time.DateOnly)) != auth.date {
		return "", NewError(CodeAuthFailureSignatureFailure, "The date of the credential scope is not the day of X-TC-Timestamp in UTC.")
	}
	want, hexErr := hex.DecodeString(auth.signature)
	if hexErr != nil {
		return "", NewError(CodeAuthFailureSignatureFailure, "The signature is not hexadecimal.")
	}
	scope := scopeKey{secretKey, auth.date, auth.service}
	key, kept := v.derived(scope, auth)
	for c := range candidates(req, auth.signedHeaders, payloadHash(req.Header, body)) {
		if !hmac.Equal(want, key.sign(auth.stringToSign(timestamp, c.bytes()))) {
			continue
		}
		if !kept {
			v.keep(scope, key)
		}
		return auth.secretID, checkToken(req.Header.Get(headerToken))
	}
	return "", NewError(CodeAuthFailureSignatureFailure, "The signature does not fit the request.")
}

// secretKey finds a key. What does not look like the id of one is told apart from one that does not exist.
func (v *Verifier) secretKey(secretID string) (string, *Error) {
	if !strings.HasPrefix(secretID, secretIDPrefix) {
		return "", NewError(CodeAuthFailureInvalidSecretId, "The SecretId is not one of an API key: those begin with %s.", secretIDPrefix)
	}
	secretKey, ok := v.lookup(secretID)
	if !ok {
		return "", NewError(CodeAuthFailureSecretIdNotFound, "The SecretId is not found.")
	}
	return secretKey, nil
}

// derived gives the key of a scope, and whether it was kept from before.
func (v *Verifier) derived(scope scopeKey, auth authorization) (key *dayKey, kept bool) {
	v.mu.RLock()
	key, kept = v.keys[scope]
	v.mu.RUnlock()
	if kept {
		return key, true
	}
	return newDayKey(auth.key(scope.secretKey)), false
}

// keep remembers the key of a scope under which a valid signature has come; others could fill the memory.
func (v *Verifier) keep(scope scopeKey, key *dayKey) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.keys) >= maxScopes {
		clear(v.keys)
	}
	v.keys[scope] = key
}

// checkTimestamp reads the time of a request and refuses one that is too far off.
func checkTimestamp(name, timestamp string, now time.Time) (time.Time, *Error) {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return time.Time{}, NewError(CodeAuthFailureInvalidAuthorization, "%s is missing or not a number of seconds.", name)
	}
	sent := time.Unix(seconds, 0)
	if skew := now.Sub(sent); skew > MaxClockSkew || skew < -MaxClockSkew {
		return time.Time{}, NewError(CodeAuthFailureSignatureExpire, "The request's time is more than %d seconds off.", int(MaxClockSkew.Seconds()))
	}
	return sent, nil
}

// checkToken refuses a token: tokens belong to temporary keys, and all keys here are lasting ones.
func checkToken(token string) *Error {
	if token == "" {
		return nil
	}
	return NewError(CodeAuthFailureTokenFailure, "The token does not belong to the SecretId, which is that of a lasting key.")
}

// Explanation is what a server signed for comparison, for whoever looks for the reason of a signature that does not fit.
type Explanation struct {
	// Canonical is the canonical request of TC3; signature v1 has none.
	Canonical string
	// StringToSign is the text that the key signs.
	StringToSign string
}

// ExplainTC3 tells what the signature of a request was compared with first. There is nothing to tell of a header that cannot be read.
func ExplainTC3(req *http.Request, body []byte) Explanation {
	auth, err := parseAuthorization(req.Header.Get("Authorization"))
	if err != nil {
		return Explanation{}
	}
	for c := range candidates(req, auth.signedHeaders, payloadHash(req.Header, body)) {
		text := c.bytes()
		return Explanation{Canonical: string(text), StringToSign: auth.stringToSign(req.Header.Get(headerTimestamp), text)}
	}
	return Explanation{}
}
