package pdf

import (
	"crypto/x509"
	"errors"
	"time"
)

// Report is what Verify found.
type Report struct {
	Signatures []SignatureReport `json:"signatures"` // in the order in which they were made
	OK         bool              `json:"ok"`         // there are signatures, none has a problem, and the last covers the whole file
	Problem    string            `json:"problem,omitempty"`
}

// SignatureReport is about one signature.
type SignatureReport struct {
	Field           string    `json:"field"`
	Signer          string    `json:"signer"`                 // common name in the certificate
	Organization    string    `json:"organization,omitempty"` // organisation in the certificate
	Reason          string    `json:"reason,omitempty"`
	Location        string    `json:"location,omitempty"`
	Time            time.Time `json:"time"`                   // as claimed by the signer
	TimestampTime   time.Time `json:"timestampTime,omitzero"` // from a time stamp; zero without one
	Intact          bool      `json:"intact"`                 // the bytes it covers and the signature itself are as they were made
	CoversWholeFile bool      `json:"coversWholeFile"`
	ChainTrusted    bool      `json:"chainTrusted"` // its certificate, and its time stamp's, lead to the given roots
	ChangedAfter    []Change  `json:"changedAfter,omitempty"`
	Problem         string    `json:"problem,omitempty"` // one of the Problem… codes, empty for none

	Certificate *x509.Certificate `json:"-"`
}

// Change is something that a later update did to the file.
type Change struct {
	Code      string `json:"code"` // one of the Change… codes
	Field     string `json:"field,omitempty"`
	Page      int    `json:"page,omitempty"` // from 1
	Permitted bool   `json:"permitted"`      // filling and signing are, everything else takes the signature's meaning away
}

// Verify checks every signature of a file. Roots are the certificates to trust; nil leaves ChainTrusted false and out of OK.
func Verify(data []byte, roots *x509.CertPool) (*Report, error) {
	return nil, errors.New("not there yet")
}
