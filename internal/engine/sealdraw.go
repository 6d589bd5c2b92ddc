package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sealdesk/internal/pdf"
	"sealdesk/internal/seal"
)

// sealDPI is the resolution of the pictures of generated seals: 42 mm become 496 pixels.
const sealDPI = 300

// organizationSpec says how a seal of the organisation looks. The official seal carries the name alone unless the
// caller asks for more (国发〔1999〕25号); the invoice seal carries the tax number. The others have the platform's default
// text (essbasic, SealHorizontalText).
func organizationSpec(o *organization, kind seal.Kind, text string) seal.Spec {
	s := seal.Spec{Kind: kind, Name: o.Name, HorizontalText: text}
	switch kind {
	case seal.LegalRepresentative:
		s.Name, s.HorizontalText = o.LegalName, ""
	case seal.Invoice:
		s.TaxNumber = o.IDCardNumber
	case seal.Contract, seal.Financial, seal.Other:
		s.HorizontalText = firstOf(text, seal.DefaultHorizontalText)
	}
	return s
}

// userSpec is a person's generated signature: the registered name in a running hand.
func userSpec(u *user) seal.Spec { return seal.Spec{Kind: seal.Personal, Name: u.Name, Running: true} }

// sealLabel is the name of a seal for which the caller gives none.
func sealLabel(kind seal.Kind) string {
	switch kind {
	case seal.Official:
		return "公章"
	case seal.Contract:
		return "合同专用章"
	case seal.Financial:
		return "财务专用章"
	case seal.LegalRepresentative:
		return "法定代表人章"
	case seal.Invoice:
		return "发票专用章"
	case seal.Personal:
		return "个人签名"
	default:
		return "印章"
	}
}

// drawSeal draws a seal and keeps its pictures. A spec that cannot be drawn is the platform's code with a sentence that
// names the field, or the characters that the font lacks.
func (e *Engine) drawSeal(ctx context.Context, spec seal.Spec, code string) (*sealRow, error) {
	drawing, err := seal.Draw(e.face, spec)
	if err != nil {
		return nil, drawError(err, code)
	}
	png, err := drawing.PNG(sealDPI)
	if err != nil {
		return nil, fmt.Errorf("draw the seal: %w", err)
	}
	pngRef, err := e.files.Put(ctx, png)
	if err != nil {
		return nil, fmt.Errorf("store the seal's picture: %w", err)
	}
	svgRef, err := e.files.Put(ctx, drawing.SVG())
	if err != nil {
		return nil, fmt.Errorf("store the seal's drawing: %w", err)
	}
	row := &sealRow{Kind: spec.Kind, Source: sealGenerated, Spec: &spec, PNGRef: string(pngRef), SVGRef: string(svgRef)}
	row.WidthMM, row.HeightMM = drawing.SizeMM()
	return row, nil
}

func drawError(err error, code string) error {
	var glyphs *seal.MissingGlyphError
	var spec *seal.SpecError
	switch {
	case errors.As(err, &glyphs):
		return fail(code, "the font has no glyph for %s in %s", nameRunes(glyphs.Runes), glyphs.Field)
	case errors.As(err, &spec):
		return fail(code, "the seal cannot be drawn: %s breaks the rule %s %s", spec.Field, spec.Rule, spec.Param)
	default:
		return fmt.Errorf("draw the seal: %w", err)
	}
}

// nameRunes lists characters with their code points, since a missing glyph may not show in the reader's font either.
func nameRunes(runes []rune) string {
	names := make([]string, len(runes))
	for i, r := range runes {
		names[i] = fmt.Sprintf("%c (%U)", r, r)
	}
	return strings.Join(names, ", ")
}

// form is the seal as it is stamped: vectors for a generated one, the picture for an uploaded one.
func (e *Engine) form(ctx context.Context, s *sealRow) (*pdf.Form, error) {
	if s.Spec == nil {
		png, err := e.content(ctx, s.PNGRef)
		if err != nil {
			return nil, err
		}
		return &pdf.Form{WidthPt: s.WidthMM * seal.PointsPerMM, HeightPt: s.HeightMM * seal.PointsPerMM, PNG: png}, nil
	}
	drawing, err := seal.Draw(e.face, *s.Spec)
	if err != nil {
		return nil, fmt.Errorf("draw the seal %s: %w", s.ID, err)
	}
	f := drawing.PDF()
	return &pdf.Form{WidthPt: f.WidthPt, HeightPt: f.HeightPt, Opacity: f.Opacity, Content: f.Content}, nil
}
