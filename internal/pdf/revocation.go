package pdf

import (
	"bytes"
	"crypto/x509"
	"time"
)

// maxRevocation bounds a revocation list, in bytes.
const maxRevocation = 8 << 20

// revocationLists reads the lists of the file's security store that are not broken.
func (f *file) revocationLists() []*x509.RevocationList {
	var out []*x509.RevocationList
	for _, o := range f.array(f.dict(f.catalog()["DSS"])["CRLs"]) {
		s, ok := f.get(o).(*stream)
		if !ok || len(s.data) > maxRevocation || len(out) >= 64 {
			continue
		}
		data, err := f.decode(s)
		if err != nil {
			continue
		}
		if list, err := x509.ParseRevocationList(data); err == nil {
			out = append(out, list)
		}
	}
	return out
}

// revoked tells whether a list in the file, signed by the issuer of the signer's certificate, had withdrawn that
// certificate at a time.
func (c *verifiedCMS) revoked(lists []*x509.RevocationList, at time.Time) bool {
	for _, list := range lists {
		if !bytes.Equal(list.RawIssuer, c.signer.RawIssuer) {
			continue
		}
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(c.signer.SerialNumber) == 0 && !entry.RevocationTime.After(at) && c.issuedList(list) {
				return true
			}
		}
	}
	return false
}

func (c *verifiedCMS) issuedList(list *x509.RevocationList) bool {
	for _, cert := range c.certificates {
		if bytes.Equal(cert.RawSubject, list.RawIssuer) && list.CheckSignatureFrom(cert) == nil {
			return true
		}
	}
	return false
}
