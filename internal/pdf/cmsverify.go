package pdf

import (
	"bytes"
	"crypto"
	_ "crypto/sha512" // signatures of others use it
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	errCMS         = errors.New("not a signature that is understood")
	errUnsupported = errors.New("the kind of signature is not supported")
	errSignature   = errors.New("the signature does not verify")
	errCertificate = errors.New("a certificate in the signature was changed")
)

// verifiedCMS is a SignedData whose signature was found to be right. Nothing is said about trust.
type verifiedCMS struct {
	kind         asn1.ObjectIdentifier
	content      []byte // embedded, or nil
	hash         crypto.Hash
	digest       []byte // of the content, as signed
	signer       *x509.Certificate
	certificates []*x509.Certificate
	signature    []byte
	token        []byte // time-stamp token over the signature, or nil
}

// algorithm is an AlgorithmIdentifier.
type algorithm struct {
	oid asn1.ObjectIdentifier
	raw []byte // contents of the SEQUENCE
}

// verifyCMS parses a SignedData with one signer and checks its signature. It is strict, so that no byte can be changed
// unnoticed: what is not signed itself must have the one value that it can have.
func verifyCMS(der []byte) (*verifiedCMS, error) {
	input := cryptobyte.String(der)
	var info, wrapped, body cryptobyte.String
	var kind asn1.ObjectIdentifier
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() || !info.ReadASN1ObjectIdentifier(&kind) ||
		!kind.Equal(oidSignedData) || !info.ReadASN1(&wrapped, explicit(0)) || !info.Empty() ||
		!wrapped.ReadASN1(&body, cbasn1.SEQUENCE) || !wrapped.Empty() {
		return nil, errCMS
	}
	var version int
	var digests, encapsulated, certificates, signers cryptobyte.String
	var hasCerts bool
	if !body.ReadASN1Integer(&version) || !body.ReadASN1(&digests, cbasn1.SET) ||
		!body.ReadASN1(&encapsulated, cbasn1.SEQUENCE) ||
		!body.ReadOptionalASN1(&certificates, &hasCerts, explicit(0)) ||
		!body.SkipOptionalASN1(explicit(1)) || // revocation lists
		!body.ReadASN1(&signers, cbasn1.SET) || !body.Empty() {
		return nil, errCMS
	}
	c := &verifiedCMS{}
	if err := c.readContent(encapsulated); err != nil {
		return nil, err
	}
	if err := c.readCertificates(certificates); err != nil {
		return nil, err
	}
	digest, ok := readAlgorithm(&digests)
	if !ok || !digests.Empty() {
		return nil, errCMS
	}
	var signer cryptobyte.String
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) || !signers.Empty() {
		return nil, errCMS
	}
	signerVersion, err := c.readSigner(signer, digest)
	if err != nil {
		return nil, err
	}
	want := 1
	if signerVersion == 3 || !c.kind.Equal(oidData) {
		want = 3
	}
	if version != want {
		return nil, errCMS
	}
	return c, nil
}

func (c *verifiedCMS) readContent(s cryptobyte.String) error {
	var wrapped cryptobyte.String
	var present bool
	if !s.ReadASN1ObjectIdentifier(&c.kind) || !s.ReadOptionalASN1(&wrapped, &present, explicit(0)) || !s.Empty() {
		return errCMS
	}
	if present && (!wrapped.ReadASN1Bytes(&c.content, cbasn1.OCTET_STRING) || !wrapped.Empty()) {
		return errCMS
	}
	return nil
}

// readCertificates parses the embedded certificates, and checks that they belong together.
func (c *verifiedCMS) readCertificates(s cryptobyte.String) error {
	for !s.Empty() {
		var raw cryptobyte.String
		if !s.ReadASN1Element(&raw, cbasn1.SEQUENCE) || len(c.certificates) >= 32 {
			return errCMS
		}
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			return fmt.Errorf("%w: %v", errCertificate, err)
		}
		c.certificates = append(c.certificates, cert)
	}
	for _, cert := range c.certificates {
		if !c.fits(cert) {
			return errCertificate
		}
	}
	return nil
}

// fits tells whether a certificate belongs to the others: one of them, or itself, issued it, or it issued one of them.
// The signer's alone needs no other. A certificate that nobody needs could be changed unnoticed.
func (c *verifiedCMS) fits(cert *x509.Certificate) bool {
	issued := len(c.certificates) == 1
	for _, other := range c.certificates {
		if bytes.Equal(other.RawSubject, cert.RawIssuer) {
			return slices.ContainsFunc(c.certificates, func(o *x509.Certificate) bool { return issuedBy(cert, o) })
		}
		issued = issued || issuedBy(other, cert)
	}
	return issued
}

func issuedBy(cert, issuer *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, cert.RawIssuer) &&
		issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

func readAlgorithm(s *cryptobyte.String) (algorithm, bool) {
	var body cryptobyte.String
	if !s.ReadASN1(&body, cbasn1.SEQUENCE) {
		return algorithm{}, false
	}
	return parseAlgorithm(body)
}

// parseAlgorithm takes an identifier without parameters or with NULL.
func parseAlgorithm(body cryptobyte.String) (algorithm, bool) {
	a := algorithm{raw: body}
	if !body.ReadASN1ObjectIdentifier(&a.oid) {
		return a, false
	}
	return a, body.Empty() || bytes.Equal(body, []byte{5, 0})
}

// readSigner reads the one SignerInfo and checks its signature.
func (c *verifiedCMS) readSigner(s cryptobyte.String, digest algorithm) (version int, err error) {
	var attributes, unsigned cryptobyte.String
	var hasAttributes, hasUnsigned bool
	if !s.ReadASN1Integer(&version) {
		return 0, errCMS
	}
	if err := c.findSigner(&s, version); err != nil {
		return 0, err
	}
	own, ok := readAlgorithm(&s)
	if !ok || !own.oid.Equal(digest.oid) || !s.ReadOptionalASN1(&attributes, &hasAttributes, explicit(0)) {
		return 0, errCMS
	}
	signing, ok := readAlgorithm(&s)
	if !ok || !s.ReadASN1Bytes(&c.signature, cbasn1.OCTET_STRING) ||
		!s.ReadOptionalASN1(&unsigned, &hasUnsigned, explicit(1)) || !s.Empty() {
		return 0, errCMS
	}
	hash, scheme, ok := algorithms(own.oid, signing.oid)
	if !ok || !hasAttributes {
		return 0, errUnsupported
	}
	c.hash = hash
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	if c.signer.CheckSignature(scheme, b.BytesOrPanic(), c.signature) != nil {
		return 0, errSignature
	}
	if err := c.readSigned(attributes, own, signing); err != nil {
		return 0, err
	}
	return version, c.readUnsigned(unsigned)
}

// algorithms finds what a pair of identifiers means.
func algorithms(digest, signing asn1.ObjectIdentifier) (crypto.Hash, x509.SignatureAlgorithm, bool) {
	for _, known := range []struct {
		digest, rsa, ecdsa   asn1.ObjectIdentifier
		hash                 crypto.Hash
		rsaScheme, ecdsaCode x509.SignatureAlgorithm
	}{
		{oidSHA256, oidSHA256WithRSA, oidECDSAWithSHA256, crypto.SHA256, x509.SHA256WithRSA, x509.ECDSAWithSHA256},
		{oidSHA384, oidSHA384WithRSA, oidECDSAWithSHA384, crypto.SHA384, x509.SHA384WithRSA, x509.ECDSAWithSHA384},
		{oidSHA512, oidSHA512WithRSA, oidECDSAWithSHA512, crypto.SHA512, x509.SHA512WithRSA, x509.ECDSAWithSHA512},
	} {
		switch {
		case !known.digest.Equal(digest):
		case signing.Equal(known.rsa), signing.Equal(oidRSA):
			return known.hash, known.rsaScheme, true
		case signing.Equal(known.ecdsa):
			return known.hash, known.ecdsaCode, true
		}
	}
	return 0, 0, false
}

// findSigner finds the signer's certificate by issuer and serial number, or by key identifier.
func (c *verifiedCMS) findSigner(s *cryptobyte.String, version int) error {
	var id, issuer cryptobyte.String
	serial := new(big.Int)
	switch {
	case version == 1 && s.ReadASN1(&id, cbasn1.SEQUENCE) && id.ReadASN1Element(&issuer, cbasn1.SEQUENCE) &&
		id.ReadASN1Integer(serial) && id.Empty():
		for _, cert := range c.certificates {
			if bytes.Equal(cert.RawIssuer, issuer) && cert.SerialNumber.Cmp(serial) == 0 {
				c.signer = cert
			}
		}
	case version == 3 && s.ReadASN1(&id, cbasn1.Tag(0).ContextSpecific()):
		for _, cert := range c.certificates {
			if len(id) > 0 && bytes.Equal(cert.SubjectKeyId, id) {
				c.signer = cert
			}
		}
	default:
		return errCMS
	}
	if c.signer == nil {
		return errCertificate
	}
	return nil
}

// readSigned checks the signed attributes, each of which may stand there once.
func (c *verifiedCMS) readSigned(s cryptobyte.String, digest, signing algorithm) error {
	seen := map[string]bool{}
	for !s.Empty() {
		oid, value, ok := readAttribute(&s)
		if !ok || seen[oid.String()] {
			return errCMS
		}
		seen[oid.String()] = true
		switch {
		case oid.Equal(oidContentType):
			var kind asn1.ObjectIdentifier
			if !value.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(c.kind) {
				return errCMS
			}
		case oid.Equal(oidMessageDigest):
			if !value.ReadASN1Bytes(&c.digest, cbasn1.OCTET_STRING) {
				return errCMS
			}
		case oid.Equal(oidSigningCertV2):
			if !matchesCertificate(value, c.signer) {
				return errCertificate
			}
		case oid.Equal(oidAlgorithmProtection):
			if !matchesAlgorithms(value, digest, signing) {
				return errCMS
			}
		}
	}
	if !seen[oidContentType.String()] || len(c.digest) != c.hash.Size() {
		return errCMS
	}
	if c.content != nil {
		h := c.hash.New()
		h.Write(c.content)
		if !bytes.Equal(h.Sum(nil), c.digest) {
			return errSignature
		}
	}
	return nil
}

// readUnsigned takes the time stamp. Other attributes that nobody signed are refused.
func (c *verifiedCMS) readUnsigned(s cryptobyte.String) error {
	for !s.Empty() {
		oid, value, ok := readAttribute(&s)
		if !ok || !oid.Equal(oidTimestampToken) || c.token != nil {
			return errCMS
		}
		c.token = value
	}
	return nil
}

// readAttribute reads an attribute with one value.
func readAttribute(s *cryptobyte.String) (asn1.ObjectIdentifier, cryptobyte.String, bool) {
	var attribute, values, value cryptobyte.String
	var oid asn1.ObjectIdentifier
	var tag cbasn1.Tag
	ok := s.ReadASN1(&attribute, cbasn1.SEQUENCE) && attribute.ReadASN1ObjectIdentifier(&oid) &&
		attribute.ReadASN1(&values, cbasn1.SET) && attribute.Empty() &&
		values.ReadAnyASN1Element(&value, &tag) && values.Empty()
	return oid, value, ok
}

// matchesCertificate checks SigningCertificateV2: its first entry is the digest of the signer's certificate.
func matchesCertificate(value cryptobyte.String, cert *x509.Certificate) bool {
	var list, entries, entry, digest cryptobyte.String
	if !value.ReadASN1(&list, cbasn1.SEQUENCE) || !list.ReadASN1(&entries, cbasn1.SEQUENCE) ||
		!entries.ReadASN1(&entry, cbasn1.SEQUENCE) {
		return false
	}
	hash := crypto.SHA256
	if entry.PeekASN1Tag(cbasn1.SEQUENCE) {
		a, ok := readAlgorithm(&entry)
		if !ok {
			return false
		}
		switch {
		case a.oid.Equal(oidSHA384):
			hash = crypto.SHA384
		case a.oid.Equal(oidSHA512):
			hash = crypto.SHA512
		case !a.oid.Equal(oidSHA256):
			return false
		}
	}
	h := hash.New()
	h.Write(cert.Raw)
	return entry.ReadASN1(&digest, cbasn1.OCTET_STRING) && bytes.Equal(digest, h.Sum(nil))
}

// matchesAlgorithms checks CMSAlgorithmProtection (RFC 6211).
func matchesAlgorithms(value cryptobyte.String, digest, signing algorithm) bool {
	var body, inner cryptobyte.String
	if !value.ReadASN1(&body, cbasn1.SEQUENCE) {
		return false
	}
	d, ok := readAlgorithm(&body)
	if !ok || !bytes.Equal(d.raw, digest.raw) || !body.ReadASN1(&inner, explicit(1)) || !body.Empty() {
		return false
	}
	return bytes.Equal(inner, signing.raw)
}

// tokenTime checks that a token is over the given bytes, and gives its time.
func (c *verifiedCMS) tokenTime(over []byte) (time.Time, error) {
	input := cryptobyte.String(c.content)
	var info, imprint, digest cryptobyte.String
	var version int
	var policy asn1.ObjectIdentifier
	serial := new(big.Int)
	var at time.Time
	if !c.kind.Equal(oidTSTInfo) || !input.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) ||
		!info.ReadASN1ObjectIdentifier(&policy) || !info.ReadASN1(&imprint, cbasn1.SEQUENCE) {
		return at, errCMS
	}
	a, ok := readAlgorithm(&imprint)
	if !ok || !imprint.ReadASN1(&digest, cbasn1.OCTET_STRING) || !info.ReadASN1Integer(serial) {
		return at, errCMS
	}
	if !readTime(&info, &at) {
		return at, errCMS
	}
	hash, _, ok := algorithms(a.oid, oidRSA)
	if !ok {
		return at, errUnsupported
	}
	h := hash.New()
	h.Write(over)
	if !bytes.Equal(h.Sum(nil), digest) {
		return at, errSignature
	}
	return at, nil
}
