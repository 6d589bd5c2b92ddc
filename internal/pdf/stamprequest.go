package pdf

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Errors of StampRequest.Token.
var (
	// ErrStampRefused says that the authority has refused the request.
	ErrStampRefused = errors.New("the time-stamping authority refuses the request")
	// ErrStampWrong says that the answer is not a time stamp over what was asked, or not the answer to this request.
	ErrStampWrong = errors.New("the answer is not a time stamp over what was sent")
	// ErrStampUntrusted says that the authority's certificate does not lead to a trusted root, or is not for time stamps.
	ErrStampUntrusted = errors.New("the time stamp's certificate does not lead to a trusted root")
)

// StampRequest asks an outside authority for a time stamp (RFC 3161). Send Query as application/timestamp-query.
type StampRequest struct {
	Query []byte // DER TimeStampReq
	data  []byte
	nonce *big.Int
}

// NewStampRequest asks for a stamp over data, such as a signature value: with its SHA-256, a nonce of 64 bits, and for the certificates.
func NewStampRequest(data []byte) (*StampRequest, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, oidSHA256)
			b.AddASN1OctetString(sum[:])
		})
		b.AddASN1BigInt(nonce)
		b.AddASN1Boolean(true)
	})
	query, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("ask for a time stamp: %w", err)
	}
	return &StampRequest{Query: query, data: bytes.Clone(data), nonce: nonce}, nil
}

// Stamp is a checked answer.
type Stamp struct {
	Token []byte // DER, for a signature
	Time  time.Time
	Chain []*x509.Certificate // the authority's certificate first, the trusted root last
}

// Token checks an answer (DER TimeStampResp): that it was granted, is over the data, carries the nonce, and is signed with a certificate for
// time stamps that leads to one of the roots; nil takes the system's.
func (q *StampRequest) Token(response []byte, roots *x509.CertPool) (*Stamp, error) {
	input := cryptobyte.String(response)
	var body, status cryptobyte.String
	var code int
	if !input.ReadASN1(&body, cbasn1.SEQUENCE) || !input.Empty() || !body.ReadASN1(&status, cbasn1.SEQUENCE) || !status.ReadASN1Integer(&code) {
		return nil, ErrStampWrong
	}
	if code != 0 && code != 1 { // granted, and granted with changes
		return nil, fmt.Errorf("%w: status %d", ErrStampRefused, code)
	}
	token := []byte(body)
	c, err := verifyCMS(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrStampWrong, err)
	}
	at, err := c.tokenTime(q.data)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrStampWrong, err)
	}
	if nonce := tokenNonce(c.content); nonce == nil || nonce.Cmp(q.nonce) != 0 {
		return nil, fmt.Errorf("%w: the nonce differs", ErrStampWrong)
	}
	between := x509.NewCertPool()
	for _, cert := range c.certificates {
		between.AddCert(cert)
	}
	chains, err := c.signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrStampUntrusted, err)
	}
	return &Stamp{Token: token, Time: at, Chain: chains[0]}, nil
}

// tokenNonce reads the nonce of a TSTInfo; nil for none.
func tokenNonce(content []byte) *big.Int {
	input := cryptobyte.String(content)
	var info cryptobyte.String
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) {
		return nil
	}
	// version, policy, imprint, serial number, time; then accuracy, ordering and the nonce, all optional.
	for range 5 {
		var skipped cryptobyte.String
		var tag cbasn1.Tag
		if !info.ReadAnyASN1(&skipped, &tag) {
			return nil
		}
	}
	nonce := new(big.Int)
	if !info.SkipOptionalASN1(cbasn1.SEQUENCE) || !info.SkipOptionalASN1(cbasn1.BOOLEAN) || !info.PeekASN1Tag(cbasn1.INTEGER) || !info.ReadASN1Integer(nonce) {
		return nil
	}
	return nonce
}

// readTime reads a GeneralizedTime with or without fractions of a second, which RFC 3161 allows.
func readTime(s *cryptobyte.String, at *time.Time) bool {
	var text cryptobyte.String
	if !s.ReadASN1(&text, cbasn1.GeneralizedTime) {
		return false
	}
	parsed, err := time.Parse("20060102150405.999999999Z", string(text))
	*at = parsed.UTC()
	return err == nil
}
