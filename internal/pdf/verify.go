package pdf

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
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
	AlsoIn          []string  `json:"alsoIn,omitempty"`       // further fields that show this one signature
	Signer          string    `json:"signer"`                 // common name in the certificate
	Organization    string    `json:"organization,omitempty"` // organisation in the certificate
	Person          string    `json:"person,omitempty"`       // who signed: from the certificate, or what the caller knows of an organisation's
	Reason          string    `json:"reason,omitempty"`
	Location        string    `json:"location,omitempty"`
	Time            time.Time `json:"time,omitzero"`          // as claimed by the signer
	TimestampTime   time.Time `json:"timestampTime,omitzero"` // from a time stamp; zero without one
	Intact          bool      `json:"intact"`                 // the bytes it covers and the signature itself are as they were made
	CoversWholeFile bool      `json:"coversWholeFile"`
	ChainTrusted    bool      `json:"chainTrusted"`           // its certificate, and its time stamp's, lead to the given roots
	ChangedAfter    []Change  `json:"changedAfter,omitempty"` // none is looked for where what was signed is no longer there
	Problem         string    `json:"problem,omitempty"`      // one of the Problem… codes, empty for none

	Certificate *x509.Certificate `json:"-"` // nil when the signature could not be read

	end int // of the bytes covered
	*shownBy
}

// shownBy is what the comparison of revisions knows of a signature.
type shownBy struct {
	value      dict  // the signature's dictionary
	fields     []int // numbers of the fields that show it, the first of them named Field
	permission int   // the level of a certifying signature, 0 of another
}

// Problems of a file or of a signature.
const (
	ProblemNoSignature = "no_signature" // the file has none
	ProblemRemoved     = "removed"      // a signature was taken out of the form
	ProblemNotCovered  = "not_covered"  // bytes that no signature covers follow the last one
	ProblemUnsupported = "unsupported"  // a kind of signature that cannot be checked
	ProblemByteRange   = "byte_range"   // it does not cover all but itself
	ProblemContents    = "contents"     // the signature's own bytes were changed
	ProblemDigest      = "digest"       // the bytes it covers were changed
	ProblemSignature   = "signature"    // it was not made with its certificate's key
	ProblemCertificate = "certificate"  // a certificate in it was changed
	ProblemTimestamp   = "timestamp"    // its time stamp is not over it, or was changed
	ProblemUntrusted   = "untrusted"    // its certificate, or its time stamp's, does not lead to a root
	ProblemRevoked     = "revoked"      // its certificate had been withdrawn, says a list in the file
	ProblemChanged     = "changed"      // a later update changed what was signed
)

// Verify checks every signature of a file. Roots are the certificates to trust; nil leaves ChainTrusted false and out
// of OK. A file that cannot be read is an error, everything else is told by the report.
func Verify(data []byte, roots *x509.CertPool) (*Report, error) {
	f, err := open(data)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	report := &Report{Signatures: []SignatureReport{}}
	report.Signatures = f.checkSignatures(roots)
	report.OK = len(report.Signatures) > 0
	signatures, j := byField(report.Signatures), newJudge(f.original)
	for i := range report.Signatures {
		s := &report.Signatures[i]
		if s.end > 0 && s.end < len(data) && s.hasBytes() {
			s.ChangedAfter = f.changesAfter(s, signatures, j)
		}
		for _, change := range s.ChangedAfter {
			if !change.Permitted {
				s.problem(ProblemChanged)
			}
		}
		if roots != nil && !s.ChainTrusted {
			s.problem(ProblemUntrusted)
		}
		report.OK = report.OK && s.Problem == ""
	}
	switch n := len(report.Signatures); {
	case f.signatureRemoved(report.Signatures):
		report.OK, report.Problem = false, ProblemRemoved
	case n == 0:
		report.Problem = ProblemNoSignature
	case !report.Signatures[n-1].CoversWholeFile && !onlyStored(report.Signatures[n-1].ChangedAfter):
		report.OK, report.Problem = false, ProblemNotCovered
	}
	return report, nil
}

// byField finds signatures by the numbers of the fields that show them.
func byField(signatures []SignatureReport) map[int]*SignatureReport {
	out := map[int]*SignatureReport{}
	for i := range signatures {
		for _, num := range signatures[i].fields {
			out[num] = &signatures[i]
		}
	}
	return out
}

// checkSignatures checks each signature by itself. Fields that refer to one signature show one signature.
func (f *file) checkSignatures(roots *x509.CertPool) []SignatureReport {
	out := []SignatureReport{}
	index := map[int]int{} // number of a signature's object → place in out
	for _, field := range f.signatureFields() {
		if i, ok := index[field.valueNum]; ok && field.valueNum != 0 {
			out[i].AlsoIn = append(out[i].AlsoIn, field.name)
			out[i].fields = append(out[i].fields, field.num)
			continue
		}
		index[field.valueNum] = len(out)
		out = append(out, f.checkSignature(field, roots))
	}
	slices.SortStableFunc(out, func(a, b SignatureReport) int { return a.end - b.end })
	return out
}

// onlyStored tells whether certificates and revocation lists are all that came behind a signature.
func onlyStored(changes []Change) bool {
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(c Change) bool { return c.Code != ChangeStore })
}

// signatureRemoved looks for a signature that stands in the file's bytes but no longer in its form: a later update
// took it out.
func (f *file) signatureRemoved(found []SignatureReport) bool {
	key := []byte("/ByteRange")
	for pos := 0; ; {
		at := bytes.Index(f.original[pos:], key)
		if at < 0 {
			return false
		}
		pos += at + len(key)
		p := parser{data: f.original[:min(len(f.original), pos+100)], pos: pos}
		o, err := p.object()
		a, ok := o.(array)
		if err != nil || !ok {
			continue
		}
		var s SignatureReport
		start, end, ok := f.byteRange(dict{"ByteRange": a}, &s)
		if !ok || f.original[start] != '<' || f.original[end-1] != '>' {
			continue
		}
		if !slices.ContainsFunc(found, func(r SignatureReport) bool { return r.end == s.end }) {
			return true
		}
	}
}

// problem notes the first problem.
func (s *SignatureReport) problem(code string) {
	if s.Problem == "" {
		s.Problem = code
	}
}

// checkSignature checks one signature by itself.
func (f *file) checkSignature(field signatureField, roots *x509.CertPool) SignatureReport {
	s := SignatureReport{Field: field.name, Time: f.signingTime(field.value),
		shownBy: &shownBy{field.value, []int{field.num}, f.permission(field.value)}}
	for key, target := range map[name]*string{"Reason": &s.Reason, "Location": &s.Location} {
		if v, ok := f.get(field.value[key]).(str); ok {
			*target = decodeText(v)
		}
	}
	start, holeEnd, ok := f.byteRange(field.value, &s)
	if !ok {
		s.problem(ProblemByteRange)
		return s
	}
	if v, _ := f.get(field.value["Contents"]).(str); len(v) > 2 && v[:2] == "\x30\x80" {
		s.problem(ProblemUnsupported) // lengths that are not told, as BER allows
		return s
	}
	der, ok := f.contents(field.value, start, holeEnd)
	if !ok || !f.holds(field, start, holeEnd) {
		s.problem(ProblemContents)
		return s
	}
	c, err := verifyCMS(der)
	if err != nil {
		s.problem(problemOf(err))
		return s
	}
	s.Certificate = c.signer
	s.Signer = c.signer.Subject.CommonName
	if names := c.signer.Subject.Organization; len(names) > 0 {
		s.Organization = names[0]
	}
	if s.Signer != s.Organization {
		s.Person = s.Signer
	}
	f.checkCMS(c, field.value, start, holeEnd, &s)
	s.checkTrust(c, roots)
	if c.revoked(f.revocationLists(), s.trustedTime()) {
		s.problem(ProblemRevoked)
	}
	return s
}

// hasBytes tells whether the bytes that were signed are still there, so that the file as it is now can be held against them.
func (s *SignatureReport) hasBytes() bool {
	return s.Problem != ProblemDigest && s.Problem != ProblemContents && s.Problem != ProblemSignature
}

// Covered is how many bytes of the file the signature covers, from the first on; 0 where that cannot be read.
func (s *SignatureReport) Covered() int { return s.end }

// trustedTime is the time at which certificates must have been good: that of the time stamp, else the claimed one.
func (s *SignatureReport) trustedTime() time.Time {
	if !s.TimestampTime.IsZero() {
		return s.TimestampTime
	}
	return s.Time
}

func problemOf(err error) string {
	switch {
	case errors.Is(err, errUnsupported):
		return ProblemUnsupported
	case errors.Is(err, errSignature):
		return ProblemSignature
	case errors.Is(err, errCertificate):
		return ProblemCertificate
	}
	return ProblemContents
}

// byteRange reads what a signature covers: from the first byte to the hole, and from behind it to the end of its
// revision.
func (f *file) byteRange(value dict, s *SignatureReport) (start, holeEnd int, ok bool) {
	a := f.array(value["ByteRange"])
	if len(a) != 4 {
		return 0, 0, false
	}
	var v [4]int
	for i := range v {
		n, ok := asInt(f.get(a[i]))
		if !ok || n < 0 || n > len(f.original) {
			return 0, 0, false
		}
		v[i] = n
	}
	if v[0] != 0 || v[1] < 1 || v[2] < v[1]+2 || v[2]+v[3] > len(f.original) || v[3] < 1 {
		return 0, 0, false
	}
	s.end = v[2] + v[3]
	s.CoversWholeFile = s.end == len(f.original)
	return v[1], v[2], true
}

// contents checks that the hole is the signature's own hexadecimal string and nothing else, in one way of writing, and
// padded with zeros only: these bytes are covered by nothing but this check.
func (f *file) contents(value dict, start, end int) ([]byte, bool) {
	all, ok := f.get(value["Contents"]).(str)
	if !ok {
		return nil, false
	}
	hole := f.original[start:end]
	hex := appendHex([]byte{'<'}, []byte(all))
	hex = append(hex, '>')
	if !bytes.Equal(hole, hex) && !bytes.Equal(hole, bytes.ToUpper(hex)) {
		return nil, false
	}
	der := []byte(all)
	n := derLength(der)
	if n == 0 || len(bytes.Trim(der[n:], "\x00")) > 0 {
		return nil, false
	}
	return der[:n], true
}

// holds tells whether the hole lies in the very object that the field's signature is read from. A copy of a signature's
// dictionary elsewhere is none.
func (f *file) holds(field signatureField, start, end int) bool {
	num := field.valueNum
	if num == 0 {
		num = field.num
	}
	e := f.xref[num]
	if e.kind != entryPlain {
		return false
	}
	pos, ok := f.header(num, e.offset)
	if !ok {
		return false
	}
	p := parser{data: f.data, pos: pos}
	_, err := f.parse(&p)
	return err == nil && e.offset+f.base < start && end <= p.pos+f.base
}

// derLength is the length of the first DER value, 0 when there is none.
func derLength(der []byte) int {
	if len(der) < 2 {
		return 0
	}
	n, head := int(der[1]), 2
	if n >= 0x80 {
		count := n & 0x7f
		if count == 0 || count > 4 || len(der) < 2+count {
			return 0
		}
		n, head = 0, 2+count
		for _, c := range der[2:head] {
			n = n<<8 | int(c)
		}
	}
	if n > len(der)-head {
		return 0
	}
	return head + n
}

// checkCMS checks the digest of the covered bytes, and the time stamp.
func (f *file) checkCMS(c *verifiedCMS, value dict, start, holeEnd int, s *SignatureReport) {
	h := c.hash.New()
	covered := [][]byte{f.original[:start], f.original[holeEnd:s.end]}
	switch f.get(value["SubFilter"]) {
	case name("ETSI.CAdES.detached"), name("adbe.pkcs7.detached"):
		for _, part := range covered {
			h.Write(part)
		}
		if c.content != nil || !c.kind.Equal(oidData) {
			s.problem(ProblemContents)
		} else if !bytes.Equal(h.Sum(nil), c.digest) {
			s.problem(ProblemDigest)
		}
	case name("ETSI.RFC3161"): // a time stamp over the whole document
		at, err := c.tokenTime(slices.Concat(covered...))
		s.TimestampTime = at
		if err != nil {
			s.problem(ProblemDigest)
		}
	default:
		s.problem(ProblemUnsupported)
	}
	s.Intact = s.Problem == ""
}

// checkTrust checks the time stamp over the signature, and whether the certificates lead to a root at that time.
func (s *SignatureReport) checkTrust(c *verifiedCMS, roots *x509.CertPool) {
	use := x509.ExtKeyUsageAny
	if c.kind.Equal(oidTSTInfo) {
		use = x509.ExtKeyUsageTimeStamping
	}
	trusted := true
	if c.token != nil {
		token, err := verifyCMS(c.token)
		if err == nil {
			s.TimestampTime, err = token.tokenTime(c.signature)
		}
		if err != nil {
			if s.problem(ProblemTimestamp); errors.Is(err, errUnsupported) && s.Problem == ProblemTimestamp {
				s.Problem = ProblemUnsupported
			}
			s.Intact, s.TimestampTime = false, time.Time{}
			return
		}
		trusted = token.leadsTo(roots, s.TimestampTime, x509.ExtKeyUsageTimeStamping)
	}
	s.ChainTrusted = trusted && c.leadsTo(roots, s.trustedTime(), use)
}

// leadsTo tells whether the signer's certificate was good at a time under one of the roots. So must be all that came
// with it: they are not signed as a part of the signature.
func (c *verifiedCMS) leadsTo(roots *x509.CertPool, at time.Time, use x509.ExtKeyUsage) bool {
	if roots == nil {
		return false
	}
	between := x509.NewCertPool()
	for _, cert := range c.certificates {
		between.AddCert(cert)
	}
	good := func(cert *x509.Certificate, use x509.ExtKeyUsage) bool {
		_, err := cert.Verify(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use},
		})
		return err == nil
	}
	for _, cert := range c.certificates {
		if cert != c.signer && !good(cert, x509.ExtKeyUsageAny) {
			return false
		}
	}
	return good(c.signer, use)
}
