package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"sealdesk/internal/api"
	"sealdesk/internal/gateway"
	"sealdesk/internal/seal"
	"sealdesk/internal/store"
)

// behind is what stands behind a signing or preview link.
type behind struct {
	link     link
	flow     *flow
	all      []*approver
	approver *approver // nil for a preview
}

// follow reads what a link opens. The files of a destroyed flow are gone, and so is its page.
func (e *Engine) follow(ctx context.Context, tx *store.Tx, token string) (*behind, error) {
	l, err := e.findLink(ctx, tx, token, LinkSign, LinkPreview)
	if err != nil {
		return nil, err
	}
	if l.CatalogID != "" {
		return nil, ErrCatalogLink
	}
	b := &behind{link: l}
	if b.flow, err = e.findFlow(ctx, tx, l.ApplicationID, l.FlowID); err != nil {
		return nil, fmt.Errorf("find the flow of a link: %w", err)
	}
	if !b.flow.allows(stepFiles) {
		return nil, ErrLinkExpired
	}
	if b.all, err = e.approversOf(ctx, tx, b.flow); err != nil {
		return nil, err
	}
	for _, a := range b.all {
		if l.Kind == LinkSign && a.SignID == l.SignID {
			b.approver = a
		}
	}
	if l.Kind == LinkSign && b.approver == nil {
		return nil, ErrLinkUnknown
	}
	return b, nil
}

// pendingByLink follows a signing link of somebody who may act now.
func (e *Engine) pendingByLink(ctx context.Context, tx *store.Tx, token string) (*behind, error) {
	b, err := e.follow(ctx, tx, token)
	if err != nil {
		return nil, err
	}
	if b.approver == nil {
		return nil, ErrLinkUnknown
	}
	if !b.approver.may(b.flow, stepSign) {
		return nil, ErrNotPending
	}
	return b, nil
}

// SigningSession reads what the page behind a signing or preview link shows. It works as long as the link does, also
// after the act: the page then says what became of the contract.
func (e *Engine) SigningSession(ctx context.Context, token string) (*Session, error) {
	s := &Session{}
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.follow(ctx, tx, token)
		if err != nil {
			return err
		}
		f := b.flow
		*s = Session{Kind: b.link.Kind, Deadline: b.link.Deadline, FlowID: f.ID, FlowName: f.Name, FlowDescription: f.Description, FlowType: f.Kind,
			FlowStatus: f.Status, FlowMessage: f.Message, FlowDeadline: f.Deadline}
		if s.Initiator, err = e.partyName(ctx, tx, f.ApplicationID, f.Creator.OperatorId, f.Creator.SubOrganizationId); err != nil {
			return err
		}
		if err := e.sessionFiles(ctx, tx, s, b); err != nil {
			return err
		}
		if err := e.sessionParties(ctx, tx, s, b); err != nil {
			return err
		}
		if b.approver == nil {
			return nil
		}
		s.CanSign = b.approver.may(f, stepSign)
		return e.sessionApprover(ctx, tx, s, b)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (e *Engine) sessionFiles(ctx context.Context, tx *store.Tx, s *Session, b *behind) error {
	files, err := e.flowFiles(ctx, tx, b.flow.ID)
	if err != nil {
		return err
	}
	s.Shown = shownBytes(files)
	for _, f := range files {
		sf := SessionFile{Index: f.Index, Name: f.Name, Size: f.Size}
		for _, p := range f.Pages {
			sf.Pages = append(sf.Pages, SessionPageSize{WidthPt: p.WidthPt, HeightPt: p.HeightPt})
		}
		s.Files = append(s.Files, sf)
	}
	components, err := e.componentsOf(ctx, tx, b.flow.ID, "")
	if err != nil {
		return err
	}
	for _, c := range components {
		s.Components = append(s.Components, SessionComponent{
			ID: c.ComponentId, Type: c.ComponentType, Name: c.ComponentName, Required: c.ComponentRequired, FileIndex: int(c.FileIndex),
			Page: int(c.ComponentPage), X: c.ComponentPosX, Y: c.ComponentPosY, Width: c.ComponentWidth, Height: c.ComponentHeight,
			Value: c.fillValue(), SealID: c.SealID, SealType: parseStyle(c.ComponentExtra).SealType, Mine: b.approver != nil && c.SignID == b.approver.SignID, Done: c.Filled, Placeable: c.SealOperate == 1,
		})
	}
	return nil
}

// fillValue is the value of a fill component; that of a sign component names a seal and is no text to show.
func (c *component) fillValue() string {
	if c.signs() {
		return ""
	}
	return c.ComponentValue
}

// partyName is the organisation's name, else the person's.
func (e *Engine) partyName(ctx context.Context, tx *store.Tx, applicationID, userID, organizationID string) (string, error) {
	if organizationID != "" {
		o, err := e.findOrganization(ctx, tx, applicationID, organizationID)
		if err != nil {
			return "", fmt.Errorf("find a party: %w", err)
		}
		return o.Name, nil
	}
	u, err := e.findUser(ctx, tx, applicationID, userID)
	if err != nil {
		return "", fmt.Errorf("find a party: %w", err)
	}
	return u.Name, nil
}

func (e *Engine) sessionParties(ctx context.Context, tx *store.Tx, s *Session, b *behind) error {
	for _, a := range b.all {
		u, err := e.findUser(ctx, tx, b.flow.ApplicationID, a.UserID)
		if err != nil {
			return fmt.Errorf("find a party: %w", err)
		}
		p := SessionParty{Name: u.Name, Status: a.Status, ActedAt: a.Acted}
		if a.OrganizationID != "" {
			if p.Organization, err = e.partyName(ctx, tx, b.flow.ApplicationID, "", a.OrganizationID); err != nil {
				return err
			}
		}
		s.Parties = append(s.Parties, p)
		if a == b.approver {
			s.Approver = &SessionApprover{
				SignID: a.SignID, UserID: a.UserID, Name: p.Name, OrganizationID: a.OrganizationID, Organization: p.Organization,
				Mobile: gateway.Mask(e.codeAddress(a)), Status: a.Status, Message: a.Message, ActedAt: a.Acted, Deadline: a.Deadline, VerifyChannels: e.offered(a),
				IsFullText: a.IsFullText, PreReadTime: time.Duration(a.PreReadTime) * time.Second, JumpURL: a.JumpURL, IsLast: a.IsLast,
			}
		}
	}
	return nil
}

// sessionApprover adds the seals that the approver may use: the organisation's where they act for one, and their own.
func (e *Engine) sessionApprover(ctx context.Context, tx *store.Tx, s *Session, b *behind) error {
	seals, err := e.usableSeals(ctx, tx, b)
	if err != nil {
		return err
	}
	for _, r := range seals {
		s.Seals = append(s.Seals, SessionSeal{ID: r.ID, Name: r.Name, Type: string(r.Kind), Personal: r.Owner.Kind == ownerUser, Default: r.Default,
			WidthMM: r.WidthMM, HeightMM: r.HeightMM})
	}
	return nil
}

// usableSeals lists the seals of the approver's organisation and person, and those set at sending, which the approver may use now.
func (e *Engine) usableSeals(ctx context.Context, tx *store.Tx, b *behind) ([]*sealRow, error) {
	owners := []owner{{ownerUser, b.approver.UserID}}
	if b.approver.OrganizationID != "" {
		owners = []owner{{ownerOrganization, b.approver.OrganizationID}, {ownerUser, b.approver.UserID}}
	}
	var out []*sealRow
	for _, o := range owners {
		seals, err := e.sealsOf(ctx, tx, b.flow.ApplicationID, o)
		if err != nil {
			return nil, err
		}
		out = append(out, seals...)
	}
	components, err := e.componentsOf(ctx, tx, b.flow.ID, b.approver.SignID)
	if err != nil {
		return nil, err
	}
	done := map[string]bool{} // they stand in the contract, whoever keeps them now
	for _, c := range components {
		if c.SealID == "" {
			continue
		}
		done[c.SealID] = done[c.SealID] || c.Filled
		if slices.ContainsFunc(out, func(s *sealRow) bool { return s.ID == c.SealID }) {
			continue
		}
		s, err := e.findSeal(ctx, tx, b.flow.ApplicationID, c.SealID)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted after it was used
		}
		if err != nil {
			return nil, fmt.Errorf("find the seal of a component: %w", err)
		}
		out = append(out, s)
	}
	usable := out[:0]
	for _, s := range out {
		err := e.needKeeper(ctx, tx, s, b.approver.UserID)
		if err != nil && !errors.Is(err, errSealUse) {
			return nil, err
		}
		if err == nil || done[s.ID] {
			usable = append(usable, s)
		}
	}
	return usable, nil
}

// SessionPage draws one page of a file behind a link, small enough for a phone on wish. File counts from 0, page from 1.
func (e *Engine) SessionPage(ctx context.Context, token string, file, page int, forPhone bool) ([]byte, error) {
	f, err := e.sessionFile(ctx, token, file)
	if err != nil {
		return nil, err
	}
	if page < 1 || page > len(f.Pages) {
		return nil, ErrLinkUnknown
	}
	data, err := e.content(ctx, f.Ref)
	if err != nil {
		return nil, err
	}
	dpi := float64(pageDPI)
	if forPhone {
		dpi = phoneDPI
	}
	png, err := e.renderer.PageImage(ctx, data, page, dpi)
	if err != nil {
		return nil, fmt.Errorf("draw page %d: %w", page, err)
	}
	return png, nil
}

// SessionFile gives a file behind a link in its newest version.
func (e *Engine) SessionFile(ctx context.Context, token string, file int) (name string, data []byte, err error) {
	f, err := e.sessionFile(ctx, token, file)
	if err != nil {
		return "", nil, err
	}
	data, err = e.content(ctx, f.Ref)
	return withExtension(f.Name, ".pdf"), data, err
}

func (e *Engine) sessionFile(ctx context.Context, token string, file int) (*flowFile, error) {
	var files []*flowFile
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.follow(ctx, tx, token)
		if err != nil {
			return err
		}
		files, err = e.flowFiles(ctx, tx, b.flow.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if file < 0 || file >= len(files) {
		return nil, ErrLinkUnknown
	}
	return files[file], nil
}

// sealPixels is the greatest side of a seal's picture on a signer's page: sharp on a phone at the size of a stamp.
const sealPixels = 240

// SessionSealPNG gives the picture of a seal that the approver may use, as large as their page shows it.
func (e *Engine) SessionSealPNG(ctx context.Context, token, sealID string) ([]byte, error) {
	ref := ""
	err := e.db.Read(ctx, func(tx *store.Tx) error {
		b, err := e.follow(ctx, tx, token)
		if err != nil {
			return err
		}
		if b.approver == nil {
			return ErrLinkUnknown
		}
		seals, err := e.usableSeals(ctx, tx, b)
		for _, s := range seals {
			if s.ID == sealID {
				ref = s.PNGRef
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if ref == "" {
		return nil, ErrLinkUnknown
	}
	whole, err := e.content(ctx, ref)
	if err != nil {
		return nil, err
	}
	small, err := seal.Thumbnail(whole, sealPixels)
	if err != nil {
		return nil, fmt.Errorf("scale a seal: %w", err)
	}
	return small, nil
}

// ErrOtherContent refuses a signature on other bytes than the signer's page showed: somebody signed, or the sender added something, since.
// Nothing is spent; the signer looks at the contract as it is now, and signs that.
var ErrOtherContent = errors.New("engine: the contract is no longer as it was shown to this signer")

// shownBytes names the content of a flow's files.
func shownBytes(files []*flowFile) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d %s\n", f.Index, f.Ref)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SessionSign signs for the approver behind a link what their page showed. Besides the errors of links it gives ErrWrongCode,
// ErrOtherContent, and an *api.Error for a choice that cannot be used.
func (e *Engine) SessionSign(ctx context.Context, token string, in SessionSign) error {
	ctx, act, err := e.actByLink(ctx, token, in.IP, in.UserAgent)
	if err != nil {
		return err
	}
	act.Channel, act.Ticket, act.Message, act.Choices = in.VerifyChannel, in.VerifyResult, in.Message, map[string]sentChoice{}
	act.Shown = &in.Shown
	for id, sealID := range in.Seals {
		act.Choices[id] = sentChoice{sealID: sealID, fileIndex: -1}
	}
	for id, data := range in.Handwriting {
		picture, err := cleanPicture("Handwriting", data)
		if err != nil {
			return err
		}
		act.Choices[id] = sentChoice{picture: picture.PNG, fileIndex: -1}
	}
	_, err = e.signOrSubmit(ctx, act)
	return sessionError(err)
}

// SessionReject refuses for the approver behind a link.
func (e *Engine) SessionReject(ctx context.Context, token string, in SessionReject) error {
	ctx, act, err := e.actByLink(ctx, token, in.IP, in.UserAgent)
	if err != nil {
		return err
	}
	act.Channel, act.Ticket, act.Message = in.VerifyChannel, in.VerifyResult, in.Reason
	return sessionError(e.reject(ctx, act))
}

// actByLink begins the act of the approver behind a link. The context names them for the evidence.
func (e *Engine) actByLink(ctx context.Context, token, ip, userAgent string) (context.Context, *signAct, error) {
	var b *behind
	err := e.db.Read(ctx, func(tx *store.Tx) (err error) {
		b, err = e.pendingByLink(ctx, tx, token)
		return err
	})
	if err != nil {
		return ctx, nil, err
	}
	a := b.approver
	act := &signAct{ApplicationID: b.flow.ApplicationID, FlowID: b.flow.ID, SignID: a.SignID, UserID: a.UserID, OrganizationID: a.OrganizationID,
		SourceIP: ip, UserAgent: userAgent}
	return withCall(ctx, &call{IP: ip, UserAgent: userAgent, Session: LinkName(token), Signer: a.UserID}), act, nil
}

// sessionError turns the platform's codes of an act into the errors of sessions.
func sessionError(err error) error {
	switch {
	case api.IsCode(err, api.CodeInvalidParameterInvalidVerifyResult):
		return errors.Join(ErrWrongCode, err)
	case api.IsCode(err, api.CodeOperationDenied):
		return errors.Join(ErrNotPending, err)
	default:
		return err
	}
}
