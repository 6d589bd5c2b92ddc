package engine

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"

	"sealdesk/internal/store"
)

// ownerKind tells organisations from people.
type ownerKind string

const (
	ownerOrganization ownerKind = "organization"
	ownerUser         ownerKind = "user"
)

// owner is who a seal or a certificate belongs to. The organisation with the empty id is the application itself.
type owner struct {
	Kind ownerKind
	ID   string
}

// certificate gives the owner's certificate for signing, and makes one where there is none for this name that lasts
// long enough. What was made under simulation serves there only. No id number stands in it: everybody who gets a signed contract can read it.
func (e *Engine) certificate(ctx context.Context, tx *store.Tx, o owner, name string) (identity, error) {
	var id string
	var der, sealed []byte
	err := tx.QueryRow(ctx, `SELECT id, der, key_sealed FROM engine_certificates
		WHERE owner_kind = $1 AND owner_id = $2 AND subject = $3 AND not_after > $4 AND simulated = $5
		ORDER BY created DESC, id DESC LIMIT 1`, string(o.Kind), o.ID, name, store.Micros(e.now().Add(leafReserve)), flag(e.simulate)).Scan(&id, &der, &sealed)
	switch {
	case err == nil:
		return e.openIdentity("engine_certificates.key", id, der, sealed)
	case !errors.Is(err, store.ErrNotFound):
		return identity{}, fmt.Errorf("find a certificate: %w", err)
	}
	return e.issueCertificate(ctx, tx, o, name)
}

// issueCertificate makes and stores a certificate.
func (e *Engine) issueCertificate(ctx context.Context, tx *store.Tx, o owner, name string) (identity, error) {
	subject := pkix.Name{CommonName: name}
	if o.Kind == ownerOrganization {
		subject.Organization = []string{name}
	}
	template := e.leafTemplate(subject)
	if e.simulate {
		template.Subject.OrganizationalUnit = append(template.Subject.OrganizationalUnit, SimulatedMark)
	}
	made, key, err := issue(template, &identity{cert: e.authority.issuing, key: e.authority.issuingKey})
	if err != nil {
		return identity{}, err
	}
	id := newID(e.wall())
	_, err = tx.Exec(ctx, `INSERT INTO engine_certificates (id, owner_kind, owner_id, subject, der, key_sealed, created, not_after, simulated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, id, string(o.Kind), o.ID, name, made.cert.Raw,
		e.vault.Seal("engine_certificates.key", id, key), store.Micros(e.now()), store.Micros(made.cert.NotAfter), flag(e.simulate))
	if err != nil {
		return identity{}, fmt.Errorf("store a certificate: %w", err)
	}
	return made, e.record(ctx, tx, event{Action: "certificate.issue", ObjectType: string(o.Kind), ObjectID: o.ID,
		Detail: map[string]any{"serial": made.cert.SerialNumber.Text(16), "notAfter": made.cert.NotAfter}})
}

// chain is what a signature carries: the signer's certificate and the issuing one. The root is left to the verifier.
func (a *authority) chain(leaf *x509.Certificate) []*x509.Certificate {
	return []*x509.Certificate{leaf, a.issuing, a.root}
}
