package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// Types of components (essbasic, Component.ComponentType), and SIGN_IMAGE, which only SignFlow knows.
const (
	typeText      = "TEXT"
	typeDate      = "DATE"
	typeSelect    = "SELECT"
	typeSeal      = "SIGN_SEAL"
	typeSignature = "SIGN_SIGNATURE"
	typeSignDate  = "SIGN_DATE"
	typeSignImage = "SIGN_IMAGE"
)

// Words that stand for a default seal in ComponentValue.
const (
	valueOrgDefault    = "ORG_DEFAULT_SEAL"
	valueSubOrgDefault = "SUBORG_DEFAULT_SEAL"
	valueUserDefault   = "USER_DEFAULT_SEAL"
)

// maxComponents bounds the components of one task.
const maxComponents = 1000

// usualBox is the size in points of a component that comes without one: a seal of 42 mm, a signature of 42 × 15 mm.
var usualBox = map[string][2]float64{
	typeSeal: {119, 119}, typeSignature: {119, 43}, typeSignDate: {119, 24}, typeDate: {119, 24}, typeText: {119, 24}, typeSelect: {119, 24},
}

// component is one box on a page, as placed.
type component struct {
	api.Component
	SignID     string `json:"-"`
	Ordinal    int    `json:"-"`
	Parameter  string `json:"-"` // where the request names it
	SealID     string `json:"-"`
	Filled     bool   `json:"-"`          // drawn into the file already
	PictureRef string `json:",omitempty"` // picture that came as ComponentValue
	Clamped    bool   `json:",omitempty"` // moved or shrunk so that it lies on its page
}

// signs tells components of the signing act from those that are filled before it.
func (c *component) signs() bool { return strings.HasPrefix(c.ComponentType, "SIGN_") }

// markID names the component in its file. ComponentIds are the caller's and may repeat among approvers.
func (c *component) markID() string { return fmt.Sprintf("%s-%d", c.SignID, c.Ordinal) }

// mark is the component for the PDF writer. Values of fill components are set at sending.
func (c *component) mark() pdf.Mark {
	style := parseStyle(c.ComponentExtra)
	m := pdf.Mark{
		ID: c.markID(), Signer: c.SignID, Page: int(c.ComponentPage), X: c.ComponentPosX, Y: c.ComponentPosY, Width: c.ComponentWidth, Height: c.ComponentHeight,
		FontSize: style.FontSize, Align: style.align(), Color: style.color(),
	}
	switch c.ComponentType {
	case typeSeal:
		m.Kind = pdf.Seal
	case typeSignature:
		m.Kind = pdf.Signature
	case typeSignDate, typeDate:
		m.Kind = pdf.Date
		if style.FontAlign == "" && c.ComponentType == typeSignDate {
			m.Align = pdf.AlignCenter
		}
	default:
		m.Kind = pdf.Text
		m.Multiline = strings.Contains(c.ComponentValue, "\n") || c.ComponentHeight >= 2.5*max(style.FontSize, 12)
	}
	return m
}

// place puts a component on its page.
func place(c api.Component, files []*flowFile, parameter string) (*component, error) {
	pages := files[c.FileIndex].Pages
	if c.ComponentPage < 1 || c.ComponentPage > int64(len(pages)) {
		return nil, badValue(parameter+".ComponentPage", "the file has pages 1 to %d", len(pages))
	}
	if c.ComponentWidth < 0 || c.ComponentHeight < 0 {
		return nil, badValue(parameter+".ComponentWidth", "a size must not be negative")
	}
	out := &component{Component: c}
	page := pages[c.ComponentPage-1]
	out.ComponentWidth = min(c.ComponentWidth, page.WidthPt)
	out.ComponentHeight = min(c.ComponentHeight, page.HeightPt)
	out.ComponentPosX = min(max(c.ComponentPosX, 0), page.WidthPt-out.ComponentWidth)
	out.ComponentPosY = min(max(c.ComponentPosY, 0), page.HeightPt-out.ComponentHeight)
	out.Clamped = out.Component != c
	return out, nil
}

// placeAll checks and places the components of one task, and gives ids to those that come without. Places come from
// locate: a component stands at each of its places under the same id.
func (e *Engine) placeAll(list []api.Component, places [][]api.Component, files []*flowFile) ([]*component, error) {
	var out []*component
	seen := map[string]bool{}
	signs := false
	for i, raw := range list {
		parameter := fmt.Sprintf("SignComponents.%d", i)
		if raw.ComponentId == "" {
			raw.ComponentId = newID(e.wall())
		}
		if seen[raw.ComponentId] {
			return nil, badValue(parameter+".ComponentId", "%q occurs twice", raw.ComponentId)
		}
		if raw.ComponentType == typeText && raw.ComponentRequired && raw.ComponentValue == "" {
			return nil, missing(parameter + ".ComponentValue")
		}
		seen[raw.ComponentId] = true
		for _, at := range places[i] {
			at.ComponentId = raw.ComponentId
			c, err := place(at, files, parameter)
			if err != nil {
				return nil, err
			}
			c.Parameter = parameter
			signs = signs || c.signs()
			out = append(out, c)
		}
	}
	switch {
	case !signs:
		return nil, badValue("SignComponents", "none of them is signed")
	case len(out) > maxComponents:
		return nil, badValue("SignComponents", "at most %d", maxComponents)
	}
	return out, nil
}

// resolveValue finds the seal or picture that a sign component names, and checks that the approver may use it.
func (e *Engine) resolveValue(ctx context.Context, tx *store.Tx, f *flow, a *approver, c *component) error {
	if c.ComponentType != typeSeal && c.ComponentType != typeSignature || c.ComponentValue == "" {
		return nil
	}
	var row *sealRow
	var err error
	applicationID := f.ApplicationID
	switch c.ComponentValue {
	case valueOrgDefault:
		if !actsForApplication(f, a) {
			return badValue(c.Parameter+".ComponentValue", "only the initiator of a flow of the application itself uses %s", valueOrgDefault)
		}
		row, err = e.defaultSeal(ctx, tx, applicationID, owner{Kind: ownerOrganization})
	case valueSubOrgDefault:
		row, err = e.defaultSeal(ctx, tx, applicationID, owner{ownerOrganization, a.OrganizationID})
	case valueUserDefault:
		row, err = e.defaultSeal(ctx, tx, applicationID, owner{ownerUser, a.UserID})
	default:
		row, err = e.findSeal(ctx, tx, applicationID, c.ComponentValue)
		if errors.Is(err, store.ErrNotFound) {
			return e.resolvePicture(ctx, c)
		}
	}
	switch {
	case err != nil:
		return err
	case row == nil:
		return badValue(c.Parameter+".ComponentValue", "there is no default seal for %s", c.ComponentValue)
	case c.ComponentValue != valueOrgDefault && !mayUse(a, c, row):
		return badValue(c.Parameter+".ComponentValue", "this seal is not the approver's")
	}
	if err := e.checkUse(ctx, tx, c.Parameter+".ComponentValue", row, a.UserID); err != nil {
		return err
	}
	if !c.takesKind(row) {
		return badValue(c.Parameter+".ComponentValue", "the component asks for another kind of seal")
	}
	c.SealID = row.ID
	return nil
}

// takesKind tells whether a component leaves a seal of this kind in: its style may ask for one kind.
func (c *component) takesKind(s *sealRow) bool {
	kind := parseStyle(c.ComponentExtra).SealType
	return kind == "" || c.ComponentType != typeSeal || kind == string(s.Kind)
}

// actsForApplication tells whether an approver signs for the application: as the operator who initiated the flow in its own name, that is
// for no sub-organisation.
func actsForApplication(f *flow, a *approver) bool {
	return a.OrganizationID == "" && f.Creator.SubOrganizationId == "" && a.UserID == f.Creator.OperatorId
}

// resolvePicture takes a base64 picture in ComponentValue.
func (e *Engine) resolvePicture(ctx context.Context, c *component) error {
	parameter := c.Parameter
	data, err := decodeBase64(parameter+".ComponentValue", c.ComponentValue)
	if err != nil || len(data) < 64 {
		return badValue(parameter+".ComponentValue", "neither a seal nor a base64 picture")
	}
	picture, err := cleanPicture(parameter+".ComponentValue", data)
	if err != nil {
		return err
	}
	ref, err := e.files.Put(ctx, picture.PNG)
	if err != nil {
		return fmt.Errorf("store the picture of a component: %w", err)
	}
	c.PictureRef, c.ComponentValue = string(ref), ""
	return nil
}

// mayUse tells whether an approver may put a seal into a component: an organisation's own seals where they act for it,
// else their personal ones; a signature is the person's own, or the organisation's seal of its legal representative.
func mayUse(a *approver, c *component, s *sealRow) bool {
	organization := a.OrganizationID != "" && s.Owner == owner{ownerOrganization, a.OrganizationID}
	personal := s.Owner == owner{ownerUser, a.UserID}
	if c.ComponentType == typeSignature {
		return personal || organization && s.Kind == "LEGAL_REPRESENTATIVE"
	}
	return organization || personal && a.OrganizationID == ""
}

func (e *Engine) insertComponent(ctx context.Context, tx *store.Tx, flowID string, c *component) error {
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode a component: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO engine_components (sign_id, ordinal, flow_id, component_id, seal_id, filled, component)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, c.SignID, c.Ordinal, flowID, c.ComponentId, c.SealID, flag(c.Filled), string(text))
	if err != nil {
		return fmt.Errorf("store a component: %w", err)
	}
	return nil
}

// updateComponent notes that a component is filled, and by which seal.
func (e *Engine) updateComponent(ctx context.Context, tx *store.Tx, c *component) error {
	_, err := tx.Exec(ctx, `UPDATE engine_components SET seal_id = $1, filled = $2 WHERE sign_id = $3 AND ordinal = $4`,
		c.SealID, flag(c.Filled), c.SignID, c.Ordinal)
	if err != nil {
		return fmt.Errorf("note a filled component: %w", err)
	}
	return nil
}

// componentsOf reads the components of a flow, or of one task of it.
func (e *Engine) componentsOf(ctx context.Context, tx *store.Tx, flowID, signID string) ([]*component, error) {
	rows, err := tx.Query(ctx, `SELECT c.sign_id, c.ordinal, c.seal_id, c.filled, c.component FROM engine_components c
		JOIN engine_approvers a ON a.sign_id = c.sign_id WHERE c.flow_id = $1 AND ($2 = '' OR c.sign_id = $2) ORDER BY a.ordinal, c.ordinal`, flowID, signID)
	if err != nil {
		return nil, fmt.Errorf("read the components: %w", err)
	}
	defer rows.Close()
	var out []*component
	for rows.Next() {
		c := &component{}
		var text string
		if err := rows.Scan(&c.SignID, &c.Ordinal, &c.SealID, &c.Filled, &text); err != nil {
			return nil, fmt.Errorf("read a component: %w", err)
		}
		if err := json.Unmarshal([]byte(text), c); err != nil {
			return nil, fmt.Errorf("read a component: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// of picks the components of one task.
func componentsBy(all []*component, signID string) []*component {
	return slices.DeleteFunc(slices.Clone(all), func(c *component) bool { return c.SignID != signID })
}
