package pdf

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sealdesk/internal/font"
)

// Fill is what an act puts into a mark: a drawing or a text.
type Fill struct {
	Form *Form  // for Seal, Signature and Picture marks
	Text string // for Date and Text marks
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
	Chain  []*x509.Certificate // the signer's certificate first; the root may be among them

	// Timestamp, if set, is given the signature value and returns an RFC 3161 token over it (see TimeAuthority.Stamp).
	Timestamp func(ctx context.Context, signature []byte) ([]byte, error)
	// TimestampRoom is the size of such a token, known from an earlier one; 0 keeps 8 KiB. Room that is kept and not used
	// can be changed without notice by verifiers other than Verify, so it should be tight.
	TimestampRoom int

	// Revocation is kept in the file's security store (DSS) together with the certificates, for checks long after.
	Revocation [][]byte // DER certificate revocation lists
}

// Room for a time-stamp token with the certificates of its authority, and what the length of tokens varies by: ECDSA
// signatures and serial numbers have no fixed length.
const (
	roomTimestamp = 8 << 10
	roomVariation = 16
)

var errRoom = errors.New("the signature is larger than the room kept for it")

// Sign fills the act's marks and signs the file, in one update that leaves the earlier bytes untouched. Marks that
// the file does not have yet (of an approver who came later, say) are added by the same update; of marks that it has
// the place in the file counts. It refuses marks and fills with a *MarkError or a *MissingGlyphError.
func Sign(ctx context.Context, data []byte, face *font.Face, act Act, marks []Mark) ([]byte, error) {
	if act.Time.IsZero() {
		return nil, errors.New("sign: no time")
	}
	if _, err := checkKey(act.Signer, act.Chain); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	e, err := newEditor(data, face)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	room, err := act.room()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	s := &signing{editor: e, act: act, contents: &hole{size: 2*room + 2}, byteRange: &hole{size: 40}, inked: map[*Form]*Form{}}
	if err := s.prepare(marks); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	e.finish()
	out := e.bytes()
	if err := s.seal(ctx, out); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if num, ok := hides(out, s.own()); ok {
		return nil, fmt.Errorf("sign: %w", &MarkError{s.markOf(num), ReasonCovers})
	}
	return out, nil
}

// room is how many bytes the signature needs at most.
func (a *Act) room() (int, error) {
	token := 0
	switch {
	case a.Timestamp == nil:
	case a.TimestampRoom > 0:
		token = a.TimestampRoom + roomVariation
	default:
		token = roomTimestamp
	}
	return sizeCMS(a.Signer, a.Chain, token)
}

// signing is the work of one Sign.
type signing struct {
	*editor
	act                 Act
	contents, byteRange *hole
	late                []lateField     // fields of marks that came late
	inked               map[*Form]*Form // drawings in the ink of late marks
}

// own lists the numbers of the widgets that the act shows.
func (s *signing) own() map[int]bool {
	out := map[int]bool{}
	for id := range s.act.Fills {
		if w := s.widgets[id]; w != nil {
			out[w.ref.num] = true
		}
	}
	for _, l := range s.late {
		out[l.ref.num] = true
	}
	return out
}

// markOf names the mark of a widget; of one that met an earlier widget and hides with it what was there, a mark of the act.
func (s *signing) markOf(num int) string {
	ids := slices.Sorted(maps.Keys(s.act.Fills))
	for _, id := range ids {
		if w := s.widgets[id]; w != nil && w.ref.num == num {
			return id
		}
	}
	for _, l := range s.late {
		if l.ref.num == num {
			return l.id
		}
	}
	return ids[0]
}

// prepare adds and fills fields and puts the signature's dictionary into the update.
func (s *signing) prepare(marks []Mark) error {
	late := s.splitLate(&marks)
	if err := s.ensure(marks, false); err != nil {
		return err
	}
	if err := s.check(late); err != nil {
		return err
	}
	if err := s.addLate(late); err != nil {
		return err
	}
	styles := map[string]textStyle{}
	for i := range marks {
		styles[marks[i].ID] = marks[i].style()
	}
	w, err := s.choose()
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(s.act.Fills)) {
		if slices.ContainsFunc(late, func(m Mark) bool { return m.ID == id }) {
			continue
		}
		target := s.widgets[id]
		if target == nil {
			return &MarkError{id, ReasonUnknown}
		}
		if target.filled {
			return &MarkError{id, ReasonSigned}
		}
		style, ok := styles[id]
		if !ok {
			style = styleOf(target.dict)
		}
		fill := s.act.Fills[id]
		if target.seeThrough = fill.Form != nil; target.seeThrough && s.signed {
			fill.Form = s.lateForm(fill.Form)
		}
		if err := s.fill(id, fill, style); err != nil {
			return err
		}
	}
	value := s.add(s.signature())
	fields := []*widget{w}
	for _, l := range s.late { // of one act one signature, shown on each of its pages
		fields = append(fields, l.widget)
	}
	for _, field := range fields {
		field.dict["V"] = value
		flags, _ := asInt(field.dict["Ff"])
		field.dict["Ff"] = flags | flagReadOnly
		s.set(field.ref, field.dict)
	}
	if len(s.act.Revocation) > 0 {
		s.addSecurityStore(s.act.Chain, s.act.Revocation)
	}
	return nil
}

// splitLate takes the act's marks that a signed file does not have out of marks, and those of others altogether: fields for
// them would be fields that this update does not sign.
func (s *signing) splitLate(marks *[]Mark) (late []Mark) {
	if !s.signed {
		return nil
	}
	var known []Mark
	for _, m := range *marks {
		_, mine := s.act.Fills[m.ID]
		switch {
		case s.widgets[m.ID] != nil:
			known = append(known, m)
		case mine:
			late = append(late, m)
		}
	}
	*marks = known
	return late
}

// choose finds the field that holds the signature: the one named, else the first signature field among the fills, else
// an invisible one made now.
func (s *signing) choose() (*widget, error) {
	if id := s.act.Field; id != "" {
		w := s.widgets[id]
		switch {
		case w == nil:
			return nil, &MarkError{id, ReasonUnknown}
		case w.dict["FT"] != name("Sig"):
			return nil, &MarkError{id, ReasonKind}
		case w.dict["V"] != nil:
			return nil, &MarkError{id, ReasonSigned}
		}
		return w, nil
	}
	for _, id := range s.order {
		w := s.widgets[id]
		if _, ok := s.act.Fills[id]; ok && w.dict["FT"] == name("Sig") {
			if w.dict["V"] != nil {
				return nil, &MarkError{id, ReasonSigned}
			}
			return w, nil
		}
	}
	if w := s.ownEmpty(); w != nil {
		return w, nil
	}
	p := s.pages[0]
	d := dict{
		"Type": name("Annot"), "Subtype": name("Widget"), "FT": name("Sig"), "F": flagPrint | flagLocked, "P": p.ref,
		"Rect": array{0, 0, 0, 0}, "T": textString(s.freeName("Signature")),
	}
	w := &widget{ref: s.add(d), dict: d}
	s.added = append(s.added, w.ref)
	s.annots[0] = append(s.annots[0], w.ref)
	return w, nil
}

// ownEmpty finds the empty signature field that was prepared for whom the act's other fields were prepared for.
func (s *signing) ownEmpty() *widget {
	for id := range s.act.Fills {
		filled := s.widgets[id]
		if filled == nil || filled.dict[signerKey] == nil {
			continue
		}
		for _, other := range s.order {
			w := s.widgets[other]
			if w.dict["FT"] == name("Sig") && w.dict["V"] == nil && w.dict[signerKey] == filled.dict[signerKey] {
				return w
			}
		}
	}
	return nil
}

// signature is the signature dictionary, with room for what is known only later.
func (s *signing) signature() dict {
	d := dict{
		"Type": name("Sig"), "Filter": name("Adobe.PPKLite"), "SubFilter": name("ETSI.CAdES.detached"),
		"ByteRange": s.byteRange, "Contents": s.contents, "M": str(pdfTime(s.act.Time)),
	}
	for key, text := range map[name]string{"Name": s.act.SignerName, "Reason": s.act.Reason, "Location": s.act.Location} {
		if text != "" {
			d[key] = textString(text)
		}
	}
	return d
}

// pdfTime writes a date as ISO 32000-1, section 7.9.4, has it.
func pdfTime(t time.Time) string {
	_, offset := t.Zone()
	out := t.Format("D:20060102150405")
	if offset == 0 {
		return out + "Z"
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("%s%c%02d'%02d'", out, sign, offset/3600, offset/60%60)
}

// seal fills the byte range and the signature into the written update.
func (s *signing) seal(ctx context.Context, out []byte) error {
	start, end := s.contents.at, s.contents.at+s.contents.size
	fillHole(out, s.byteRange, fmt.Appendf(nil, "[0 %d %d %d]", start, end, len(out)-end))
	sum := sha256.New()
	sum.Write(out[:start])
	sum.Write(out[end:])
	var stamp func([]byte) ([]byte, error)
	if s.act.Timestamp != nil {
		stamp = func(signature []byte) ([]byte, error) { return s.act.Timestamp(ctx, signature) }
	}
	der, err := signCMS(signedContent{kind: oidData, digest: sum.Sum(nil)}, s.act.Signer, s.act.Chain, stamp)
	if err != nil {
		return err
	}
	if 2*len(der)+2 > s.contents.size {
		return errRoom
	}
	text := appendHex([]byte{'<'}, der)
	for len(text) < s.contents.size-1 {
		text = append(text, '0')
	}
	copy(out[start:], append(text, '>'))
	return nil
}

// fillHole writes into a hole, which is blank and stays so behind the text.
func fillHole(out []byte, h *hole, text []byte) { copy(out[h.at:h.at+h.size], text) }

// addSecurityStore adds certificates and revocation lists to the catalog's DSS (ETSI EN 319 142-1, section 5.4).
func (s *signing) addSecurityStore(chain []*x509.Certificate, lists [][]byte) {
	store := s.dict(s.dict(s.file.trailer["Root"])["DSS"])
	certs, _ := s.get(store["Certs"]).(array)
	certs = slices.Clone(certs)
	for _, cert := range chain {
		certs = s.addOnce(certs, cert.Raw)
	}
	crls, _ := s.get(store["CRLs"]).(array)
	crls = slices.Clone(crls)
	for _, list := range lists {
		crls = s.addOnce(crls, list)
	}
	store["Certs"], store["CRLs"] = certs, crls
	s.setBelowCatalog("DSS", store)
}

// addOnce adds a stream with the data unless the array has one.
func (s *signing) addOnce(list array, data []byte) array {
	for _, o := range list {
		if old, ok := s.get(o).(*stream); ok && old.dict["Filter"] == nil && string(old.data) == string(data) {
			return list
		}
	}
	return append(list, s.add(&stream{dict: dict{}, data: data}))
}
