package engine

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// Lifetimes of certificates. A leaf is made anew once it has less than leafReserve left.
const (
	rootYears    = 20
	issuingYears = 15
	leafYears    = 5
	leafReserve  = 30 * 24 * time.Hour
	// backdate covers clocks that are a little behind ours.
	backdate = time.Hour
)

// authorityNote stands in every certificate: these are the engine's own, not a licensed authority's.
const authorityNote = "Sealdesk embedded engine - not a licensed certification authority"

// Roles in engine_authority.
const (
	roleRoot      = "root"
	roleIssuing   = "issuing"
	roleTimestamp = "timestamp"
)

// Extended key usages that the standard library has no names for: document signing (RFC 9336).
var usageDocumentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36}

// timestampPolicy stands in every time stamp. The arc 2.25 is free for anybody's use.
var timestampPolicy = asn1.ObjectIdentifier{2, 25, 1963080145}

// ErrAuthorityGone says that the evidence tells of the engine's certificate authority, and that it is not there any more: no other one is made in
// its place.
var ErrAuthorityGone = errors.New("engine: the certificate authority was removed from the database")

// LacksAuthority tells of an engine's database whether a part of the authority is gone that the evidence tells of.
func LacksAuthority(ctx context.Context, tx *store.Tx) (gone bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM audit_events WHERE action = $1 AND object_id NOT IN (SELECT role FROM engine_authority))`,
		actionAuthority).Scan(&gone)
	return gone, err
}

const actionAuthority = "authority.create"

// authority is the engine's own certificate authority and time stamp authority.
type authority struct {
	root       *x509.Certificate
	issuing    *x509.Certificate
	issuingKey crypto.Signer
	timestamps *pdf.TimeAuthority
	tokenSize  int // bytes of a time stamp, give or take the variation of a signature

	mu         sync.Mutex
	stampRoots []*x509.Certificate // of outside time-stamping authorities
}

func (a *authority) outsideRoots() []*x509.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.stampRoots)
}

func (a *authority) hasRoot(root *x509.Certificate) bool {
	return slices.ContainsFunc(a.outsideRoots(), root.Equal)
}

func (a *authority) addRoot(root *x509.Certificate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stampRoots = append(a.stampRoots, root)
}

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// openAuthority reads the authority or makes it: a root, an issuing certificate under it, and one for time stamps.
func (e *Engine) openAuthority(ctx context.Context) (*authority, error) {
	var root, issuing, stamps identity
	var outside []*x509.Certificate
	err := e.db.Write(ctx, func(tx *store.Tx) (err error) {
		if root, err = e.authorityPart(ctx, tx, roleRoot, e.rootTemplate(), nil); err != nil {
			return err
		}
		if issuing, err = e.authorityPart(ctx, tx, roleIssuing, e.issuingTemplate(), &root); err != nil {
			return err
		}
		if stamps, err = e.authorityPart(ctx, tx, roleTimestamp, e.timestampTemplate(), &issuing); err != nil {
			return err
		}
		outside, err = storedStampRoots(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	timestamps := &pdf.TimeAuthority{
		Signer: stamps.key, Chain: []*x509.Certificate{stamps.cert, issuing.cert, root.cert}, Policy: timestampPolicy, Clock: e.now,
	}
	token, err := timestamps.Stamp(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("try the time stamp authority: %w", err)
	}
	return &authority{root: root.cert, issuing: issuing.cert, issuingKey: issuing.key, timestamps: timestamps, tokenSize: len(token),
		stampRoots: outside}, nil
}

func (e *Engine) rootTemplate() *x509.Certificate {
	now := e.now()
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Sealdesk Embedded Root CA", Organization: []string{"Sealdesk"}, OrganizationalUnit: []string{authorityNote}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(rootYears, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            1,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func (e *Engine) issuingTemplate() *x509.Certificate {
	t := e.rootTemplate()
	t.Subject.CommonName = "Sealdesk Embedded Issuing CA"
	t.NotAfter = e.now().AddDate(issuingYears, 0, 0)
	t.MaxPathLen, t.MaxPathLenZero = 0, true
	return t
}

func (e *Engine) timestampTemplate() *x509.Certificate {
	t := e.leafTemplate(pkix.Name{CommonName: "Sealdesk Embedded Time Stamp Authority", Organization: []string{"Sealdesk"}})
	t.NotAfter = e.now().AddDate(issuingYears, 0, 0)
	t.ExtKeyUsage = nil
	t.UnknownExtKeyUsage = nil
	// RFC 3161 wants this usage alone, and critical; the standard library would write it as not critical.
	t.ExtraExtensions = []pkix.Extension{{
		Id:       asn1.ObjectIdentifier{2, 5, 29, 37},
		Critical: true,
		Value:    []byte{0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08},
	}}
	return t
}

// leafTemplate is a certificate that signs documents.
func (e *Engine) leafTemplate(subject pkix.Name) *x509.Certificate {
	now := e.now()
	subject.OrganizationalUnit = []string{authorityNote}
	return &x509.Certificate{
		Subject:               subject,
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.AddDate(leafYears, 0, 0),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection},
		UnknownExtKeyUsage:    []asn1.ObjectIdentifier{usageDocumentSigning},
	}
}

// authorityPart reads one part of the authority or makes it under its issuer, once ever, else ErrAuthorityGone; no issuer makes the root.
func (e *Engine) authorityPart(ctx context.Context, tx *store.Tx, role string, template *x509.Certificate, issuer *identity) (identity, error) {
	var der, sealed []byte
	err := tx.QueryRow(ctx, `SELECT der, key_sealed FROM engine_authority WHERE role = $1`, role).Scan(&der, &sealed)
	switch {
	case err == nil:
		return e.openIdentity("engine_authority.key", role, der, sealed)
	case !errors.Is(err, store.ErrNotFound):
		return identity{}, fmt.Errorf("read the authority: %w", err)
	}
	made, err := told(ctx, tx, "certificate", role, "", nil, actionAuthority)
	if err != nil {
		return identity{}, err
	}
	if made != nil {
		return identity{}, ErrAuthorityGone
	}
	id, key, err := issue(template, issuer)
	if err != nil {
		return identity{}, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_authority (role, der, key_sealed, created) VALUES ($1, $2, $3, $4)`,
		role, id.cert.Raw, e.vault.Seal("engine_authority.key", role, key), store.Micros(e.now()))
	if err != nil {
		return identity{}, fmt.Errorf("store the authority: %w", err)
	}
	return id, e.record(ctx, tx, event{Action: actionAuthority, ObjectType: "certificate", ObjectID: role})
}

// issue makes a key and a certificate for it, and gives the key in PKCS #8 too. No issuer makes it self-signed.
func issue(template *x509.Certificate, issuer *identity) (identity, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, nil, fmt.Errorf("make a key: %w", err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return identity{}, nil, fmt.Errorf("make a serial number: %w", err)
	}
	by := identity{cert: template, key: key}
	if issuer != nil {
		by = *issuer
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		return identity{}, nil, fmt.Errorf("make a certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return identity{}, nil, fmt.Errorf("read back a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return identity{}, nil, fmt.Errorf("encode a key: %w", err)
	}
	return identity{cert: cert, key: key}, pkcs8, nil
}

// openIdentity decrypts a stored key and parses its certificate.
func (e *Engine) openIdentity(column, id string, der, sealed []byte) (identity, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return identity{}, fmt.Errorf("read the certificate of %s: %w", id, err)
	}
	pkcs8, err := e.vault.Open(column, id, sealed)
	if err != nil {
		return identity{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return identity{}, fmt.Errorf("read the key of %s: %w", id, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return identity{}, fmt.Errorf("the key of %s cannot sign", id)
	}
	return identity{cert: cert, key: signer}, nil
}
