package pdf

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of CMS (RFC 5652), ESS (RFC 5035) and time stamps (RFC 3161).
var (
	oidData                = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo             = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertV2       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimestampToken      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSHA256              = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384              = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512              = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidRSA                 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidSHA256WithRSA       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	oidSHA384WithRSA       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}
	oidSHA512WithRSA       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
	oidECDSAWithSHA256     = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidECDSAWithSHA384     = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}
	oidECDSAWithSHA512     = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}
	oidAlgorithmProtection = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 52}
)

var (
	errKeyKind = errors.New("the key must be RSA of 2048 bits or more, or ECDSA P-256")
	errNoChain = errors.New("no certificate for the key")
)

// signedContent is what a CMS signature is made over.
type signedContent struct {
	kind    asn1.ObjectIdentifier
	content []byte // embedded; nil for a detached signature, then digest is given
	digest  []byte // SHA-256
}

// signCMS makes a DER SignedData with signing-certificate-v2 and without signing-time, as PAdES wants it
// (ETSI EN 319 142-1, section 6.3). The stamp, if not nil, gets the signature value and returns a time-stamp token.
func signCMS(c signedContent, key crypto.Signer, chain []*x509.Certificate, stamp func([]byte) ([]byte, error)) ([]byte, error) {
	algorithm, err := checkKey(key, chain)
	if err != nil {
		return nil, err
	}
	if c.content != nil {
		sum := sha256.Sum256(c.content)
		c.digest = sum[:]
	}
	attributes, err := signedAttributes(c, chain[0], algorithm)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(attributes)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if err := chain[0].CheckSignature(x509Algorithm(key), attributes, signature); err != nil {
		return nil, fmt.Errorf("the signer made a signature that does not verify: %w", err)
	}
	var token []byte
	if stamp != nil {
		if token, err = stamp(signature); err != nil {
			return nil, fmt.Errorf("time stamp: %w", err)
		}
	}
	return encodeCMS(c, chain, algorithm, attributes, signature, token)
}

// encodeCMS writes the SignedData. Token may be nil.
func encodeCMS(c signedContent, chain []*x509.Certificate, algorithm asn1.ObjectIdentifier, attributes, signature, token []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addSignedData(b, c, chain, func(b *cryptobyte.Builder) {
					addSignerInfo(b, chain[0], algorithm, attributes, signature, token)
				})
			})
		})
	})
	return b.Bytes()
}

// sizeCMS is the largest size that a detached signature can have with a token of up to the given size, 0 for none. What is
// kept for it in a file should be tight: verifiers of others do not look at bytes that follow the signature.
func sizeCMS(key crypto.Signer, chain []*x509.Certificate, token int) (int, error) {
	algorithm, err := checkKey(key, chain)
	if err != nil {
		return 0, err
	}
	c := signedContent{kind: oidData, digest: make([]byte, sha256.Size)}
	attributes, err := signedAttributes(c, chain[0], algorithm)
	if err != nil {
		return 0, err
	}
	signature := make([]byte, 72) // a SEQUENCE of two numbers of up to 33 bytes
	if public, ok := key.Public().(*rsa.PublicKey); ok {
		signature = make([]byte, public.Size())
	}
	var stamp []byte
	if token > 0 {
		stamp = make([]byte, token)
	}
	der, err := encodeCMS(c, chain, algorithm, attributes, signature, stamp)
	return len(der), err
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// checkKey tells the algorithm for a key, which must fit the first certificate.
func checkKey(key crypto.Signer, chain []*x509.Certificate) (asn1.ObjectIdentifier, error) {
	if key == nil || len(chain) == 0 {
		return nil, errNoChain
	}
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return nil, errKeyKind
		}
		if !public.Equal(chain[0].PublicKey) {
			return nil, errNoChain
		}
		return oidSHA256WithRSA, nil
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return nil, errKeyKind
		}
		if !public.Equal(chain[0].PublicKey) {
			return nil, errNoChain
		}
		return oidECDSAWithSHA256, nil
	}
	return nil, errKeyKind
}

func x509Algorithm(key crypto.Signer) x509.SignatureAlgorithm {
	if _, ok := key.Public().(*ecdsa.PublicKey); ok {
		return x509.ECDSAWithSHA256
	}
	return x509.SHA256WithRSA
}

// addSignedData writes the fields of SignedData.
func addSignedData(b *cryptobyte.Builder, c signedContent, chain []*x509.Certificate, signer func(*cryptobyte.Builder)) {
	version := int64(1)
	if !c.kind.Equal(oidData) {
		version = 3 // RFC 5652, section 5.1
	}
	b.AddASN1Int64(version)
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addAlgorithm(b, oidSHA256) })
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(c.kind)
		if c.content != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.content) })
		}
	})
	var certificates [][]byte
	for _, cert := range chain {
		certificates = append(certificates, cert.Raw)
	}
	slices.SortFunc(certificates, bytes.Compare) // DER orders a SET OF by its encodings
	b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
		for _, raw := range slices.CompactFunc(certificates, bytes.Equal) {
			b.AddBytes(raw)
		}
	})
	b.AddASN1(cbasn1.SET, signer)
}

// addAlgorithm writes an AlgorithmIdentifier, with NULL parameters where RFC 4055 wants them.
func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if oid.Equal(oidSHA256WithRSA) {
			b.AddASN1NULL()
		}
	})
}

func addSignerInfo(b *cryptobyte.Builder, cert *x509.Certificate, algorithm asn1.ObjectIdentifier, attributes, signature, token []byte) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(cert.RawIssuer)
			b.AddASN1BigInt(cert.SerialNumber)
		})
		addAlgorithm(b, oidSHA256)
		// The attributes are signed as a SET and stand here under an implicit tag: the same bytes but for the first.
		implicit := bytes.Clone(attributes)
		implicit[0] = byte(explicit(0))
		b.AddBytes(implicit)
		addAlgorithm(b, algorithm)
		b.AddASN1OctetString(signature)
		if token != nil {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				addAttribute(b, oidTimestampToken, func(b *cryptobyte.Builder) { b.AddBytes(token) })
			})
		}
	})
}

func addAttribute(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
}

// signedAttributes gives the DER SET of the attributes that are signed.
func signedAttributes(c signedContent, cert *x509.Certificate, algorithm asn1.ObjectIdentifier) ([]byte, error) {
	sum := sha256.Sum256(cert.Raw)
	values := []struct {
		oid   asn1.ObjectIdentifier
		value func(*cryptobyte.Builder)
	}{
		{oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(c.kind) }},
		{oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.digest) }},
		{oidSigningCertV2, func(b *cryptobyte.Builder) { addSigningCertificate(b, cert, sum[:]) }},
		// RFC 6211: without it, the names of the algorithms would be the only bytes that nothing protects.
		{oidAlgorithmProtection, func(b *cryptobyte.Builder) { addAlgorithmProtection(b, algorithm) }},
	}
	var encoded [][]byte
	for _, v := range values {
		var b cryptobyte.Builder
		addAttribute(&b, v.oid, v.value)
		der, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, der)
	}
	slices.SortFunc(encoded, bytes.Compare)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(slices.Concat(encoded...)) })
	return b.Bytes()
}

// addAlgorithmProtection writes CMSAlgorithmProtection.
func addAlgorithmProtection(b *cryptobyte.Builder, algorithm asn1.ObjectIdentifier) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addAlgorithm(b, oidSHA256)
		var inner cryptobyte.Builder
		addAlgorithm(&inner, algorithm)
		implicit := inner.BytesOrPanic() // an identifier and NULL always encode
		implicit[0] = byte(explicit(1))
		b.AddBytes(implicit)
	})
}

// addSigningCertificate writes SigningCertificateV2 (RFC 5035) with the default digest, SHA-256.
func addSigningCertificate(b *cryptobyte.Builder, cert *x509.Certificate, digest []byte) {
	sequence := cbasn1.SEQUENCE
	b.AddASN1(sequence, func(b *cryptobyte.Builder) {
		b.AddASN1(sequence, func(b *cryptobyte.Builder) {
			b.AddASN1(sequence, func(b *cryptobyte.Builder) {
				b.AddASN1OctetString(digest)
				b.AddASN1(sequence, func(b *cryptobyte.Builder) {
					b.AddASN1(sequence, func(b *cryptobyte.Builder) {
						b.AddASN1(explicit(4), func(b *cryptobyte.Builder) { b.AddBytes(cert.RawIssuer) })
					})
					b.AddASN1BigInt(cert.SerialNumber)
				})
			})
		})
	})
}
