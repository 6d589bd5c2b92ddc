package engine

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501 -- the platform's FlowFileInfo.FileMd5; nothing rests on it
	"encoding/hex"
	"fmt"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/pdf"
	"sealdesk/internal/store"
)

// keepVersion stores a newer version of a file and notes it in f.
func (e *Engine) keepVersion(ctx context.Context, f *flowFile, data []byte) error {
	ref, err := e.files.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("store a version of a file: %w", err)
	}
	sum := md5.Sum(data) // #nosec G401 -- see the import
	f.Ref, f.MD5, f.Size = string(ref), hex.EncodeToString(sum[:]), int64(len(data))
	return nil
}

// choice is what a signer puts into one component: a seal, or a picture that was cleaned.
type choice struct {
	seal    *sealRow
	picture []byte
}

// stamp puts the choices of one approver into the files and signs each file that carries one of their marks, with the
// certificate of whoever they sign for. It gives the changed files.
func (e *Engine) stamp(ctx context.Context, p *signing, at time.Time) ([]*flowFile, error) {
	room, err := e.timestampRoom(ctx)
	if err != nil {
		return nil, err
	}
	var changed []*flowFile
	for _, f := range p.files {
		act := pdf.Act{
			SignerName: p.signerName(), Reason: e.reason(p), Time: at, Fills: map[string]pdf.Fill{},
			Signer: p.identity.key, Chain: e.authority.chain(p.identity.cert), Timestamp: e.timestamp, TimestampRoom: room,
		}
		var marks []pdf.Mark
		for _, c := range p.components {
			if int(c.FileIndex) != f.Index {
				continue
			}
			if !c.Filled {
				marks = append(marks, c.mark())
			}
			if c.SignID != p.approver.SignID {
				continue
			}
			fill, ok, err := e.fill(ctx, c, p.choices[c.ComponentId], at)
			if err != nil {
				return nil, err
			}
			if ok {
				act.Fills[c.markID()] = fill
				c.Filled = true
			}
		}
		if len(act.Fills) == 0 {
			continue
		}
		data, err := e.content(ctx, f.Ref)
		if err != nil {
			return nil, err
		}
		if data, err = pdf.Sign(ctx, data, e.face, act, marks); err != nil {
			return nil, markError("SignSeals", err)
		}
		if err := e.keepVersion(ctx, f, data); err != nil {
			return nil, err
		}
		changed = append(changed, f)
	}
	return changed, nil
}

// fill is what goes into one component of the signer's; ok is false for one that stays as it is.
func (e *Engine) fill(ctx context.Context, c *component, chosen *choice, at time.Time) (f pdf.Fill, ok bool, err error) {
	switch {
	case c.Filled:
		return pdf.Fill{}, false, nil
	case c.ComponentType == typeSignDate, c.ComponentType == typeDate && c.ComponentValue == "":
		return pdf.Fill{Text: api.FormatDate(parseStyle(c.ComponentExtra).Format, at.In(chinaTime))}, true, nil
	case !c.signs():
		return pdf.Fill{Text: c.ComponentValue}, c.ComponentValue != "", nil
	case chosen == nil:
		return pdf.Fill{}, false, nil
	case chosen.picture != nil:
		return pdf.Fill{Form: withOpacity(&pdf.Form{PNG: chosen.picture}, c)}, true, nil
	}
	form, err := e.form(ctx, chosen.seal)
	if err != nil {
		return pdf.Fill{}, false, err
	}
	c.SealID = chosen.seal.ID
	return pdf.Fill{Form: withOpacity(form, c)}, true, nil
}

// withOpacity applies the component's own opacity to a seal or signature.
func withOpacity(f *pdf.Form, c *component) *pdf.Form {
	if o := parseStyle(c.ComponentExtra).Opacity; o > 0 {
		f.Opacity = o
	}
	return f
}

// choose decides what goes into each of the signer's sign components: what they sent, else the seal or picture set at
// sending, else the default seal of whoever signs (essbasic: "the default is used when no seal is named"). A component that
// is not required may stay empty, but not all of them.
func (e *Engine) choose(ctx context.Context, tx *store.Tx, p *signing) error {
	p.choices = map[string]*choice{}
	empty := ""
	for _, c := range componentsBy(p.components, p.approver.SignID) {
		if !c.signs() || c.ComponentType == typeSignDate {
			continue
		}
		chosen, err := e.chooseOne(ctx, tx, p, c)
		switch {
		case err != nil:
			return err
		case chosen != nil:
			p.choices[c.ComponentId] = chosen
		case c.ComponentRequired:
			return nothingFor(c.ComponentId)
		default:
			empty = c.ComponentId
		}
	}
	if empty != "" && len(p.choices) == 0 {
		return nothingFor(empty)
	}
	return nil
}

func nothingFor(componentID string) error {
	return badValue("SignSeals", "component %q has neither a seal nor a picture, and there is no default", componentID)
}

// chooseOne decides for one component. A seal that was set at sending is the only one; whoever signs must be allowed to use it now.
func (e *Engine) chooseOne(ctx context.Context, tx *store.Tx, p *signing, c *component) (*choice, error) {
	sent := p.act.Choices[c.ComponentId]
	switch {
	case c.SealID != "" && (sent.picture != nil || sent.sealID != "" && sent.sealID != c.SealID):
		return nil, badValue("SealId", "component %q takes seal %q only", c.ComponentId, c.SealID)
	case c.SealID != "":
		return e.chooseSeal(ctx, tx, p, c, c.SealID)
	case sent.picture != nil:
		return e.choosePicture(ctx, tx, p, c, sent.picture)
	case sent.sealID != "":
		return e.chooseSeal(ctx, tx, p, c, sent.sealID)
	case c.PictureRef != "":
		png, err := e.content(ctx, c.PictureRef)
		if err != nil {
			return nil, err
		}
		return e.choosePicture(ctx, tx, p, c, bytes.Clone(png))
	}
	from := owner{ownerUser, p.approver.UserID}
	if c.ComponentType == typeSeal {
		from = p.approver.owner()
	}
	row, err := e.defaultSeal(ctx, tx, p.flow.ApplicationID, from)
	if err != nil || row == nil || !c.takesKind(row) {
		return nil, err
	}
	return e.useSeal(ctx, tx, p, row)
}

// chooseSeal takes a named seal.
func (e *Engine) chooseSeal(ctx context.Context, tx *store.Tx, p *signing, c *component, id string) (*choice, error) {
	row, err := e.findSeal(ctx, tx, p.flow.ApplicationID, id)
	switch {
	case err != nil:
		return nil, orNotFound(err, "SealId", id)
	case row.ID != c.SealID && !mayUse(p.approver, c, row):
		return nil, badValue("SealId", "seal %q is not the signer's", row.ID)
	case !c.takesKind(row):
		return nil, badValue("SealId", "component %q asks for another kind of seal", c.ComponentId)
	}
	return e.useSeal(ctx, tx, p, row)
}

func (e *Engine) useSeal(ctx context.Context, tx *store.Tx, p *signing, row *sealRow) (*choice, error) {
	if err := e.checkUse(ctx, tx, "SealId", row, p.approver.UserID); err != nil {
		return nil, err
	}
	return &choice{seal: row}, nil
}

// choosePicture takes a picture. In the place of a seal whose use is bound to keepers none is taken.
func (e *Engine) choosePicture(ctx context.Context, tx *store.Tx, p *signing, c *component, png []byte) (*choice, error) {
	if c.ComponentType == typeSeal {
		kept, err := e.hasKept(ctx, tx, p.approver.OrganizationID)
		if err != nil {
			return nil, err
		}
		if kept || parseStyle(c.ComponentExtra).SealType != "" {
			return nil, badValue("SealContent", "component %q takes a seal of the organisation, no picture", c.ComponentId)
		}
	}
	return &choice{picture: png}, nil
}
