package pdf

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"time"

	"sealdesk/internal/font"
)

// Fill is what an act puts into a mark: a drawing or a text.
type Fill struct {
	Form *Form
	Text string
}

// Act is one signer's act on one file.
type Act struct {
	SignerName, Reason, Location string    // shown by viewers
	Time                         time.Time // the claimed time of signing, required

	// Field names the mark that becomes the signature field. Empty takes the first Seal or Signature mark among
	// the fills; without any the signature is invisible.
	Field string
	Fills map[string]Fill // by mark ID

	Signer crypto.Signer       // RSA of 2048 bits or more, or ECDSA P-256
	Chain  []*x509.Certificate // the signer's certificate first

	// Timestamp, if set, is given the signature value and returns an RFC 3161 token over it (see TimeAuthority.Stamp).
	Timestamp func(ctx context.Context, signature []byte) ([]byte, error)
}

// Sign fills the act's marks and signs the file, in one update that leaves the earlier bytes untouched. Marks that
// the file does not have yet (of an approver who came later, say) are added by the same update.
func Sign(ctx context.Context, data []byte, face *font.Face, act Act, marks []Mark) ([]byte, error) {
	return nil, errors.New("not there yet")
}
