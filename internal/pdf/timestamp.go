package pdf

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TimeAuthority makes RFC 3161 time stamps. It is safe for use by several goroutines if its Signer and Clock are.
type TimeAuthority struct {
	Signer crypto.Signer
	// Chain begins with the authority's certificate, whose only and critical extended key usage is time stamping.
	Chain  []*x509.Certificate
	Policy asn1.ObjectIdentifier // the policy named in every token, required
	Clock  func() time.Time      // required
}

// Digest algorithms that a request may name, with the length of their values.
var imprints = []struct {
	oid  asn1.ObjectIdentifier
	size int
}{{oidSHA256, 32}, {oidSHA384, 48}, {oidSHA512, 64}}

// Stamp returns a token over data, such as a signature value. It fits Act.Timestamp.
func (a *TimeAuthority) Stamp(ctx context.Context, data []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return a.token(oidSHA256, sum[:], nil)
}

// token makes a token over a digest. Nonce is that of a request, or nil.
func (a *TimeAuthority) token(algorithm asn1.ObjectIdentifier, digest []byte, nonce *big.Int) ([]byte, error) {
	if a.Clock == nil || len(a.Policy) == 0 {
		return nil, errors.New("the time authority needs a clock and a policy")
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(a.Policy)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, algorithm)
			b.AddASN1OctetString(digest)
		})
		b.AddASN1BigInt(serial)
		b.AddASN1GeneralizedTime(a.Clock().UTC().Truncate(time.Second))
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(1) }) // accurate to a second
		if nonce != nil {
			b.AddASN1BigInt(nonce)
		}
	})
	info, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return signCMS(signedContent{kind: oidTSTInfo, content: info}, a.Signer, a.Chain, nil)
}

// Failure codes of a response (RFC 3161, section 2.4.2).
const (
	failBadAlgorithm  = 0
	failBadRequest    = 2
	failBadDataFormat = 5
	failSystem        = 25
)

// Respond answers a DER TimeStampReq with a DER TimeStampResp, a refusal where the request is not understood. Serve it
// as application/timestamp-reply.
func (a *TimeAuthority) Respond(request []byte) []byte {
	algorithm, digest, nonce, failure := parseRequest(request)
	if failure >= 0 {
		return refusal(failure)
	}
	token, err := a.token(algorithm, digest, nonce)
	if err != nil {
		return refusal(failSystem)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
		b.AddBytes(token)
	})
	return b.BytesOrPanic() // every part was encoded before
}

// parseRequest reads what a token needs; failure is -1, or the reason to refuse.
func parseRequest(request []byte) (algorithm asn1.ObjectIdentifier, digest []byte, nonce *big.Int, failure int) {
	input := cryptobyte.String(request)
	var body, imprint, id cryptobyte.String
	var version int
	if !input.ReadASN1(&body, cbasn1.SEQUENCE) || !input.Empty() || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1(&imprint, cbasn1.SEQUENCE) || !imprint.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!id.ReadASN1ObjectIdentifier(&algorithm) ||
		!imprint.ReadASN1Bytes(&digest, cbasn1.OCTET_STRING) || !imprint.Empty() {
		return nil, nil, nil, failBadDataFormat
	}
	failure = failBadAlgorithm
	for _, known := range imprints {
		if known.oid.Equal(algorithm) && known.size == len(digest) {
			failure = -1
		}
	}
	if failure >= 0 {
		return nil, nil, nil, failure
	}
	// A policy that the client would like is not looked at: there is only ours, and the token names it.
	if !body.SkipOptionalASN1(cbasn1.OBJECT_IDENTIFIER) {
		return nil, nil, nil, failBadDataFormat
	}
	if body.PeekASN1Tag(cbasn1.INTEGER) {
		nonce = new(big.Int)
		if !body.ReadASN1Integer(nonce) {
			return nil, nil, nil, failBadDataFormat
		}
	}
	var certificates bool // the certificate comes in any case
	if body.PeekASN1Tag(cbasn1.BOOLEAN) && !body.ReadASN1Boolean(&certificates) || !body.Empty() {
		return nil, nil, nil, failBadRequest
	}
	return algorithm, bytes.Clone(digest), nonce, -1
}

func refusal(failure int) []byte {
	bits := make([]byte, failure/8+1)
	bits[failure/8] = 0x80 >> (failure % 8)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(2)
			b.AddASN1(cbasn1.BIT_STRING, func(b *cryptobyte.Builder) {
				b.AddUint8(uint8(7 - failure%8))
				b.AddBytes(bits)
			})
		})
	})
	return b.BytesOrPanic()
}
